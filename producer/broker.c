/* broker.c - the broker's loop: accept, read, check, count, work, answer in due time.
 *
 * Nothing here waits but the one poll at the end of a turn. A client that breaks the protocol or
 * its connection is closed; the others do not notice.
 */
#include "broker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "broker_client.h"
#include "clock.h"
#include "connection.h"
#include "thread.h"

static int add_client(struct broker *broker, int fd) {
  struct broker_client *client = broker_client_new(fd);
  if (!client) return -ENOMEM;
  broker->clients[broker->client_count++] = client;
  broker->counts.clients++;
  return 0;
}

static void remove_client(struct broker *broker, size_t i) {
  broker_client_free(broker->clients[i]);
  broker->clients[i] = broker->clients[--broker->client_count];
}

static void accept_client(struct broker *broker) {
  int fd = connection_accept(broker->listener);
  if (fd < 0) return;
  if (broker->client_count < broker->options.max_clients && add_client(broker, fd) == 0) return;
  broker->counts.refused_clients++;
  close(fd);
}

/* Checks all records: the request counts as a whole or not at all. */
static bool check_records(const struct wire_request *request, const uint8_t *body,
                          uint64_t *payload_bytes) {
  size_t left = request->body_bytes;
  uint32_t records = 0;
  *payload_bytes = 0;
  for (; left > 0; records++) {
    struct wire_record record;
    size_t bytes = wire_get_record(body, left, &record);
    if (bytes == 0) return false;
    body += bytes;
    left -= bytes;
    *payload_bytes += record.length;
  }
  return records == request->records;
}

static void serve_request(struct broker *broker, struct broker_client *client,
                          const struct wire_request *request, const uint8_t *body) {
  const struct broker_options *options = &broker->options;
  uint64_t payload_bytes;
  bool good = check_records(request, body, &payload_bytes);
  if (good) {
    broker->counts.requests++;
    broker->counts.records += request->records;
    broker->counts.payload_bytes += payload_bytes;
    broker->died = options->die_after && broker->counts.records >= options->die_after;
  } else {
    broker->counts.damaged_requests++;
  }
  if (broker->died || options->silent) return;
  uint64_t now_ns = clock_now_ns();
  if (broker->busy_until_ns < now_ns) broker->busy_until_ns = now_ns;
  broker->busy_until_ns += options->request_cost_ns + request->records * options->record_cost_ns;
  struct wire_ack ack = {.status = good ? WIRE_ACCEPTED : WIRE_DAMAGED,
                         .records = good ? request->records : 0,
                         .correlation = request->correlation};
  broker_client_answer(client, &ack, broker->busy_until_ns + options->round_trip_ns);
}

/* Serves the requests that are in the input. Returns 0 or -errno: the client is to be closed. */
static int serve_input(struct broker *broker, struct broker_client *client) {
  struct wire_request request;
  const uint8_t *body;
  int found = 0;
  while (!broker->died && !broker_client_is_full(client) &&
         (found = broker_client_request(client, &request, &body)) > 0) {
    serve_request(broker, client, &request, body);
    broker_client_consume(client, &request);
  }
  if (found < 0) broker->counts.broken_clients++;
  return found < 0 ? found : 0;
}

/* One turn of one client. Returns 0 or -errno: it is to be closed. */
static int serve_client(struct broker *broker, struct broker_client *client, struct pollfd *wait) {
  bool gone = (wait->revents & (POLLHUP | POLLERR)) != 0;
  if (gone && broker_client_is_full(client)) return -ECONNRESET; /* nobody reads the answers */
  int error = gone || (wait->revents & POLLIN) ? broker_client_read(client) : 0;
  if (error == -EPROTO) broker->counts.broken_clients++;
  bool blocked = false;
  if (!error) error = serve_input(broker, client);
  if (!error) error = broker_client_write(client, clock_now_ns(), &blocked);
  /* an answer has left the full ring: what was read already comes first */
  if (!error && !broker_client_is_full(client)) error = serve_input(broker, client);
  *wait = (struct pollfd){.fd = client->fd};
  if (!broker_client_is_full(client)) wait->events |= POLLIN;
  if (blocked) wait->events |= POLLOUT;
  return error;
}

/* fds: stop, listener, then the clients in their order. */
static void serve_turn(struct broker *broker, struct pollfd *fds) {
  uint64_t deadline_ns = CLOCK_NEVER;
  for (size_t i = 0; i < broker->client_count && !broker->died;) {
    struct broker_client *client = broker->clients[i];
    if (serve_client(broker, client, &fds[2 + i]) < 0) {
      remove_client(broker, i);
      fds[2 + i].revents = 0; /* the client that moved here has its turn without news */
      continue;
    }
    uint64_t ready_ns = broker_client_ready_ns(client);
    if (ready_ns < deadline_ns && !(fds[2 + i].events & POLLOUT)) deadline_ns = ready_ns;
    i++;
  }
  if (broker->died || (broker->client_count == 0 && broker->listener < 0)) return;
  fds[0] = (struct pollfd){.fd = broker->stop, .events = POLLIN};
  fds[1] = (struct pollfd){.fd = broker->listener, .events = POLLIN};
  size_t polled = broker->client_count;
  connection_poll(fds, 2 + polled, deadline_ns);
  if (fds[1].revents) {
    fds[2 + polled].revents = 0;
    accept_client(broker);
  }
}

static int serve(struct broker *broker, int first) {
  size_t max = broker->options.max_clients;
  struct pollfd *fds = calloc(2 + max + 1, sizeof *fds);
  broker->clients = calloc(max, sizeof(struct broker_client *));
  int error = -ENOMEM;
  broker->client_count = 0;
  /* The kernel rounds sleeps up by 50 us, which would be a tenth of a usual round trip. */
  prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
  if (fds && broker->clients) {
    error = first >= 0 ? add_client(broker, first) : 0;
    if (!error) first = -1; /* the client owns it now */
    while (!error && !broker->died && !fds[0].revents &&
           (broker->client_count > 0 || broker->listener >= 0))
      serve_turn(broker, fds);
    while (broker->client_count > 0)
      remove_client(broker, 0);
  }
  if (first >= 0) close(first);
  if (broker->listener >= 0) close(broker->listener);
  free(broker->clients);
  broker->clients = NULL;
  free(fds);
  return error;
}

static void init(struct broker *broker, const struct broker_options *options, int listener,
                 int stop) {
  *broker = (struct broker){.options = *options, .listener = listener, .stop = stop};
  if (broker->options.max_clients == 0) broker->options.max_clients = 1;
}

int broker_serve(struct broker *broker, const struct broker_options *options, int listener,
                 int stop) {
  init(broker, options, listener, stop);
  return serve(broker, -1);
}

static void *broker_run(void *argument) {
  struct broker *broker = argument;
  pthread_setname_np(pthread_self(), "broker");
  serve(broker, broker->first);
  return NULL;
}

int broker_start(struct broker *broker, const struct broker_options *options, int fd) {
  init(broker, options, -1, -1);
  broker->first = fd;
  return thread_start(&broker->thread, broker_run, broker);
}

void broker_join(struct broker *broker) {
  pthread_join(broker->thread, NULL);
}
