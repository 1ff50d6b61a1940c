/* broken_brokers.c - brokers that die or fall silent under several producers, over TCP; for the
 * sanitizers and Valgrind. Ends with status 0 when every message has an outcome. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "producer/broker.h"
#include "producer/connection.h"
#include "producer/producer.h"

#define PRODUCERS 3
#define MESSAGES 100
#define MINUTE_NS 60000000000ull

static void require(int truth, const char *what) {
  if (truth) return;
  fprintf(stderr, "broken_brokers: %s\n", what);
  exit(1);
}

struct server {
  struct broker broker;
  struct broker_options options;
  int listener, stop;
};

static void *serve(void *argument) {
  struct server *server = argument;
  require(broker_serve(&server->broker, &server->options, server->listener, server->stop) == 0,
          "no memory");
  return NULL;
}

/* Sends to the broker and returns how much was delivered; the rest must have failed. */
static uint64_t send_to(const char *address, uint64_t timeout_ns) {
  struct producer_runtime_options options = {
      .size = sizeof options, .address = address, .timeout_ns = timeout_ns, .linger_ns = 1000};
  uint64_t runtime_id, ids[PRODUCERS], delivered = 0;
  require(producer_runtime_create(&options, &runtime_id) == 0, "no runtime");
  for (int i = 0; i < PRODUCERS; i++)
    require(producer_create(runtime_id, NULL, &ids[i]) == 0, "no producer");
  for (int m = 0; m < MESSAGES; m++)
    for (int i = 0; i < PRODUCERS; i++)
      require(producer_send_message(ids[i], "a message", 9) == 0, "not sent");
  for (int i = 0; i < PRODUCERS; i++) {
    struct producer_stats last = {.size = sizeof last};
    require(producer_close(ids[i], MINUTE_NS, &last) == 0, "close failed");
    require(last.delivered + last.failed == MESSAGES, "messages are missing");
    delivered += last.delivered;
  }
  require(producer_runtime_shutdown(runtime_id, 0) == 0, "shutdown failed");
  return delivered;
}

static uint64_t run(struct broker_options broker, uint64_t timeout_ns) {
  struct server server = {.options = broker, .stop = eventfd(0, EFD_CLOEXEC)};
  uint16_t port;
  char address[32];
  pthread_t thread;
  server.listener = connection_listen("127.0.0.1:0", &port);
  require(server.listener >= 0, "can't listen");
  snprintf(address, sizeof address, "127.0.0.1:%u", port);
  require(pthread_create(&thread, NULL, serve, &server) == 0, "no thread");
  uint64_t delivered = send_to(address, timeout_ns);
  eventfd_write(server.stop, 1);
  pthread_join(thread, NULL);
  close(server.stop);
  return delivered;
}

int main(void) {
  require(run((struct broker_options){0}, MINUTE_NS) == PRODUCERS * MESSAGES, "not delivered");
  require(run((struct broker_options){.die_after = 50}, MINUTE_NS) < 50, "delivered by the dead");
  require(run((struct broker_options){.silent = true}, 50000000) == 0, "delivered in silence");
  return 0;
}
