/* test_demo.c - producer_demo and producer_broker as programs: what they print, log and return. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static struct run run;

/* Runs the demo with arguments separated by blanks. */
static void demo(const char *arguments) {
  char words[512];
  const char *argv[32] = {strdup(built_path("producer_demo"))};
  size_t count = 1;
  cr_assert_lt(strlen(arguments), sizeof words);
  strcpy(words, arguments);
  for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
    argv[count++] = word;
  run_program(&run, argv);
  free((char *)(uintptr_t)argv[0]);
}

Test(demo, it_delivers_every_message) {
  demo("--messages 300 --size 1KiB --round-trip 0 --json");
  cr_assert_eq(run.status, 0);
  cr_assert_str_empty(run.err);
  cr_assert_eq(json_number(run.out, "delivered"), 300);
  cr_assert_eq(json_number(run.out, "delivered_bytes"), 300 * 1024);
  cr_assert_eq(json_number(run.out, "failed"), 0);
  cr_assert_eq(json_number(run.out, "not_sent"), 0);
  cr_assert_eq(json_number(run.out, "batches"), 300);
  cr_assert_eq(json_number(run.out, "blocked_sends"), 0);
}

Test(demo, a_bound_is_kept_and_everything_arrives) {
  demo("--messages 300 --size 100 --round-trip 0 --queue 5 --json");
  cr_assert_eq(run.status, 0);
  cr_assert_eq(json_number(run.out, "delivered"), 300);
  cr_assert_leq(json_number(run.out, "deepest_messages"), 5);
  demo("--messages 300 --size 100 --round-trip 0 --queue 0:450 --payload move --json");
  cr_assert_eq(json_number(run.out, "delivered"), 300);
  cr_assert_leq(json_number(run.out, "deepest_bytes"), 450);
}

Test(demo, what_a_policy_turns_away_is_counted) {
  demo("--messages 200 --size 100 --queue 2 --policy eagain --json");
  cr_assert_eq(run.status, 0);
  cr_assert_eq(json_number(run.out, "delivered") + json_number(run.out, "rejected"), 200);
  demo("--messages 200 --size 100 --queue 2 --policy drop-newest --json");
  cr_assert_eq(json_number(run.out, "delivered") + json_number(run.out, "dropped_newest"), 200);
  demo("--messages 200 --size 100 --queue 2 --policy drop-oldest --payload move --json");
  cr_assert_eq(json_number(run.out, "delivered") + json_number(run.out, "dropped_oldest"), 200);
  cr_assert_eq(json_number(run.out, "enqueued"), 200);
}

Test(demo, producers_take_turns) {
  demo("--messages 301 --producers 3 --receive many:8 --round-trip 0 --json");
  cr_assert_eq(run.status, 0);
  cr_assert_eq(json_number(run.out, "delivered"), 301);
  const char *third = strstr(run.out, "{\"producer\": 3");
  cr_assert_not_null(third);
  cr_assert_eq(json_number(third, "delivered"), 100);
}

Test(demo, the_text_tells_the_figures) {
  demo("--messages 50 --size 1KiB --round-trip 10us");
  cr_assert_eq(run.status, 0);
  const char *const lines[] = {"50 messages of 1.0 KiB", "delivered       50 in",
                               "sender blocked  0 ns in 0 sends", "deepest queue", "acknowledge"};
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
    cr_assert_not_null(strstr(run.out, lines[i]), "%s", lines[i]);
}

struct log {
  unsigned long long rows, delivered, rejected, backwards, bytes;
};

static struct log read_log(const char *path) {
  struct log log = {0};
  char line[512];
  FILE *file = fopen(path, "r");
  cr_assert_not_null(file);
  cr_assert_not_null(fgets(line, sizeof line, file));
  cr_assert_str_eq(line,
                   "producer,sequence,created_ns,enqueued_ns,dequeued_ns,mailed_ns,encoded_ns,"
                   "sent_ns,acknowledged_ns,bytes,outcome\n");
  while (fgets(line, sizeof line, file)) {
    unsigned long long field[10];
    char *at = line;
    for (int i = 0; i < 10; i++) {
      field[i] = strtoull(at, &at, 10);
      cr_assert_eq(*at++, ',', "%s", line);
    }
    bool delivered = strcmp(at, "delivered\n") == 0;
    log.rows++;
    log.delivered += delivered;
    log.rejected += strcmp(at, "rejected\n") == 0;
    log.bytes += field[9];
    for (int i = 3; i < 9 && delivered; i++)
      log.backwards += field[i] < field[i - 1];
  }
  fclose(file);
  return log;
}

Test(demo, the_log_has_a_line_for_each_message) {
  char path[] = "/tmp/producer-demo-log-XXXXXX", arguments[256];
  close(mkstemp(path));
  snprintf(arguments, sizeof arguments,
           "--messages 200 --size 100 --producers 2 --queue 3 --policy eagain --json --log %s",
           path);
  demo(arguments);
  cr_assert_eq(run.status, 0);
  struct log log = read_log(path);
  unlink(path);
  cr_assert_eq(log.rows, 200);
  cr_assert_eq(log.bytes, 200 * 100);
  cr_assert_eq(log.backwards, 0);
  cr_assert_eq(log.delivered, json_number(run.out, "delivered"));
  cr_assert_eq(log.rejected, json_number(run.out, "rejected"));
}

Test(demo, a_wrong_option_is_named_with_its_remedy) {
  const char *const wrong[][2] = {
      {"--nonsense", "--nonsense"},
      {"stray", "stray"},
      {"--messages", "--messages"},
      {"--messages 0", "--messages"},
      {"--messages 5x", "--messages"},
      {"--size 1QiB", "KiB"},
      {"--rate -1", "--rate"},
      {"--producers 0", "--producers"},
      {"--queue 0", "unbounded"},
      {"--queue 5:", "--queue"},
      {"--policy none", "drop-oldest"},
      {"--receive many:1", "--receive"},
      {"--payload steal", "move"},
      {"--round-trip 5", "500us"},
      {"--seed x", "--seed"},
      {"--json=yes", "--json"},
      {"--connect x:1 --round-trip 1ms", "producer_broker"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    demo(wrong[i][0]);
    cr_assert_eq(run.status, 2, "%s: %d", wrong[i][0], run.status);
    cr_assert_not_null(strstr(run.err, wrong[i][1]), "%s: %s", wrong[i][0], run.err);
    cr_assert_str_empty(run.out);
  }
}

Test(demo, help_names_every_option) {
  demo("--help");
  cr_assert_eq(run.status, 0);
  const char *const options[] = {"--messages", "--size",   "--rate",       "--producers",
                                 "--queue",    "--policy", "--receive",    "--payload",
                                 "--seed",     "--json",   "--round-trip", "--log",
                                 "--connect",  "--help",   "Exit status"};
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
    cr_assert_not_null(strstr(run.out, options[i]), "%s", options[i]);
}

Test(demo, what_keeps_it_from_starting_is_status_3) {
  demo("--messages 1 --log /nonexistent/log");
  cr_assert_eq(run.status, 3);
  cr_assert_not_null(strstr(run.err, "/nonexistent/log"));
  demo("--messages 1 --connect nonsense");
  cr_assert_eq(run.status, 3);
  cr_assert_not_null(strstr(run.err, "HOST:PORT"));
}

/* ---- the broker as a program ---- */

struct broker_process {
  pid_t pid;
  FILE *out;
  char address[64];
  char rest[1024]; /* of its output, after its end */
};

/* It goes with the test, however that ends. */
static void start_broker(struct broker_process *broker, const char *option, const char *value) {
  int pipe_ends[2];
  const char *const argv[] = {built_path("producer_broker"), option, value, NULL};
  cr_assert_eq(pipe2(pipe_ends, O_CLOEXEC), 0);
  broker->pid = fork();
  cr_assert_geq(broker->pid, 0);
  if (broker->pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(pipe_ends[1], STDOUT_FILENO);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
  }
  close(pipe_ends[1]);
  broker->out = fdopen(pipe_ends[0], "r");
  cr_assert_eq(fscanf(broker->out, "listening on %63s", broker->address), 1);
}

/* Returns its exit status. */
static int end_broker(struct broker_process *broker, int signal) {
  int status;
  if (signal) kill(broker->pid, signal);
  broker->rest[fread(broker->rest, 1, sizeof broker->rest - 1, broker->out)] = '\0';
  fclose(broker->out);
  cr_assert_eq(waitpid(broker->pid, &status, 0), broker->pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void demo_with(const struct broker_process *broker, const char *arguments) {
  char all[512];
  snprintf(all, sizeof all, "--connect %s %s", broker->address, arguments);
  demo(all);
}

Test(demo, a_broker_of_its_own_gets_every_message) {
  struct broker_process broker;
  start_broker(&broker, "--listen", "127.0.0.1:0");
  demo_with(&broker, "--messages 200 --size 100 --json");
  cr_assert_eq(run.status, 0);
  cr_assert_eq(json_number(run.out, "delivered"), 200);
  demo_with(&broker, "--messages 100 --size 100 --receive many --json");
  cr_assert_eq(json_number(run.out, "delivered"), 100);
  cr_assert_eq(end_broker(&broker, SIGTERM), 0);
  cr_assert_not_null(strstr(broker.rest, "clients 2, refused 0, broken 0"), "%s", broker.rest);
  cr_assert_not_null(strstr(broker.rest, "messages 300, bytes 30000"), "%s", broker.rest);
}

Test(demo, a_broker_that_dies_is_status_1) {
  struct broker_process broker;
  start_broker(&broker, "--die-after", "20");
  demo_with(&broker, "--messages 500 --size 100 --json");
  cr_assert_eq(run.status, 1);
  cr_assert_eq(json_number(run.out, "delivered"), 19);
  cr_assert_eq(19 + json_number(run.out, "failed") + json_number(run.out, "not_sent"), 500);
  cr_assert_gt(json_number(run.out, "failed"), 0);
  cr_assert_eq(end_broker(&broker, 0), 4);
}

Test(demo, a_silent_broker_is_status_1_and_no_hang) {
  struct broker_process broker;
  start_broker(&broker, "--silent", NULL);
  demo_with(&broker, "--messages 50 --size 100 --queue 4 --json");
  cr_assert_eq(run.status, 1);
  cr_assert_eq(json_number(run.out, "delivered"), 0);
  cr_assert_eq(json_number(run.out, "failed") + json_number(run.out, "not_sent"), 50);
  cr_assert_not_null(strstr(run.out, "\"last_error\": \"Connection timed out\""));
  cr_assert_eq(end_broker(&broker, SIGINT), 0);
}

Test(demo, a_slow_broker_is_only_slow) {
  struct broker_process broker;
  start_broker(&broker, "--rate", "5000:1000");
  demo_with(&broker, "--messages 100 --size 100 --json");
  cr_assert_eq(run.status, 0);
  cr_assert_eq(json_number(run.out, "delivered"), 100);
  cr_assert_eq(end_broker(&broker, SIGTERM), 0);
}

Test(demo, the_broker_names_its_wrong_options) {
  const char *const wrong[][2] = {{"--nonsense", NULL},       {"--rate", "0"},
                                  {"--round-trip", "5"},      {"--die-after", "-1"},
                                  {"--max-clients", "99999"}, {"stray", NULL}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    const char *const argv[] = {built_path("producer_broker"), wrong[i][0], wrong[i][1], NULL};
    run_program(&run, argv);
    cr_assert_eq(run.status, 2);
    cr_assert_not_null(strstr(run.err, wrong[i][0]), "%s", run.err);
  }
  const char *const argv[] = {built_path("producer_broker"), "--listen", "nowhere", NULL};
  run_program(&run, argv);
  cr_assert_eq(run.status, 3);
}
