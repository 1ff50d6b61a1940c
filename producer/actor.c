/* actor.c - the actor's loop: take mail, encode, send, read acknowledgements, sleep.
 *
 * Only this thread touches struct actor besides the mailbox, so nothing is locked here. Invariant:
 * a message that was taken is in `pending` or in exactly one request in flight until it has its
 * status; each such list ends within the timeout, because lose_connection() empties them all.
 */
#include "actor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "thread.h"

static void finish_messages(struct message_list *messages, int status) {
  uint64_t now_ns = clock_now_ns();
  struct message *message;
  while ((message = message_list_take(messages)) != NULL) {
    message->status = status;
    if (status == 0) message->times_ns[PRODUCER_ACKNOWLEDGED] = now_ns;
    produce_message_done(message->produce);
  }
}

/* Takes a request out of the list of those in flight. */
static void unlink_request(struct actor *actor, struct request *request) {
  struct request *previous = NULL;
  for (struct request *r = actor->oldest; r != request; r = r->next)
    previous = r;
  if (previous)
    previous->next = request->next;
  else
    actor->oldest = request->next;
  if (actor->newest == request) actor->newest = previous;
  if (actor->unsent == request) actor->unsent = request->next;
  actor->in_flight--;
}

static void finish_request(struct actor *actor, struct request *request, int status) {
  unlink_request(actor, request);
  finish_messages(&request->messages, status);
  free(request);
}

static void lose_connection(struct actor *actor, int error) {
  close(actor->fd);
  actor->fd = -1;
  actor->error = error;
  while (actor->oldest)
    finish_request(actor, actor->oldest, error);
  finish_messages(&actor->pending, error);
}

static bool batch_is_full(const struct actor *actor) {
  return actor->pending.bytes >= actor->options.batch_bytes ||
         actor->pending.count >= actor->options.batch_messages;
}

static void accept_call(struct actor *actor, struct produce *call) {
  if (actor->pending.count == 0) actor->pending_since_ns = call->mailed_ns;
  for (size_t i = 0; i < call->count; i++) {
    call->messages[i]->produce = call;
    call->messages[i]->times_ns[PRODUCER_MAILED] = call->mailed_ns;
    message_list_append(&actor->pending, call->messages[i]);
  }
  if (actor->error) finish_messages(&actor->pending, actor->error);
}

/* Leaves mail where it is while a batch is waiting: the full mailbox then holds up the workers. */
static void take_mail(struct actor *actor) {
  struct produce *call;
  while (!batch_is_full(actor) && (call = mailbox_take(&actor->mailbox)) != NULL)
    accept_call(actor, call);
}

static void send_requests(struct actor *actor) {
  while (actor->unsent) {
    struct request *request = actor->unsent;
    ssize_t done = connection_send(actor->fd, request->encoded + request->sent,
                                   request->bytes - request->sent);
    if (done < 0) {
      lose_connection(actor, (int)done);
      return;
    }
    if (done == 0) return;
    request->sent += (size_t)done;
    if (request->sent < request->bytes) continue;
    uint64_t now_ns = clock_now_ns();
    for (struct message *m = request->messages.first; m; m = m->next)
      m->times_ns[PRODUCER_SENT] = now_ns;
    actor->unsent = request->next;
  }
}

static bool linger_is_over(struct actor *actor, uint64_t now_ns) {
  return batch_is_full(actor) || mailbox_is_over(&actor->mailbox) ||
         now_ns >= clock_deadline(actor->pending_since_ns, actor->options.linger_ns);
}

static void encode_pending(struct actor *actor) {
  uint64_t now_ns = clock_now_ns();
  while (actor->pending.count > 0 && actor->in_flight < actor->options.in_flight &&
         linger_is_over(actor, now_ns)) {
    struct request *request = encode_request(&actor->pending, actor->options.batch_bytes,
                                             actor->options.batch_messages, actor->correlation + 1);
    if (!request) {
      /* the connection is sound; these messages are lost for want of memory */
      finish_messages(&actor->pending, -ENOMEM);
      return;
    }
    actor->correlation++;
    request->deadline_ns = clock_deadline(clock_now_ns(), actor->options.timeout_ns);
    if (actor->newest)
      actor->newest->next = request;
    else
      actor->oldest = request;
    actor->newest = request;
    if (!actor->unsent) actor->unsent = request;
    actor->in_flight++;
  }
}

static struct request *find_request(struct actor *actor, uint64_t correlation) {
  /* a handful at most, and nearly always the first */
  for (struct request *r = actor->oldest; r; r = r->next)
    if (r->correlation == correlation) return r;
  return NULL;
}

static int acknowledge(struct actor *actor, const struct wire_ack *ack) {
  struct request *request = find_request(actor, ack->correlation);
  if (!request || request->sent < request->bytes) return -EPROTO;
  if (ack->status == WIRE_ACCEPTED && ack->records != request->messages.count) return -EPROTO;
  finish_request(actor, request, ack->status == WIRE_ACCEPTED ? 0 : -EBADMSG);
  return 0;
}

static int parse_answer(struct actor *actor) {
  size_t at = 0;
  for (; actor->answer_bytes - at >= WIRE_ACK_BYTES; at += WIRE_ACK_BYTES) {
    struct wire_ack ack;
    if (!wire_get_ack(actor->answer + at, &ack)) return -EPROTO;
    int error = acknowledge(actor, &ack);
    if (error) return error;
  }
  actor->answer_bytes -= at;
  memmove(actor->answer, actor->answer + at, actor->answer_bytes);
  return 0;
}

static void read_answers(struct actor *actor) {
  ssize_t done = connection_receive(actor->fd, actor->answer + actor->answer_bytes,
                                    sizeof actor->answer - actor->answer_bytes);
  int error = done < 0 ? (int)done : 0;
  if (done > 0) {
    actor->answer_bytes += (size_t)done;
    error = parse_answer(actor);
  }
  if (error) lose_connection(actor, error);
}

/* When something must happen even if nothing arrives. */
static uint64_t next_deadline(const struct actor *actor) {
  uint64_t deadline_ns = actor->oldest ? actor->oldest->deadline_ns : CLOCK_NEVER;
  if (actor->pending.count > 0 && actor->in_flight < actor->options.in_flight) {
    uint64_t linger_ns = clock_deadline(actor->pending_since_ns, actor->options.linger_ns);
    if (linger_ns < deadline_ns) deadline_ns = linger_ns;
  }
  return deadline_ns;
}

static void wait_for_events(struct actor *actor) {
  struct pollfd fds[2] = {{.fd = actor->mailbox.wake, .events = POLLIN},
                          {.fd = actor->fd, .events = POLLIN}};
  if (actor->unsent) fds[1].events |= POLLOUT;
  connection_poll(fds, actor->error ? 1 : 2, next_deadline(actor));
  if (fds[0].revents) mailbox_clear_wake(&actor->mailbox);
  if (!actor->error && (fds[1].revents & ~POLLOUT)) read_answers(actor);
  if (!actor->error && actor->oldest && clock_now_ns() >= actor->oldest->deadline_ns)
    lose_connection(actor, -ETIMEDOUT);
}

static void *actor_run(void *argument) {
  struct actor *actor = argument;
  pthread_setname_np(pthread_self(), "actor");
  while (!mailbox_is_over(&actor->mailbox) || actor->pending.count > 0 || actor->oldest) {
    take_mail(actor);
    if (!actor->error) {
      encode_pending(actor);
      send_requests(actor);
    }
    /* a full batch waits for an acknowledgement, and mail behind it with it */
    if (batch_is_full(actor) || mailbox_is_empty(&actor->mailbox)) wait_for_events(actor);
  }
  if (!actor->error) close(actor->fd);
  return NULL;
}

int actor_start(struct actor *actor, int fd, const struct actor_options *options) {
  *actor = (struct actor){.options = *options, .fd = fd};
  int error = mailbox_init(&actor->mailbox, options->mailbox_batches);
  if (error) return error;
  error = thread_start(&actor->thread, actor_run, actor);
  if (error) mailbox_destroy(&actor->mailbox);
  return error;
}

void actor_stop(struct actor *actor) {
  mailbox_close(&actor->mailbox);
  pthread_join(actor->thread, NULL);
  mailbox_destroy(&actor->mailbox);
}
