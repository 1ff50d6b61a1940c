/* log.c - see log.h. Calls no stdio that allocates, and no malloc. */
#include "log.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"

enum { QUEUES = 8, LANES = 32, LANE_EVENTS = 1 << 20, FIFTHS = 5 };

struct event {
  uint64_t ns;
  uint32_t queue, op;
};
struct lane {
  struct event *events;
  uint32_t count; /* stored with release by its thread */
  uint32_t read;
};

/* It fills from when its level was last at the bottom, within FILL_PART of the top, to the last
 * arrival. */
enum { FILL_PART = 100 };
struct sum {
  uint64_t counts[LOG_OPS];
  int64_t depth, alive;
  int64_t max_depth, max_alive, max_in_hand, depth_at_last;
  uint64_t first_in_ns, last_in_ns;
  uint64_t fill_ns, arrived_filling, freed_filling; /* since then */
  int64_t least[FIFTHS];                            /* depth, in each fifth of the arrivals' time */
  bool reached[FIFTHS];
  bool high;        /* half of the top was reached since it was last at the bottom */
  uint64_t emptied; /* times that it came down from there, before the last arrival */
};

static struct log_queue queues[QUEUES];
static int queue_count;
static struct lane lanes[LANES];
static uint32_t lane_count;
static __thread struct lane *own;

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static struct lane *take_lane(void) {
  uint32_t number = __atomic_fetch_add(&lane_count, 1, __ATOMIC_RELAXED);
  if (number >= LANES) fail("zoo: too many threads for the log");
  void *events = mmap(NULL, sizeof(struct event) * LANE_EVENTS, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (events == MAP_FAILED) fail("zoo: the log can't be mapped");
  __atomic_store_n(&lanes[number].events, events, __ATOMIC_RELEASE);
  return &lanes[number];
}

static void append(int queue, enum log_op op, uint64_t now_ns) {
  if (own == NULL) own = take_lane();
  if (own->count == LANE_EVENTS) fail("zoo: the log is full");
  own->events[own->count] = (struct event){now_ns, (uint32_t)queue, op};
  __atomic_store_n(&own->count, own->count + 1, __ATOMIC_RELEASE);
}

int log_declare(const struct log_queue *queue) {
  if (queue_count == QUEUES) fail("zoo: too many queues for the log");
  queues[queue_count] = *queue;
  return queue_count++;
}

void log_event(int queue, enum log_op op) {
  append(queue, op, clock_now_ns());
}

void log_born_in(int queue) {
  uint64_t now_ns = clock_now_ns();
  append(queue, LOG_BORN, now_ns);
  append(queue, LOG_IN, now_ns);
}

void log_out_freed(int queue) {
  uint64_t now_ns = clock_now_ns();
  append(queue, LOG_OUT, now_ns);
  append(queue, LOG_FREED, now_ns);
}

/* First pass: when it began and ended, and how high it came. */
static void measure(struct sum *sum, const struct event *event) {
  sum->depth += (event->op == LOG_IN) - (event->op == LOG_OUT);
  if (sum->depth > sum->max_depth) sum->max_depth = sum->depth;
  if (event->op != LOG_IN) return;
  if (sum->first_in_ns == 0) sum->first_in_ns = event->ns;
  sum->last_in_ns = event->ns;
}

static void note_level(struct sum *sum, uint64_t now_ns) {
  if (sum->alive > sum->max_alive) sum->max_alive = sum->alive;
  if (sum->alive - sum->depth > sum->max_in_hand) sum->max_in_hand = sum->alive - sum->depth;
  if (now_ns < sum->first_in_ns || now_ns > sum->last_in_ns) return;
  if (sum->depth * FILL_PART <= sum->max_depth) {
    sum->fill_ns = now_ns;
    sum->arrived_filling = sum->freed_filling = 0;
  }
  sum->depth_at_last = sum->depth;
  if (2 * sum->depth >= sum->max_depth) sum->high = true;
  if (sum->high && 20 * sum->depth <= sum->max_depth) {
    sum->emptied++;
    sum->high = false;
  }
  uint64_t length_ns = sum->last_in_ns - sum->first_in_ns + 1;
  uint64_t fifth = (now_ns - sum->first_in_ns) * FIFTHS / length_ns;
  if (!sum->reached[fifth] || sum->depth < sum->least[fifth]) sum->least[fifth] = sum->depth;
  sum->reached[fifth] = true;
}

/* Second pass. */
static void count(struct sum *sum, const struct event *event) {
  sum->counts[event->op]++;
  sum->depth += (event->op == LOG_IN) - (event->op == LOG_OUT);
  sum->alive += (event->op == LOG_BORN) - (event->op == LOG_FREED);
  if (event->ns <= sum->last_in_ns) {
    sum->arrived_filling += event->op == LOG_IN;
    sum->freed_filling += event->op == LOG_FREED;
  }
  note_level(sum, event->ns);
}

/* All events in order of time. */
static void merge(struct sum *sums, const uint32_t *counts, uint32_t lanes_used,
                  void (*take)(struct sum *, const struct event *)) {
  for (uint32_t i = 0; i < lanes_used; i++)
    lanes[i].read = 0;
  for (int i = 0; i < QUEUES; i++)
    sums[i].depth = 0;
  for (;;) {
    struct lane *first = NULL;
    for (uint32_t i = 0; i < lanes_used; i++) {
      struct lane *lane = &lanes[i];
      if (lane->read < counts[i] &&
          (first == NULL || lane->events[lane->read].ns < first->events[first->read].ns))
        first = lane;
    }
    if (first == NULL) return;
    const struct event *event = &first->events[first->read++];
    take(&sums[event->queue], event);
  }
}

static void print_string(int fd, const char *key, const char *value) {
  if (value != NULL)
    dprintf(fd, "\"%s\": \"%s\", ", key, value);
  else
    dprintf(fd, "\"%s\": null, ", key);
}

static void print_rate(int fd, const char *key, uint64_t count, double in_s) {
  if (in_s > 0)
    dprintf(fd, "\"%s\": %.1f, ", key, (double)count / in_s);
  else
    dprintf(fd, "\"%s\": null, ", key);
}

static void print_sum(int fd, const struct log_queue *queue, const struct sum *sum) {
  double filling_s = (double)(sum->last_in_ns - sum->fill_ns) / 1e9;
  print_string(fd, "site", queue->site);
  print_string(fd, "label", queue->label);
  print_string(fd, "policy", queue->policy);
  print_string(fd, "filler", queue->filler);
  print_string(fd, "drainer", queue->drainer);
  dprintf(fd, "\"bound\": %llu, \"per_block\": %u, \"block_bytes\": %u, ",
          (unsigned long long)queue->bound, queue->per_block, queue->block_bytes);
  const char *names[LOG_OPS] = {"born", "enqueued", "dequeued", "freed"};
  for (int op = 0; op < LOG_OPS; op++)
    dprintf(fd, "\"%s\": %llu, ", names[op], (unsigned long long)sum->counts[op]);
  dprintf(fd, "\"filling_s\": %.6f, \"arrived_filling\": %llu, \"freed_filling\": %llu, ",
          filling_s, (unsigned long long)sum->arrived_filling,
          (unsigned long long)sum->freed_filling);
  print_rate(fd, "arrival_rate", sum->arrived_filling, filling_s);
  print_rate(fd, "departure_rate", sum->freed_filling, filling_s);
  if (sum->freed_filling > 0)
    dprintf(fd, "\"rho\": %.4f, ", (double)sum->arrived_filling / (double)sum->freed_filling);
  else
    dprintf(fd, "\"rho\": null, ");
  dprintf(fd, "\"max_depth\": %lld, \"max_alive\": %lld, \"in_hand\": %lld, ",
          (long long)sum->max_depth, (long long)sum->max_alive, (long long)sum->max_in_hand);
  dprintf(fd, "\"depth_at_last\": %lld, \"left\": %lld, \"emptied\": %llu, \"least\": [",
          (long long)sum->depth_at_last, (long long)sum->alive, (unsigned long long)sum->emptied);
  for (int i = 0; i < FIFTHS; i++) {
    if (!sum->reached[i])
      dprintf(fd, "null");
    else
      dprintf(fd, "%lld", (long long)sum->least[i]);
    dprintf(fd, i < FIFTHS - 1 ? ", " : "]");
  }
}

void log_write(const char *path, const char *name) {
  static struct sum sums[QUEUES];
  uint32_t counts[LANES] = {0};
  uint32_t lanes_used = __atomic_load_n(&lane_count, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < lanes_used; i++) {
    if (__atomic_load_n(&lanes[i].events, __ATOMIC_ACQUIRE) != NULL)
      counts[i] = __atomic_load_n(&lanes[i].count, __ATOMIC_ACQUIRE);
  }
  merge(sums, counts, lanes_used, measure);
  merge(sums, counts, lanes_used, count);
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  if (fd < 0) fail(path);
  dprintf(fd, "{\"case\": \"%s\", \"queues\": [", name);
  for (int i = 0; i < queue_count; i++) {
    dprintf(fd, i == 0 ? "\n  {" : ",\n  {");
    print_sum(fd, &queues[i], &sums[i]);
    dprintf(fd, "}");
  }
  dprintf(fd, "\n]}\n");
  if (close(fd) != 0) fail(path);
}
