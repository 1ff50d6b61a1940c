/* flow.h - producers, a queue, consumers: in virtual time, in all the ways that queues are run. */
#ifndef TESTS_FLOW_H
#define TESTS_FLOW_H

#include "line.h"

/* What becomes of what is in the queue when the producers have ended. */
enum rest {
  REST_DRAINED, /* the consumers go on until it is empty */
  REST_LEFT,    /* the process exits */
  REST_FREED,   /* main frees it, one after the other, without a look at it */
};

/* A queue as planned; what really happens, its truth logs. Zero is the plainest of each. */
struct plan {
  const char *name; /* of its stacks */
  unsigned kinds;   /* of verdicts that are right, see truth.h */
  bool rates;       /* rho is to be right */
  unsigned messages;
  double arrival_ns, service_ns; /* mean times between, of all producers, and of all consumers */
  enum jitter think, service;
  unsigned bound; /* 0: none */
  enum queue_policy policy;
  unsigned resumes_at; /* once it's full, senders wait until there are so few; 0: for room */
  bool credits;        /* a sender takes one of `bound` for each message, and half of them are given
                          back when so many messages are done */
  enum order order;
  enum rest rest;
  unsigned at_once;     /* messages that a consumer takes at a time; 0: one */
  bool freed_together;  /* those taken at once, when the last of them is done */
  bool stuck;           /* the consumers wait for something else, for ever */
  bool late;            /* they begin when all producers have ended */
  double begins_ns;     /* they begin so long after the start */
  unsigned slows_after; /* so many messages; then they need so many times as long */
  double slows_by;
  bool hangs;           /* ... or for ever */
  double retried;       /* share of messages that go back to the end when they have been tried */
  double urgent;        /* share of messages that overtake, with ORDER_PRIORITY; 0: each its own */
  double leaked;        /* share of messages that are never freed */
  unsigned burst;       /* after so many messages a producer rests, */
  double rest_ns;       /* so long, */
  enum jitter resting;  /* ... or so long in the mean */
  unsigned pause_every; /* after so many messages a consumer rests, */
  double pause_ns;      /* so long */
  double nap_ns;        /* whenever there is nothing left, a consumer rests so long */
  double day_ns, swing; /* the arrival rate goes up and down by this share */
  bool pooled_nodes;    /* a list node for each message, which is kept for later ones */
  bool grown;           /* a payload is made small, and grows by realloc as it is written */
  bool drafted;         /* a payload is begun in a small block, of the same place, and most are
                           copied to a larger one: asprintf() does that */
  bool one_thread;      /* an event loop: who fills it also drains it */
  bool own_threads; /* a queue for each consumer, of the same sites; the first consumer is slow */
  double killed_at_ns;                    /* after the start; 0: it isn't killed */
  bool from_everywhere, from_a_recursion; /* sent from hundreds of places */
  bool copied;                            /* what is passed on to the next queue is a new message */
};

struct flow;
/* Starts it. Several flows may live in one process. */
struct flow *flow_start(struct process *process, const struct plan *plan);
/* The consumers of `from` pass on to a queue behind it. */
struct flow *flow_start_behind(struct process *process, struct flow *from, const struct plan *plan);
/* A process_plan of one flow: `argument` is a struct plan. */
void flow_plan(struct process *process, const void *plan);

#endif
