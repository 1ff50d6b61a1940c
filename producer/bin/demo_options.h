/* demo_options.h - the command line of producer_demo. */
#ifndef PRODUCER_DEMO_OPTIONS_H
#define PRODUCER_DEMO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "../producer.h"

struct demo_options {
  uint64_t messages, size;
  uint64_t rate; /* messages a second; 0: as fast as it goes */
  uint64_t producers;
  uint64_t queue_messages, queue_bytes; /* 0: no bound */
  enum producer_policy policy;
  uint64_t receive_limit; /* 1: one */
  bool move;              /* payloads are given away, not copied */
  uint64_t round_trip_ns;
  uint64_t seed;
  bool json;
  const char *log;     /* NULL: none */
  const char *connect; /* NULL: the embedded broker */
};

/* Parses, or ends the program: with status 0 after --help, with 2 and a message otherwise. */
void demo_options_parse(struct demo_options *options, int argc, char **argv);

extern const char *const demo_policy_names[];

#endif
