/* broker.h - the broker: checks and counts records, and answers as slowly as it is told to.
 *
 * The same code serves one end of a socket pair from a thread of this process, and TCP clients
 * from a process of its own (producer_broker). One thread serves all clients. It models a server
 * that works through requests one after the other at a set cost, and a network on which an answer
 * takes the round-trip time: so costs add up under load, and round trips overlap.
 */
#ifndef PRODUCER_BROKER_H
#define PRODUCER_BROKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct broker_options {
  uint64_t round_trip_ns;
  uint64_t request_cost_ns, record_cost_ns; /* of serial work */
  uint64_t
      die_after; /* closes everything, unanswered, with the request that has this record; 0 no */
  size_t max_clients; /* more are turned away */
  bool silent;        /* reads everything and answers nothing */
};

struct broker_counts {
  uint64_t clients, refused_clients;
  uint64_t requests, records, payload_bytes; /* good ones */
  uint64_t damaged_requests;                 /* refused: a record was not what its CRC says */
  uint64_t broken_clients;                   /* closed: what they sent was no request */
};

struct broker_client;

struct broker {
  struct broker_options options;
  struct broker_counts counts;
  int listener; /* -1: none, the broker goes with its last client */
  int stop;     /* readable: time to go; -1: none */
  struct broker_client **clients;
  size_t client_count;
  uint64_t busy_until_ns; /* when the work taken so far is done */
  bool died;              /* die_after came true */
  pthread_t thread;       /* of broker_start */
  int first;              /* and its client */
};

/* Serves a listening socket until `stop` is readable or die_after comes true; then closes all
 * sockets but `stop`. Returns 0 or -ENOMEM. */
int broker_serve(struct broker *broker, const struct broker_options *options, int listener,
                 int stop);

/* Serves the socket from a thread of its own, which owns it from then on and ends when the other
 * end is closed. Returns 0 or -errno. */
int broker_start(struct broker *broker, const struct broker_options *options, int fd);
/* Waits for the end of that thread; the counts are final then. */
void broker_join(struct broker *broker);

#endif
