/* behaviours_lone.c - one thread that holds memory in ways that are no queue, but may look so. */
#include <stdlib.h>
#include <string.h>

#include "behaviours.h"
#include "clock.h"
#include "log.h"

struct record {
  struct record *next, *previous;
  size_t key;
  unsigned char text[400];
};

static int records; /* the number that the log knows them by */

static void declare(const char *site, const char *label) {
  struct log_queue declared = {
      .site = site, .label = label, .per_block = 1, .block_bytes = sizeof(struct record)};
  records = log_declare(&declared);
}

static struct record *record_make(void) {
  struct record *record = malloc(sizeof *record);
  if (record == NULL) abort();
  memset(record, 1, sizeof *record);
  log_born_in(records);
  return record;
}

static void record_free(struct record *record) {
  free(record);
  log_out_freed(records);
}

static struct record *leak_record(void) {
  return record_make();
}
static struct record *index_add(void) {
  return record_make();
}
static struct record *cache_insert(void) {
  return record_make();
}
static struct record *stack_push(void) {
  return record_make();
}
static struct record *arena_add(void) {
  return record_make();
}
static struct record *ring_write(void) {
  return record_make();
}
static struct record *startup_load(void) {
  return record_make();
}
static struct record *churn_work(void) {
  return record_make();
}

/* A turn every so often, until the end. */
struct turns {
  uint64_t due_ns, gap_ns, end_ns;
};

static struct turns turns_of(uint64_t gap_ns, uint64_t fill_ns) {
  uint64_t now_ns = clock_now_ns();
  return (struct turns){now_ns, gap_ns, now_ns + fill_ns};
}

static bool next_turn(struct turns *turns) {
  clock_sleep_until(turns->due_ns);
  turns->due_ns += turns->gap_ns;
  return turns->due_ns < turns->end_ns;
}

void leak_declare(void) {
  declare("leak_record", "stalled-or-leak");
}

void leak_beside(uint64_t end_ns) {
  struct turns turns = turns_of(100000, end_ns - clock_now_ns());
  while (next_turn(&turns))
    leak_record();
}

static void leak(const struct behaviour *behaviour, const struct plan *plan) {
  (void)behaviour;
  leak_declare();
  leak_beside(clock_now_ns() + plan->fill_ns);
}

/* Freed or not when all is over: as it came, in one go. */
static void grow_index(const struct plan *plan, bool freed) {
  declare("index_add", "stalled-or-leak");
  struct record *first = NULL, **last = &first;
  struct turns turns = turns_of(50000, plan->fill_ns);
  while (next_turn(&turns)) {
    *last = index_add();
    (*last)->next = NULL;
    last = &(*last)->next;
  }
  for (struct record *record = first, *next; freed && record != NULL; record = next) {
    next = record->next;
    record_free(record);
  }
}

static void index_kept(const struct behaviour *behaviour, const struct plan *plan) {
  (void)behaviour;
  grow_index(plan, false);
}

static void index_freed(const struct behaviour *behaviour, const struct plan *plan) {
  (void)behaviour;
  grow_index(plan, true);
}

/* Least recently used goes. Some keys are asked for far more often than others. */
enum { CACHE_KEYS = 6000, CACHE_MAX = 1500 };

static void unlink_record(struct record *record) {
  record->previous->next = record->next;
  record->next->previous = record->previous;
}

static void link_first(struct record *head, struct record *record) {
  record->next = head->next;
  record->previous = head;
  head->next->previous = record;
  head->next = record;
}

static void lru_cache(const struct behaviour *behaviour, const struct plan *plan) {
  (void)behaviour;
  static struct record *by_key[CACHE_KEYS], head;
  head.next = head.previous = &head;
  declare("cache_insert", "cache-or-pool");
  size_t count = 0;
  struct turns turns = turns_of(20000, plan->fill_ns);
  while (next_turn(&turns)) {
    double dice = drand48();
    size_t key = (size_t)(dice * dice * dice * CACHE_KEYS);
    struct record *record = by_key[key];
    if (record != NULL) {
      unlink_record(record);
    } else {
      if (count == CACHE_MAX) {
        struct record *oldest = head.previous;
        unlink_record(oldest);
        by_key[oldest->key] = NULL;
        record_free(oldest);
        count--;
      }
      by_key[key] = record = cache_insert();
      record->key = key;
      count++;
    }
    link_first(&head, record);
  }
}

/* Its level goes up and down between two marks; what came last goes first. */
static void lifo_pool(const struct behaviour *behaviour, const struct plan *plan) {
  (void)behaviour;
  enum { LOW = 500, HIGH = 2000 };
  static struct record *stack[HIGH];
  declare("stack_push", "cache-or-pool");
  int count = 0, left = HIGH;
  bool up = true;
  struct turns turns = turns_of(20000, plan->fill_ns);
  while (next_turn(&turns)) {
    if (left-- == 0 || count == HIGH || (!up && count == LOW)) {
      up = count == HIGH ? false : (count == LOW || !up);
      left = 50 + (int)(lrand48() % 800);
    }
    if (up)
      stack[count++] = stack_push();
    else
      record_free(stack[--count]);
  }
}

/* Filled with what a piece of work needs, which is all freed when it is done. */
static void arena(const struct behaviour *behaviour, const struct plan *plan) {
  (void)behaviour;
  enum { PIECE = 1300 };
  static struct record *all[PIECE];
  declare("arena_add", "healthy");
  int count = 0;
  struct turns turns = turns_of(40000, plan->fill_ns);
  while (next_turn(&turns)) {
    all[count++] = arena_add();
    for (; count == PIECE; count = 0)
      for (int i = 0; i < PIECE; i++)
        record_free(all[i]);
  }
}

/* The last so many lines: each pushes out the oldest. */
static void logging_ring(const struct behaviour *behaviour, const struct plan *plan) {
  (void)behaviour;
  enum { LINES = 1500 };
  static struct record *ring[LINES];
  declare("ring_write", "cache-or-pool");
  struct turns turns = turns_of(40000, plan->fill_ns);
  for (size_t i = 0; next_turn(&turns); i = (i + 1) % LINES) {
    if (ring[i] != NULL) record_free(ring[i]);
    ring[i] = ring_write();
  }
}

static void startup(const struct behaviour *behaviour, const struct plan *plan) {
  (void)behaviour;
  declare("startup_load", "startup");
  struct turns load = turns_of(4000, plan->fill_ns / 20);
  while (next_turn(&load))
    startup_load();
  clock_sleep_until(clock_now_ns() + plan->fill_ns);
}

/* Each turn makes a few and has freed them when it ends. */
static void churn(const struct behaviour *behaviour, const struct plan *plan) {
  (void)behaviour;
  struct record *some[8];
  declare("churn_work", "healthy");
  struct turns turns = turns_of(100000, plan->fill_ns);
  while (next_turn(&turns)) {
    int count = 1 + (int)(lrand48() % 8);
    for (int i = 0; i < count; i++)
      some[i] = churn_work();
    clock_work_until(clock_now_ns() + 10000);
    for (int i = 0; i < count; i++)
      record_free(some[i]);
  }
}

const struct behaviour lone_behaviours[] = {
    {"leak", .run = leak},
    {"index", .run = index_kept},
    {"index-freed", .run = index_freed},
    {"lru-cache", .run = lru_cache},
    {"lifo-pool", .run = lifo_pool},
    {"arena", .run = arena},
    {"logging-ring", .run = logging_ring},
    {"startup", .run = startup},
    {"churn", .run = churn},
    {.name = NULL},
};
