/* support.c - see support.h. */
#include "support.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "producer/connection.h"
#include "producer/thread.h"

extern char **environ;

void witness_init(struct witness *witness, bool gated) {
  memset(witness, 0, sizeof *witness);
  witness->gated = gated;
  sem_init(&witness->reached, 0, 0);
  sem_init(&witness->open, 0, 0);
  pthread_mutex_init(&witness->mutex, NULL);
}

void witness_finished(void *context, const struct producer_delivery *delivery) {
  struct witness *witness = context;
  pthread_mutex_lock(&witness->mutex);
  bool first = witness->count == 0;
  if (witness->count < WITNESS_MAX) witness->deliveries[witness->count] = *delivery;
  witness->count++;
  pthread_mutex_unlock(&witness->mutex);
  if (witness->opens_on_failed && delivery->outcome == PRODUCER_FAILED) gate_open(witness);
  if (!witness->gated || !first) return;
  sem_post(&witness->reached);
  sem_wait(&witness->open);
}

void gate_await(struct witness *witness) {
  sem_wait(&witness->reached);
}
void gate_open(struct witness *witness) {
  sem_post(&witness->open);
}

size_t witness_count(struct witness *witness, enum producer_outcome outcome) {
  size_t count = 0;
  pthread_mutex_lock(&witness->mutex);
  for (size_t i = 0; i < witness->count && i < WITNESS_MAX; i++)
    count += witness->deliveries[i].outcome == (int32_t)outcome;
  pthread_mutex_unlock(&witness->mutex);
  return count;
}

static void *tcp_broker_run(void *argument) {
  struct tcp_broker *tcp = argument;
  broker_serve(&tcp->broker, &tcp->options, tcp->listener, tcp->stop);
  return NULL;
}

void tcp_broker_start(struct tcp_broker *tcp, const struct broker_options *options) {
  uint16_t port = 0;
  tcp->options = *options;
  tcp->stop = eventfd(0, EFD_CLOEXEC);
  tcp->listener = connection_listen("127.0.0.1:0", &port);
  cr_assert_geq(tcp->listener, 0);
  snprintf(tcp->address, sizeof tcp->address, "127.0.0.1:%u", port);
  cr_assert_eq(thread_start(&tcp->thread, tcp_broker_run, tcp), 0);
}

void tcp_broker_stop(struct tcp_broker *tcp) {
  eventfd_write(tcp->stop, 1);
  pthread_join(tcp->thread, NULL);
  close(tcp->stop);
}

const char *built_path(const char *name) {
  static char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 64);
  cr_assert_gt(length, 0);
  path[length] = '\0';
  for (int up = 0; up < 2; up++)
    *strrchr(path, '/') = '\0';
  strcat(strcat(path, "/"), name);
  return path;
}

static void slurp(FILE *file, char *out, size_t size) {
  rewind(file);
  out[fread(out, 1, size - 1, file)] = '\0';
  fclose(file);
}

void run_program(struct run *run, const char *const argv[]) {
  FILE *out = tmpfile(), *err = tmpfile();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(err), STDERR_FILENO);
  pid_t pid;
  cr_assert_eq(posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  int status;
  cr_assert_eq(waitpid(pid, &status, 0), pid);
  run->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  slurp(out, run->out, sizeof run->out);
  slurp(err, run->err, sizeof run->err);
}

uint64_t json_number(const char *json, const char *key) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\": ", key);
  const char *found = strstr(json, quoted);
  cr_assert_not_null(found, "no %s in %s", key, json);
  return strtoull(found + strlen(quoted), NULL, 10);
}

void read_exactly(int fd, void *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    cr_assert_eq(poll(&wait, 1, 20000), 1, "nothing to read");
    ssize_t part = read(fd, (char *)bytes + done, length - done);
    cr_assert_gt(part, 0, "the other end is closed");
    done += (size_t)part;
  }
}

void write_all(int fd, const void *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    cr_assert_eq(poll(&wait, 1, 20000), 1, "no room to write");
    ssize_t part = connection_send(fd, (const char *)bytes + done, length - done);
    cr_assert_geq(part, 0);
    done += (size_t)part;
  }
}
