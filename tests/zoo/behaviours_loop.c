/* behaviours_loop.c - queues within one thread, and queues whose nodes are pooled. */
#include "behaviours.h"
#include "clock.h"

static void events_send(struct queue *queue) {
  queue_send(queue);
}
static void parcels_send(struct queue *queue) {
  queue_send(queue);
}

/* One thread receives what has come, and handles one event a turn. */
static void event_loop(const struct behaviour *behaviour, const struct plan *plan) {
  struct line line = behaviour->lines[0];
  line_prepare(&line, plan);
  uint64_t due_ns = clock_now_ns(), done_ns = due_ns, end_ns = due_ns + plan->fill_ns;
  struct message message;
  while (clock_now_ns() < end_ns) {
    for (; due_ns <= clock_now_ns() && due_ns < end_ns; due_ns += line.gap_ns)
      line.send(&line.queue);
    if (!queue_try_take(&line.queue, &message)) {
      clock_sleep_until(due_ns);
      done_ns = clock_now_ns();
      continue;
    }
    done_ns = clock_done(done_ns, (uint64_t)((double)line.gap_ns * line.rho));
    clock_sleep_until(done_ns);
    queue_free_message(&line.queue, &message);
  }
}

static void pooled_nodes(const struct behaviour *behaviour, const struct plan *plan) {
  struct line line = behaviour->lines[0], *lines[] = {&line};
  struct plan pooled = *plan;
  pooled.form = FORM_POOLED;
  lines_run(lines, 1, &pooled, NULL);
}

#define EVENTS .site = "events_send", .send = events_send
#define PARCELS .site = "parcels_send", .send = parcels_send

const struct behaviour loop_behaviours[] = {
    {"event-loop-unbounded", .forms = true, .run = event_loop,
     .lines = {{EVENTS, .label = "unbounded-queue", .rho = 1.6}}},
    {"event-loop-healthy", .forms = true, .run = event_loop,
     .lines = {{EVENTS, .label = "healthy", .rho = 0.7}}},
    {"pooled-nodes", .threads = true, .run = pooled_nodes,
     .lines = {{PARCELS, .label = "unbounded-queue", .rho = 1.8}}},
    {"pooled-nodes-healthy", .threads = true, .run = pooled_nodes,
     .lines = {{PARCELS, .label = "healthy", .rho = 0.7}}},
    {.name = NULL},
};
