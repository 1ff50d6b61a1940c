/* support.h - what the producer's tests share: a gate for callbacks, a broker over TCP, programs.
 */
#ifndef TESTS_PRODUCER_SUPPORT_H
#define TESTS_PRODUCER_SUPPORT_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "producer/broker.h"
#include "producer/producer.h"

/* Records what the `finished` callback is told, and can hold up the ffi worker in it: then the
 * queue's content is the test's alone, and no assertion depends on time. */
#define WITNESS_MAX 4096
struct witness {
  bool gated;           /* the first delivery waits until gate_open() */
  bool opens_on_failed; /* a failed message opens the gate */
  sem_t reached, open;
  pthread_mutex_t mutex;
  size_t count;
  struct producer_delivery deliveries[WITNESS_MAX];
};
void witness_init(struct witness *witness, bool gated);
void witness_finished(void *witness, const struct producer_delivery *delivery);
/* Waits until the first delivery is in the callback. */
void gate_await(struct witness *witness);
void gate_open(struct witness *witness);
size_t witness_count(struct witness *witness, enum producer_outcome outcome);

/* A broker on an ephemeral port of the loopback, in a thread. */
struct tcp_broker {
  struct broker broker;
  struct broker_options options;
  char address[32];
  int listener, stop;
  pthread_t thread;
};
void tcp_broker_start(struct tcp_broker *tcp, const struct broker_options *options);
/* Waits for its end; broker.counts are final then. */
void tcp_broker_stop(struct tcp_broker *tcp);

/* Path of something built, beside the directory of this test program: "producer_demo". Static. */
const char *built_path(const char *name);

/* A program run to its end. */
struct run {
  int status; /* exit status; 128 + signal */
  char out[65536], err[8192];
};
/* Arguments end with NULL; argv[0] is the path. */
void run_program(struct run *run, const char *const argv[]);
/* The number after the first "key": in a JSON text; fails the test without one. */
uint64_t json_number(const char *json, const char *key);

/* Reads exactly so many bytes of a nonblocking socket, or fails the test at its end. */
void read_exactly(int fd, void *bytes, size_t length);
/* Writes all bytes to a nonblocking socket. */
void write_all(int fd, const void *bytes, size_t length);

#endif
