/* test_story.c - the story end to end: the producer is recorded, and the report says what it must.
 *
 * Counts, orders of magnitude that the queue's bound forces, and who frees what; no times.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

#define MESSAGES 400
#define SIZE 20000
#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number

static json_t *at(json_t *json, const char *key) {
  json_t *value = json_object_get(json, key);
  cr_assert(value, "no '%s'", key);
  return value;
}
static json_int_t number(json_t *json, const char *key) {
  return json_integer_value(at(json, key));
}

/* Records the demo (or what `program` names) and returns its summary, all sites by held; what
 * `dwell check` says of its queues must be that exit code (ANY: whatever). */
enum { ANY = -1 };
static json_t *checked_summary_of(const char *const program[], size_t count, int code) {
  struct command_setup setup = {
      .arguments = {command_built("dwell"), "run", "--no-summary", "-o", "story.dwl", "--"}};
  memcpy(setup.arguments + 6, program, count * sizeof *program);
  struct command *run = command_run(&setup);
  cr_assert_eq(run->status, 0, "%s%s", run->out, run->err);
  char trace[200];
  snprintf(trace, sizeof trace, "%s/story.dwl", run->directory);
  struct command *summary = COMMAND(command_built("dwell"), "summary", "--json", trace);
  cr_assert_eq(summary->status, 0, "%s", summary->err);
  json_t *json = json_loads(summary->out, 0, NULL);
  cr_assert(json);
  struct command *check = COMMAND(command_built("dwell"), "check", "--no-unbounded-queue", trace);
  if (code != ANY) cr_expect_eq(WEXITSTATUS(check->status), code, "%s%s", check->out, check->err);
  command_free(check);
  command_free(summary);
  command_free(run);
  return json;
}

static json_t *demo(const char *queue, const char *payload) {
  const char *program[] = {command_built("producer_demo"),
                           "--messages",
                           TEXT(MESSAGES),
                           "--size",
                           TEXT(SIZE),
                           "--round-trip",
                           "1ms",
                           "--queue",
                           queue,
                           "--payload",
                           payload};
  bool bounded = strcmp(queue, "unbounded") != 0;
  return checked_summary_of(program, sizeof program / sizeof *program, bounded ? 0 : 5);
}

/* The site whose stack begins in that function; NULL when there is none. */
static json_t *site_in(json_t *summary, const char *function) {
  size_t i;
  json_t *site;
  json_array_foreach(at(summary, "sites"), i, site) {
    const char *leaf =
        json_string_value(json_object_get(json_array_get(at(site, "stack"), 0), "function"));
    if (leaf && strcmp(leaf, function) == 0) return site;
  }
  return NULL;
}

static void expect_thread(json_t *site, const char *key, const char *name, json_int_t blocks) {
  json_t *threads = at(site, key), *first = json_array_get(threads, 0);
  cr_expect_eq(json_array_size(threads), 1);
  cr_expect_str_eq(json_string_value(at(first, "name")), name);
  cr_expect_eq(number(first, "blocks"), blocks);
}

Test(story, the_copy_in_the_ffi_layer_holds_most_and_is_handed_to_the_background_thread) {
  json_t *summary = demo("unbounded", "copy"), *top = json_array_get(at(summary, "sites"), 0);
  cr_expect_eq(top, site_in(summary, "payload_clone"));
  cr_expect_eq(number(top, "births"), MESSAGES);
  cr_expect_eq(number(top, "total_bytes"), MESSAGES * SIZE);
  cr_expect_eq(number(top, "at_end_blocks"), 0);
  cr_expect_eq(json_number_value(at(top, "handoff_share")), 1.0);
  expect_thread(top, "birth_threads", "producer_demo", MESSAGES);
  expect_thread(top, "death_threads", "ffi-worker-1", MESSAGES);
  json_t *totals = at(summary, "totals");
  cr_expect_gt(json_number_value(at(top, "held_byte_seconds")),
               json_number_value(at(totals, "held_byte_seconds")) / 2);
  json_decref(summary);
}

/* The only party of a list of threads. */
static void expect_party(json_t *parties, const char *name) {
  json_t *threads = at(parties, "threads");
  cr_expect_eq(json_array_size(threads), 1);
  cr_expect_str_eq(json_string_value(at(json_array_get(threads, 0), "name")), name);
}

static json_t *worst_queue(json_t *summary, const char *kind) {
  json_t *queue = json_array_get(at(summary, "queues"), 0);
  cr_assert(queue, "no queue");
  cr_expect_str_eq(json_string_value(at(queue, "kind")), kind);
  cr_expect_eq(number(queue, "arrivals"), MESSAGES);
  cr_expect_eq(number(queue, "departures"), MESSAGES);
  expect_party(at(queue, "filled_by"), "producer_demo");
  expect_party(at(queue, "drained_by"), "ffi-worker-1");
  return queue;
}

Test(story, the_verdict_names_the_queue_its_bound_and_who_fills_and_drains_it) {
  json_t *unbounded = demo("unbounded", "copy"), *bounded = demo("8", "copy");
  json_t *without = worst_queue(unbounded, "unbounded-queue");
  json_t *with = worst_queue(bounded, "bounded-queue");
  json_t *rho = at(without, "rho"); /* null: all were sent before the first was through */
  cr_expect(json_is_null(rho) || json_number_value(rho) > 1);
  cr_expect(json_is_null(at(without, "bound")));
  cr_expect_str_eq(json_string_value(at(with, "policy")), "blocking");
  /* what the sender and the background thread have in hand counts */
  cr_expect_geq(number(with, "bound"), 8);
  cr_expect_leq(number(with, "bound"), 10);
  json_decref(unbounded);
  json_decref(bounded);
}

Test(story, a_bound_takes_the_peak_away_and_leaves_what_is_delivered) {
  json_t *unbounded = demo("unbounded", "copy"), *bounded = demo("8", "copy");
  json_t *without = site_in(unbounded, "payload_clone"), *with = site_in(bounded, "payload_clone");
  cr_assert(without && with);
  cr_expect_eq(number(with, "births"), number(without, "births"));
  /* the queue's 8, one with the sender, one with the background thread */
  cr_expect_leq(number(with, "max_blocks"), 10);
  cr_expect_gt(number(at(unbounded, "totals"), "peak_bytes"),
               10 * number(at(bounded, "totals"), "peak_bytes"));
  json_decref(unbounded);
  json_decref(bounded);
}

Test(story, a_moved_payload_is_not_copied) {
  json_t *copied = demo("unbounded", "copy"), *moved = demo("unbounded", "move");
  cr_expect_null(site_in(moved, "payload_clone"));
  cr_expect_eq(number(at(copied, "totals"), "births") - number(at(moved, "totals"), "births"),
               MESSAGES);
  json_decref(copied);
  json_decref(moved);
}

Test(story, a_caller_in_python_is_recorded_too) {
  if (access("/usr/bin/python3", X_OK) != 0) cr_skip_test("no /usr/bin/python3");
  char script[4096];
  cr_assert(realpath("tests/producer/ctypes_demo.py", script));
  const char *program[] = {"/usr/bin/python3", script, command_built("libproducer.so")};
  /* 200 messages in a third of a millisecond: a burst, or the fill of a queue, as one likes */
  json_t *summary = checked_summary_of(program, 3, ANY), *site = site_in(summary, "payload_clone");
  cr_assert(site, "no site in payload_clone");
  cr_expect_gt(number(site, "births"), 0);
  cr_expect_eq(number(site, "at_end_blocks"), 0);
  cr_expect_eq(json_number_value(at(site, "handoff_share")), 1.0);
  json_decref(summary);
}
