/* runtime.h - what several producers share: the actor and, without an address, a broker thread.
 */
#ifndef PRODUCER_RUNTIME_H
#define PRODUCER_RUNTIME_H

#include "actor.h"
#include "broker.h"
#include "producer.h"
#include "registry.h"

struct runtime {
  struct handle handle;
  struct actor actor;
  struct broker broker;
  bool has_broker;
};

/* Connects and starts the threads. Options as in producer.h, complete. Returns 0 or -errno. */
int runtime_start(struct runtime *runtime, const struct producer_runtime_options *options);
/* No call may be under way. Ends the threads. */
void runtime_stop(struct runtime *runtime);

/* Hands a call to the actor and waits until it is complete; each of its messages then has its
 * status. */
void runtime_block_on(struct runtime *runtime, struct produce *call);

#endif
