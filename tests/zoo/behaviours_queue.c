/* behaviours_queue.c - queues with a pace at both ends: a table of lines. */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#include "behaviours.h"
#include "log.h"
#include "zoo.h"

/* Each queue's blocks have one of these in their stacks. */
static void orders_send(struct queue *queue) {
  queue_send(queue);
}
static void replies_send(struct queue *queue) {
  queue_send(queue);
}

/* The same queue is filled from two places in the program. */
static void add_order(struct queue *queue) {
  orders_send(queue);
}
static void change_order(struct queue *queue) {
  orders_send(queue);
}
static void any_send(struct queue *queue) {
  if (lrand48() % 2 == 0)
    add_order(queue);
  else
    change_order(queue);
}

static void run_lines(const struct behaviour *behaviour, const struct plan *plan) {
  struct line lines[2] = {behaviour->lines[0], behaviour->lines[1]};
  struct line *all[2] = {&lines[0], &lines[1]};
  unsigned count = lines[1].send != NULL ? 2 : 1;
  if (lines[0].next != NULL) lines[0].next = &lines[1];
  if (behaviour->beside != NULL) leak_declare();
  if (behaviour->killed) {
    lines_fill(all, count, plan);
    zoo_write_log();
    raise(SIGKILL);
  }
  lines_run(all, count, plan, behaviour->beside);
}

static struct line next; /* stands for the second line */

#define ORDERS .site = "orders_send", .send = orders_send
#define TWO_PLACES .site = "orders_send", .send = any_send
#define REPLIES .site = "replies_send", .send = replies_send
#define UNBOUNDED .label = "unbounded-queue"
#define BOUNDED .label = "bounded-queue"
#define HEALTHY .label = "healthy"
#define QUEUE .threads = true, .forms = true, .run = run_lines

const struct behaviour queue_behaviours[] = {
    {"unbounded-1.1", QUEUE, .lines = {{ORDERS, UNBOUNDED, .rho = 1.1}}},
    {"unbounded-1.5", QUEUE, .lines = {{ORDERS, UNBOUNDED, .rho = 1.5, .ending = ENDS_LEFT}}},
    {"unbounded-2", QUEUE, .lines = {{ORDERS, UNBOUNDED, .rho = 2}}},
    {"unbounded-4", QUEUE, .lines = {{ORDERS, UNBOUNDED, .rho = 4, .ending = ENDS_DESTROYED}}},
    {"unbounded-batch", QUEUE, .lines = {{ORDERS, UNBOUNDED, .rho = 1.6, .take = 20}}},
    {"unbounded-bumpy", QUEUE,
     .lines = {{ORDERS, UNBOUNDED, .rho = 1.8, .rhythm = {20 * MS, 3, 0.2, 0.5, false}}}},
    {"healthy-0.7", QUEUE, .lines = {{ORDERS, HEALTHY, .rho = 0.7}}},
    {"bounded-blocking", QUEUE, .lines = {{ORDERS, BOUNDED, .rho = 2, .bound = 1500}}},
    {"bounded-small", QUEUE, .lines = {{ORDERS, BOUNDED, .rho = 1.5, .bound = 930}}},
    {"bounded-drop-newest", QUEUE,
     .lines = {{ORDERS, BOUNDED, .rho = 2, .bound = 1500, .policy = DROP_NEWEST}}},
    {"bounded-drop-oldest", QUEUE,
     .lines = {{ORDERS, BOUNDED, .rho = 2, .bound = 1500, .policy = DROP_OLDEST}}},
    {"bounded-slow-path", QUEUE,
     .lines = {{ORDERS, BOUNDED, .rho = 2, .bound = 1500, .slow_path = true}}},
    {"bounded-two-places", QUEUE, .lines = {{TWO_PLACES, BOUNDED, .rho = 2, .bound = 1500}}},
    {"unbounded-two-places", QUEUE, .lines = {{TWO_PLACES, UNBOUNDED, .rho = 1.6}}},
    {"stalled", QUEUE,
     .lines = {{ORDERS, .label = "stalled-or-leak", .nobody = true, .ending = ENDS_LEFT}}},
    {"burst", QUEUE,
     .lines = {{ORDERS, HEALTHY, .rho = 0.6, .rhythm = {200 * MS, 4, 0.2, 0.1, false}}}},
    {"sawtooth", QUEUE,
     .lines = {{ORDERS, HEALTHY, .rho = 0.5, .rhythm = {100 * MS, 8, 0.1, 0, false}}}},
    {"pausing", QUEUE,
     .lines = {{ORDERS, HEALTHY, .rho = 0.4, .pause_ns = 50 * MS, .pause_every_ns = 150 * MS}}},
    {"diurnal", QUEUE,
     .lines = {{ORDERS, HEALTHY, .rho = 0.7, .rhythm = {.period_ns = 300 * MS, .daily = true}}}},
    {"drained-at-end", QUEUE, .lines = {{ORDERS, UNBOUNDED, .offline = true}}},
    {"killed", QUEUE, .lines = {{ORDERS, UNBOUNDED, .rho = 2}}, .killed = true},
    {"behind-healthy", QUEUE,
     .lines = {{ORDERS, HEALTHY, .rho = 0.6, .next = &next}, {REPLIES, UNBOUNDED, .rho = 2}}},
    {"behind-bounded", QUEUE,
     .lines = {{ORDERS, UNBOUNDED, .rho = 0.6, .ending = ENDS_LEFT, .next = &next},
               {REPLIES, BOUNDED, .rho = 2, .bound = 500}}},
    {"two-queues", QUEUE,
     .lines = {{ORDERS, UNBOUNDED, .rho = 1.7}, {REPLIES, BOUNDED, .rho = 2, .bound = 1000}}},
    {"two-healthy", QUEUE,
     .lines = {{ORDERS, HEALTHY, .rho = 0.7},
               {REPLIES, HEALTHY, .rho = 0.6, .rhythm = {200 * MS, 4, 0.2, 0.1, false}}}},
    {"priority", .threads = true, .run = run_lines,
     .lines = {{ORDERS, HEALTHY, .rho = 0.6, .urgent = true,
                .rhythm = {100 * MS, 3, 0.25, 0.2, false}}}},
    {"priority-unbounded", .threads = true, .run = run_lines,
     .lines = {{ORDERS, UNBOUNDED, .rho = 1.8, .urgent = true}}},
    {"forgetful", .threads = true, .run = run_lines,
     .lines = {{ORDERS, .label = "stalled-or-leak", .rho = 0.7, .forgets = 5}}},
    {"leak-beside-healthy", QUEUE, .lines = {{ORDERS, HEALTHY, .rho = 0.7}}, .beside = leak_beside},
    {"leak-beside-unbounded", QUEUE, .lines = {{ORDERS, UNBOUNDED, .rho = 1.6}},
     .beside = leak_beside},
    {.name = NULL},
};
