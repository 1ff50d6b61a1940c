/* runtime.c - starts and stops actor and broker in order; block_on joins the two worlds: threads
 * that wait and the actor that never does. */
#include "runtime.h"

#include <errno.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"

#define OR(value, otherwise) ((value) ? (value) : (otherwise))

static int fill_actor_options(const struct producer_runtime_options *options,
                              struct actor_options *actor) {
  *actor = (struct actor_options){
      .mailbox_batches = OR(options->mailbox_batches, 64),
      .batch_bytes = OR(options->batch_bytes, 1u << 20),
      .batch_messages = OR(options->batch_messages, 1024),
      .in_flight = OR(options->in_flight, 5),
      .timeout_ns = OR(options->timeout_ns, 5 * CLOCK_SECOND_NS),
      .linger_ns = options->linger_ns,
  };
  return actor->batch_bytes > WIRE_PAYLOAD_MAX || actor->batch_messages > WIRE_RECORDS_MAX ||
                 actor->mailbox_batches > 1u << 20
             ? -EINVAL
             : 0;
}

/* Returns the actor's end of the connection, or -errno. */
static int start_broker(struct runtime *runtime, const struct producer_runtime_options *options) {
  struct broker_options broker = {.round_trip_ns = options->round_trip_ns,
                                  .request_cost_ns = options->request_cost_ns,
                                  .record_cost_ns = options->record_cost_ns};
  int ends[2];
  int error = connection_pair(ends);
  if (error) return error;
  error = broker_start(&runtime->broker, &broker, ends[1]);
  if (error) {
    close(ends[0]);
    close(ends[1]);
    return error;
  }
  runtime->has_broker = true;
  return ends[0];
}

int runtime_start(struct runtime *runtime, const struct producer_runtime_options *options) {
  struct actor_options actor;
  int error = fill_actor_options(options, &actor);
  if (error) return error;
  runtime->has_broker = false;
  int fd = options->address ? connection_open(options->address, actor.timeout_ns)
                            : start_broker(runtime, options);
  if (fd < 0) return fd;
  error = actor_start(&runtime->actor, fd, &actor);
  if (!error) return 0;
  close(fd);
  if (runtime->has_broker) broker_join(&runtime->broker);
  return error;
}

void runtime_stop(struct runtime *runtime) {
  /* the broker thread ends when the actor's end of its socket is closed */
  actor_stop(&runtime->actor);
  if (runtime->has_broker) broker_join(&runtime->broker);
}

void runtime_block_on(struct runtime *runtime, struct produce *call) {
  int error = mailbox_put(&runtime->actor.mailbox, call);
  if (error == 0) {
    produce_wait(call);
    return;
  }
  for (size_t i = 0; i < call->count; i++)
    call->messages[i]->status = error;
}
