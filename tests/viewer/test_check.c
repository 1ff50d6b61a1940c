/* test_check.c - `dwell check`: rules on hand-made diagnoses, and the command's exit codes on
 * hand-written traces. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <limits.h>
#include <string.h>

#include "queues.h"
#include "reported.h"
#include "story.h"
#include "viewer/check_rules.h"
#include "viewer/commands.h"

/* ---- rules ------------------------------------------------------------------------------ */

static void expect_lines(const struct report *report, struct check_rules rules, size_t expected,
                         const char *text) {
  struct page page;
  size_t broken;
  page_open(&page, INT_MAX, false, true);
  cr_assert_eq(check_rules_hold_against(&rules, report, &page.terminal, &broken), 0);
  cr_expect_eq(broken, expected, "%zu broken", broken);
  cr_expect_str_eq(page_text(&page), text);
  page_close(&page);
}

static const struct check_rules no_unbounded = {.no_unbounded_queue = true};

static struct check_rules growth(double most) {
  return (struct check_rules){.limit_growth = true, .growth = most};
}

Test(check, an_unbounded_queue_is_named_with_its_places) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  queues_one(&reported.report, QUEUE_UNBOUNDED);
  expect_lines(&reported.report, no_unbounded, 1,
               "no-unbounded-queue: queue 1 has no bound: 2.88 MiB, rho 6.2; filled at story+0x100 "
               "via story+0x400, drained at story+0x900\n");
  free_reported(&reported);
}

Test(check, a_rule_that_several_queues_break_has_one_line) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  struct diagnosis *diagnosis = queues_all(&reported.report);
  diagnosis->queues[1].kind = QUEUE_UNBOUNDED;
  expect_lines(&reported.report, no_unbounded, 1,
               "no-unbounded-queue: queue 1 has no bound: 2.88 MiB, rho 6.2; filled at story+0x100 "
               "via story+0x400, drained at story+0x900; and 1 more\n");
  free_reported(&reported);
}

Test(check, no_other_kind_is_an_unbounded_queue) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  for (int kind = QUEUE_UNBOUNDED + 1; kind < QUEUE_KINDS; kind++) {
    queues_one(&reported.report, (enum queue_kind)kind);
    expect_lines(&reported.report, no_unbounded, 0, "");
  }
  free_reported(&reported);
}

Test(check, lifetimes_may_grow_up_to_the_limit_and_only_in_queues) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  queues_one(&reported.report, QUEUE_UNBOUNDED);
  expect_lines(&reported.report, growth(5.25), 0, "");
  expect_lines(
      &reported.report, growth(3.9), 1,
      "max-lifetime-growth: in queue 1 (unbounded-queue) a message stays 5.25 s longer for "
      "each second of running, more than 3.90 s; filled at story+0x100 via story+0x400, "
      "drained at story+0x900\n");
  queues_one(&reported.report, QUEUE_CACHE);
  expect_lines(&reported.report, growth(0), 0, "");
  queues_one(&reported.report, QUEUE_STALLED); /* its slope is not known */
  expect_lines(&reported.report, growth(0), 0, "");
  free_reported(&reported);
}

Test(check, a_peak_and_what_is_left_may_be_as_much_as_the_limit) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  struct diagnosis none = {.duration_ns = 1000000000};
  reported.report.diagnosis = &none;
  uint64_t peak = reported.report.profile->peak.bytes; /* 39 messages, config, one of scratch */
  cr_assert_gt(peak, 38000);
  struct check_rules rules = {.limit_peak = true, .peak_bytes = peak};
  expect_lines(&reported.report, rules, 0, "");
  rules.peak_bytes = 10240;
  expect_lines(&reported.report, rules, 1,
               "max-peak: 37.4 KiB at the peak, more than 10.0 KiB; 99.2% of it from story+0x400 "
               "(--site 5)\n");
  rules = (struct check_rules){.limit_end = true, .end_bytes = 1000};
  expect_lines(&reported.report, rules, 0, "");
  rules.end_bytes = 999;
  expect_lines(&reported.report, rules, 1,
               "max-end: 1000 B never freed, more than 999 B; 100% of it from story+0x400 "
               "(--site 5)\n");
  free_reported(&reported);
}

Test(check, names_can_not_send_escape_sequences_or_break_the_line) {
  struct reported reported = report_of(story_begin(NULL, STORY_HOSTILE));
  queues_one(&reported.report, QUEUE_UNBOUNDED);
  struct page page;
  size_t broken;
  struct check_rules rules = {.no_unbounded_queue = true, .limit_peak = true};
  page_open(&page, INT_MAX, false, true);
  cr_assert_eq(check_rules_hold_against(&rules, &reported.report, &page.terminal, &broken), 0);
  size_t lines = 0;
  for (const char *at = page_text(&page); *at; at++) {
    lines += *at == '\n';
    cr_assert(*at == '\n' || (unsigned char)*at >= 0x20, "control character %d", *at);
  }
  cr_expect_eq(lines, 2);
  page_close(&page);
  free_reported(&reported);
}

/* ---- the command ------------------------------------------------------------------------ */

static void quiet(void) {
  cr_redirect_stdout();
  cr_redirect_stderr();
}

#define CHECK(...) run_check((char *[]){(char[]){"check"}, __VA_ARGS__, NULL})
static int run_check(char *arguments[]) {
  int count = 0;
  while (arguments[count])
    count++;
  return check_command(count, arguments);
}

Test(check, the_exit_code_says_whether_the_rules_hold, .init = quiet) {
  struct trace_writer *writer = story_begin(NULL, STORY_UNBOUNDED);
  writer_finish(writer);
  char *path = (char *)writer_path(writer);
  cr_expect_eq(CHECK("--max-peak", "1MiB", path), DWELL_OK);
  cr_expect_eq(CHECK("--max-peak", "1KiB", path), DWELL_BROKEN);
  cr_expect_eq(CHECK("--max-peak", "1MiB", "--max-end", "0", path), DWELL_BROKEN);
  cr_expect_eq(CHECK("--max-peak", "1MiB", "/nonexistent/trace"), DWELL_UNREADABLE);
  writer_free(writer);
}

Test(check, a_damaged_trace_does_not_pass_but_a_broken_rule_wins, .init = quiet) {
  struct trace_writer *writer = story_begin(NULL, STORY_UNBOUNDED);
  writer_seal(writer, 2);
  writer_seal(writer, 1);
  writer_finish(writer);
  writer_flip(writer, writer_chunk_offset(writer, 2, 1) + 100, 1);
  char *path = (char *)writer_path(writer);
  cr_expect_eq(CHECK("--max-peak", "1MiB", path), DWELL_PARTIAL);
  cr_expect_eq(CHECK("--max-peak", "1KiB", path), DWELL_BROKEN);
  writer_free(writer);
}

Test(check, wrong_usage_names_the_rule_and_the_remedy, .init = quiet) {
  cr_expect_eq(CHECK("trace"), DWELL_USAGE);
  cr_expect_eq(CHECK("--no-unbounded-queue"), DWELL_USAGE);
  cr_expect_eq(CHECK("--no-unbounded-queue", "a", "b"), DWELL_USAGE);
  cr_expect_eq(CHECK("--max-peak", "1.5x", "trace"), DWELL_USAGE);
  cr_expect_eq(CHECK("--max-lifetime-growth", "-1", "trace"), DWELL_USAGE);
  cr_expect_eq(CHECK("--max-lifetime-growth", "inf", "trace"), DWELL_USAGE);
  fflush(stderr);
  char said[2048] = "";
  FILE *errors = cr_get_redirected_stderr();
  size_t size = fread(said, 1, 200, errors);
  cr_expect_gt(size, 0);
  cr_expect(strstr(said, "give a rule: --no-unbounded-queue, --max-peak SIZE, --max-end SIZE or "
                         "--max-lifetime-growth X"),
            "%s", said);
}
