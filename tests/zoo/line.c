/* line.c - see line.h. */
#include "line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"

enum { WORKERS = 8, TAKE_MAX = 64 };

uint64_t rhythm_next(const struct rhythm *rhythm, uint64_t start_ns, uint64_t due_ns,
                     uint64_t gap_ns) {
  if (rhythm->period_ns == 0) return due_ns + gap_ns;
  uint64_t in_period_ns = (due_ns - start_ns) % rhythm->period_ns;
  double part = (double)in_period_ns / (double)rhythm->period_ns;
  double factor = part < rhythm->share ? rhythm->high : rhythm->low;
  if (rhythm->daily) factor = 1 - 0.9 * cos(2 * M_PI * part);
  if (factor <= 0) return due_ns - in_period_ns + rhythm->period_ns;
  return due_ns + (uint64_t)((double)gap_ns / factor);
}

void line_prepare(struct line *line, const struct plan *plan) {
  bool many = plan->form == FORM_MANY;
  /* when only they free what was in it, or nearly so */
  bool drained = !line->nobody && !line->offline && line->policy == BLOCKING &&
                 line->ending != ENDS_DESTROYED && line->consumers != 0;
  const char *policies[] = {"blocking", "drop-newest", "drop-oldest"};
  struct log_queue declared = {
      .site = line->site,
      .label = line->label,
      /* what is turned away is no block of its own then */
      .policy = line->bound != 0 && !many ? policies[line->policy] : NULL,
      .bound = line->bound,
      .per_block = form_per_block(plan->form),
      .block_bytes = form_block_bytes(plan->form),
      .filler = line->producers != 0 ? "producer" : NULL,
      .drainer = drained ? "consumer" : NULL,
  };
  queue_init(&line->queue, log_declare(&declared), plan->form);
  line->queue.bound = line->bound;
  line->queue.policy = line->policy;
  line->queue.urgent = line->urgent;
  line->queue.slow_path = line->slow_path;
  /* more of them, where it takes many to make a block */
  line->gap_ns = many ? 12000 : 40000;
}

static void *produce(void *argument) {
  struct line *line = argument;
  pthread_setname_np(pthread_self(), "producer");
  uint64_t due_ns = line->start_ns, gap_ns = line->gap_ns * line->producers;
  for (;;) {
    due_ns = rhythm_next(&line->rhythm, line->start_ns, due_ns, gap_ns);
    clock_sleep_until(due_ns < line->end_ns ? due_ns : line->end_ns);
    if (clock_now_ns() >= line->end_ns) return NULL;
    line->send(&line->queue);
  }
}

/* Says if it did. */
static bool rest(const struct line *line) {
  uint64_t now_ns = clock_now_ns();
  if (line->pause_every_ns == 0 || now_ns >= line->end_ns) return false;
  uint64_t in_ns = (now_ns - line->start_ns) % line->pause_every_ns;
  if (in_ns >= line->pause_ns) return false;
  clock_sleep_until(now_ns - in_ns + line->pause_ns);
  return true;
}

static void *consume(void *argument) {
  struct line *line = argument;
  pthread_setname_np(pthread_self(), "consumer");
  double service = (double)line->gap_ns * line->rho * line->consumers;
  uint64_t done_ns = line->start_ns;
  size_t taken = 0, limit = line->take != 0 ? line->take : 1;
  if (line->offline) clock_sleep_until(line->end_ns);
  for (;;) {
    struct message messages[TAKE_MAX];
    bool waited;
    size_t count = queue_take(&line->queue, messages, limit, &waited);
    if (count == 0) return NULL;
    if (waited) done_ns = clock_now_ns();
    done_ns = clock_done(done_ns, (uint64_t)(service * (double)count));
    if (line->offline)
      clock_work_until(clock_now_ns() + 4000);
    else
      clock_sleep_until(done_ns);
    for (size_t i = 0; i < count; i++) {
      bool forgotten = line->forgets != 0 && ++taken % line->forgets == 0;
      if (!forgotten) queue_free_message(&line->queue, &messages[i]);
      if (line->next != NULL) line->next->send(&line->next->queue);
    }
    if (rest(line)) done_ns = clock_now_ns();
  }
}

struct crew {
  pthread_t producers[WORKERS], consumers[WORKERS];
};

static void start(pthread_t *thread, void *(*body)(void *), void *argument) {
  if (pthread_create(thread, NULL, body, argument) != 0) abort();
}

static void crew_start(struct crew *crew, struct line *line) {
  for (unsigned i = 0; i < line->consumers && !line->nobody; i++)
    start(&crew->consumers[i], consume, line);
  for (unsigned i = 0; i < line->producers; i++)
    start(&crew->producers[i], produce, line);
}

static void crew_end(struct crew *crew, struct line *line) {
  for (unsigned i = 0; i < line->producers; i++)
    pthread_join(crew->producers[i], NULL);
  queue_close(&line->queue, line->ending != ENDS_DRAINED);
  for (unsigned i = 0; i < line->consumers && !line->nobody; i++)
    pthread_join(crew->consumers[i], NULL);
  if (line->ending == ENDS_DESTROYED) queue_destroy(&line->queue);
}

static void crews_start(struct crew *crews, struct line **lines, unsigned count,
                        const struct plan *plan) {
  uint64_t now_ns = clock_now_ns();
  bool fed = false; /* by the line before it */
  for (unsigned i = 0; i < count; i++) {
    struct line *line = lines[i];
    line->producers = fed ? 0 : plan->producers;
    line->consumers = plan->consumers;
    line->start_ns = now_ns;
    line->end_ns = now_ns + plan->fill_ns;
    fed = line->next != NULL;
    line_prepare(line, plan);
  }
  for (unsigned i = 0; i < count; i++)
    crew_start(&crews[i], lines[i]);
}

struct companion {
  void (*body)(uint64_t end_ns);
  uint64_t end_ns;
};

static void *run_beside(void *argument) {
  struct companion *companion = argument;
  companion->body(companion->end_ns);
  return NULL;
}

void lines_run(struct line **lines, unsigned count, const struct plan *plan,
               void (*beside)(uint64_t end_ns)) {
  struct crew crews[2];
  pthread_t thread;
  struct companion companion = {beside, clock_now_ns() + plan->fill_ns};
  if (count > 2) abort();
  crews_start(crews, lines, count, plan);
  if (beside != NULL) start(&thread, run_beside, &companion);
  for (unsigned i = 0; i < count; i++)
    crew_end(&crews[i], lines[i]);
  if (beside != NULL) pthread_join(thread, NULL);
}

void lines_fill(struct line **lines, unsigned count, const struct plan *plan) {
  struct crew crews[2];
  if (count > 2) abort();
  crews_start(crews, lines, count, plan);
  clock_sleep_until(lines[0]->end_ns - 5 * MS);
}
