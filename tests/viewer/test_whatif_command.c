/* test_whatif_command.c - dwell whatif on hand-written traces: its report, its JSON, what it says
 * to wrong command lines.
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <locale.h>
#include <string.h>

#include "command_line.h"
#include "golden.h"
#include "reported.h"
#include "story.h"
#include "viewer/commands.h"
#include "viewer/report_whatif.h"

enum { US = 1000, MESSAGES = 500, SENDER = 3, WORKER = 4, COPY = 11 };

/* A sender sends 500 messages of 1,000 bytes, one each 100 us or so. A worker takes `at_once` of
 * them when there are so many, needs 900 us and 100 more for each, and frees them together. The run
 * ends at a second. */
static struct trace_writer *trace_of(size_t at_once) {
  struct trace_writer *writer = story_begin(NULL, STORY_BOUNDED);
  uint32_t sender = writer_lane(writer), worker = writer_lane(writer);
  uint64_t births[MESSAGES], birth = 0, free_at = 0, random = 1;
  writer_thread(writer, sender, 0, SENDER, 102, "many-sender");
  writer_thread(writer, worker, 0, WORKER, 103, "slow-worker");
  writer_node(writer, sender, COPY, 4, 2, 0x30);
  for (size_t i = 0; i < MESSAGES; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    births[i] = birth += (60 + (random >> 33) % 80) * US;
    writer_birth(writer, sender, birth, 0x1000000 + i * 0x1000, 1000, COPY);
  }
  for (size_t i = 0; i < MESSAGES;) {
    size_t end = i + 1;
    uint64_t begin = free_at > births[i] ? free_at : births[i];
    while (end < MESSAGES && end - i < at_once && births[end] <= begin)
      end++;
    free_at = begin + (900 + 100 * (end - i)) * US;
    for (; i < end; i++)
      writer_death(writer, worker, free_at, 0x1000000 + i * 0x1000, 10);
  }
  return writer;
}

static struct report open_report(struct trace_writer *writer) {
  struct report report;
  setlocale(LC_CTYPE, "C.UTF-8");
  writer_finish(writer);
  cr_assert_eq(report_open(&report, "whatif", writer_path(writer), NULL), 0);
  return report;
}

static struct outlook outlook_of(const struct report *report, struct outlook_options options) {
  struct outlook outlook;
  cr_assert_eq(report->diagnosis->queues[0].kind, QUEUE_UNBOUNDED);
  cr_assert_eq(outlook_make(report->diagnosis, &report->diagnosis->queues[0], &options, &outlook),
               0);
  return outlook;
}

static void assert_text(const char *name, size_t at_once, struct outlook_options options,
                        int width) {
  struct trace_writer *writer = trace_of(at_once);
  struct report report = open_report(writer);
  struct outlook outlook = outlook_of(&report, options);
  struct page page;
  page_open(&page, width, false, true);
  report_whatif(&page.terminal, &report, &outlook);
  golden_assert(name, page_text(&page));
  cr_expect_leq(widest_line(page_text(&page)), (size_t)width);
  page_close(&page);
  outlook_free(&outlook);
  report_close(&report);
  writer_free(writer);
}

/* ---- reports ---------------------------------------------------------------------------- */

Test(whatif_command, the_report_says_what_a_bound_brings) {
  assert_text("whatif.txt", 1, (struct outlook_options){0}, 100);
}

Test(whatif_command, a_narrow_report_has_the_columns_that_matter_most) {
  assert_text("whatif_narrow.txt", 1, (struct outlook_options){0}, 48);
}

Test(whatif_command, one_by_one_the_ends_of_what_batches_can_bring_are_shown) {
  assert_text("whatif_receive.txt", 1, (struct outlook_options){.receive = 64}, 100);
}

Test(whatif_command, batches_of_different_sizes_tell_what_others_take) {
  static const uint64_t bounds[] = {4, 20};
  assert_text("whatif_batches.txt", 6, (struct outlook_options){bounds, 2, 12}, 100);
}

Test(whatif_command, where_threads_could_wait_for_each_other_that_is_said_first) {
  struct trace_writer *writer = trace_of(1);
  struct report report = open_report(writer);
  struct queue *queue = &report.diagnosis->queues[0];
  for (size_t i = 0; i < queue->message_count; i++)
    queue->messages[i].birth_thread = WORKER;
  struct outlook outlook = outlook_of(&report, (struct outlook_options){0});
  struct page page;
  page_open(&page, 100, false, true);
  report_whatif(&page.terminal, &report, &outlook);
  golden_assert("whatif_cycle.txt", page_text(&page));
  page_close(&page);
  outlook_free(&outlook);
  report_close(&report);
  writer_free(writer);
}

static json_int_t integer_of(json_t *object, const char *key) {
  return json_integer_value(json_object_get(object, key));
}

Test(whatif_command, json_has_the_same_figures) {
  struct trace_writer *writer = trace_of(1);
  struct report report = open_report(writer);
  static const uint64_t bounds[] = {64, 8};
  struct outlook outlook = outlook_of(&report, (struct outlook_options){bounds, 2, 0});
  json_t *json = report_whatif_json(&outlook), *all = json_object_get(json, "bounds");
  json_t *first = json_array_get(all, 0), *recorded = json_object_get(json, "recorded");
  cr_expect_str_eq(json_string_value(json_object_get(json, "kind")), "unbounded-queue");
  cr_expect_eq(integer_of(json, "id"), 1);
  cr_expect_eq(json_array_size(all), 2);
  cr_expect_eq(integer_of(first, "bound"), 64);
  cr_expect_eq(integer_of(first, "peak_messages"), 66);
  cr_expect_eq(integer_of(first, "peak_bytes"), 66000);
  cr_expect_eq(integer_of(json_array_get(all, 1), "peak_messages"), 10);
  cr_expect_eq(integer_of(first, "finish_ns"), 1000 * 1000 * US);
  cr_expect_eq(integer_of(recorded, "finish_ns"), 1000 * 1000 * US);
  cr_expect(json_is_null(json_object_get(recorded, "bound")));
  cr_expect_eq(integer_of(recorded, "sender_wait_ns"), 0);
  cr_expect_gt(integer_of(first, "sender_wait_ns"), 0);
  cr_expect_eq(integer_of(json, "recommended_bound"), 1);
  cr_expect_eq(json_array_size(json_object_get(json, "doubts")), 0);
  cr_expect(json_is_null(json_object_get(json, "batching")));
  json_decref(json);
  outlook_free(&outlook);
  report_close(&report);
  writer_free(writer);
}

Test(whatif_command, json_tells_what_is_known_of_batches) {
  struct trace_writer *writer = trace_of(6);
  struct report report = open_report(writer);
  struct outlook outlook = outlook_of(&report, (struct outlook_options){.receive = 12});
  json_t *json = report_whatif_json(&outlook), *batching = json_object_get(json, "batching");
  cr_expect(json_is_true(json_object_get(batching, "known")));
  cr_expect_float_eq(json_real_value(json_object_get(batching, "fixed_ns")), 900 * US, 1);
  cr_expect_float_eq(json_real_value(json_object_get(batching, "each_ns")), 100 * US, 1);
  cr_expect_eq(integer_of(batching, "size"), 6);
  cr_expect_eq(integer_of(batching, "receive"), 12);
  cr_expect(json_is_object(json_object_get(batching, "if_per_batch")));
  json_decref(json);
  outlook_free(&outlook);
  report_close(&report);
  writer_free(writer);
}

/* ---- command lines ---------------------------------------------------------------------- */

#define WHATIF(code, message, ...) SAYS(whatif_command, code, message, "whatif", __VA_ARGS__)

Test(whatif_command, a_bound_is_a_number_above_0) {
  WHATIF(DWELL_USAGE,
         "dwell whatif: --bound: '8,0' is not a list of at most 64 bounds, in messages; write "
         "8,64,512\n",
         "--bound", "8,0", "x");
}

Test(whatif_command, a_list_of_bounds_has_no_gaps) {
  WHATIF(DWELL_USAGE,
         "dwell whatif: --bound: '8,,64' is not a list of at most 64 bounds, in messages; write "
         "8,64,512\n",
         "--bound", "8,,64", "x");
}

Test(whatif_command, all_is_no_bound) {
  WHATIF(DWELL_USAGE,
         "dwell whatif: --bound: 'all' is not a list of at most 64 bounds, in messages; write "
         "8,64,512\n",
         "--bound", "all", "x");
}

Test(whatif_command, only_many_can_be_received) {
  WHATIF(DWELL_USAGE, "dwell whatif: --receive: 'one' is not 'many', or 'many:N'\n", "--receive",
         "one", "x");
}

Test(whatif_command, a_trace_must_be_named) {
  WHATIF(DWELL_USAGE, "dwell whatif: name a trace; 'dwell whatif --help' shows how\n", "--json");
}

Test(whatif_command, a_queue_that_is_not_there_is_wrong_usage) {
  char message[400];
  struct trace_writer *writer = trace_of(1);
  struct report report = open_report(writer);
  snprintf(message, sizeof message,
           "dwell whatif: --queue: %s has no queue 77; there are 1 to %zu, 'dwell summary %s' "
           "shows them\n",
           writer_path(writer), report.diagnosis->count, writer_path(writer));
  WHATIF(DWELL_USAGE, message, "--queue", "77", writer_path(writer));
  report_close(&report);
  writer_free(writer);
}

static int whatif(const char *option, const char *value, const char *path) {
  char *argv[] = {(char *)"whatif", (char *)option, (char *)value, (char *)path, NULL};
  return whatif_command(4, argv);
}

Test(whatif_command, exit_codes_are_those_of_the_other_reports) {
  cr_redirect_stdout();
  cr_redirect_stderr();
  struct trace_writer *writer = trace_of(1);
  writer_seal(writer, WORKER);
  writer_finish(writer);
  cr_expect_eq(whatif("--queue", "1", writer_path(writer)), DWELL_OK);
  cr_expect_eq(whatif("--json", "--color=never", writer_path(writer)), DWELL_OK);
  cr_expect_eq(whatif("--queue", "1", "/dev/null"), DWELL_UNREADABLE);
  writer_flip(writer, writer_chunk_offset(writer, WORKER, 1) + 100, 1);
  cr_expect_eq(whatif("--color", "never", writer_path(writer)), DWELL_PARTIAL);
  writer_free(writer);
}

Test(whatif_command, without_an_unbounded_queue_there_is_nothing_to_bound) {
  struct trace_writer *writer = story_begin(NULL, STORY_BOUNDED);
  struct report report = open_report(writer);
  struct page page;
  page_open(&page, 100, false, true);
  report_whatif_none(&page.terminal, &report);
  cr_expect(strstr(page_text(&page), "No unbounded queue was found"));
  cr_redirect_stdout();
  cr_expect_eq(whatif("--color", "never", writer_path(writer)), DWELL_OK);
  page_close(&page);
  report_close(&report);
  writer_free(writer);
}

Test(whatif_command, a_queue_that_nothing_leaves_has_no_prediction) {
  struct trace_writer *writer = story_begin(NULL, STORY_BOUNDED);
  uint32_t sender = writer_lane(writer);
  writer_thread(writer, sender, 0, SENDER, 102, "many-sender");
  writer_node(writer, sender, COPY, 4, 2, 0x30);
  for (uint64_t i = 0; i < MESSAGES; i++)
    writer_birth(writer, sender, i * 1000 * US, 0x1000000 + i * 0x1000, 1000, COPY);
  struct report report = open_report(writer);
  const struct outlook_options options = {0};
  const struct queue *queue = &report.diagnosis->queues[0];
  struct outlook outlook;
  cr_assert_eq(queue->kind, QUEUE_STALLED);
  cr_assert_eq(outlook_make(report.diagnosis, queue, &options, &outlook), 0);
  cr_expect(!outlook.departs);
  json_t *json = report_whatif_json(&outlook);
  cr_expect(json_is_null(json_object_get(json, "recommended_bound")));
  cr_expect(json_is_null(json_object_get(json, "recorded")));
  cr_expect_eq(json_array_size(json_object_get(json, "bounds")), 0);
  struct page page;
  page_open(&page, 100, false, true);
  report_whatif(&page.terminal, &report, &outlook);
  cr_expect(strstr(page_text(&page), "Nothing ever left it"));
  page_close(&page);
  json_decref(json);
  outlook_free(&outlook);
  report_close(&report);
  writer_free(writer);
}
