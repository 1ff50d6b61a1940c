/* test_diff.c - two hand-written runs side by side, and what commands say to wrong command lines.
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "command_line.h"
#include "golden.h"
#include "story.h"
#include "viewer/commands.h"
#include "viewer/report_diff.h"

struct pair {
  struct report runs[2];
  struct comparison comparison;
};

static struct pair pair_make(struct trace_writer *a, struct trace_writer *b,
                             enum comparison_key key) {
  struct pair pair = {0};
  struct trace_writer *writers[] = {a, b};
  setlocale(LC_CTYPE, "C.UTF-8");
  for (int run = 0; run < 2; run++) {
    writer_finish(writers[run]);
    cr_assert_eq(report_open(&pair.runs[run], "diff", writer_path(writers[run]), NULL), 0);
    writer_free(writers[run]);
  }
  cr_assert_eq(comparison_make(pair.runs, key, &pair.comparison), 0);
  return pair;
}

static void pair_free(struct pair *pair) {
  comparison_free(&pair->comparison);
  report_close(&pair->runs[0]);
  report_close(&pair->runs[1]);
}

Test(diff, sites_match_by_their_stacks_and_the_most_changed_comes_first) {
  struct pair pair =
      pair_make(story_begin(NULL, STORY_UNBOUNDED), story_begin(NULL, STORY_BOUNDED), COMPARE_HELD);
  cr_assert_eq(pair.comparison.count, 3);
  const struct compared_site *first = &pair.comparison.sites[0];
  cr_assert_eq(first->runs[0].sites, 1);
  cr_assert_eq(first->runs[1].sites, 1);
  cr_assert_eq(first->runs[0].births, 40);
  cr_assert_eq(first->runs[1].births, 40);
  cr_assert_eq(first->runs[0].at_end_bytes, 1000);
  cr_assert_eq(first->runs[1].at_end_bytes, 0);
  cr_assert_float_eq(first->runs[0].held_byte_seconds, 18384, 1e-6);
  cr_assert_float_eq(first->runs[1].held_byte_seconds, 40 * 5, 1e-6);
  cr_assert_float_eq(comparison_figure(&first->runs[1], COMPARE_LIFETIME), 5e6, 1);
  pair_free(&pair);
}

/* Site 11 is called from another address of the same file: without symbols another site. Site 12 is
 * node 6 again, under another id. */
static struct trace_writer *with_more_sites(void) {
  struct trace_writer *writer = story_begin(NULL, STORY_BOUNDED);
  writer_node(writer, 1, 11, 2, 1, 0x1100);
  writer_node(writer, 1, 12, 2, 1, 0x600);
  writer_birth(writer, 1, 400000000, 0x9000, 5000, 11);
  writer_birth(writer, 1, 400000000, 0xb000, 70, 12);
  return writer;
}

Test(diff, a_site_of_one_run_only_is_marked_and_equal_stacks_are_merged) {
  struct pair pair = pair_make(story_begin(NULL, STORY_BOUNDED), with_more_sites(), COMPARE_TOTAL);
  cr_assert_eq(pair.comparison.count, 4);
  const struct compared_site *added = &pair.comparison.sites[0];
  cr_assert_eq(added->runs[0].sites, 0);
  cr_assert_eq(added->runs[1].sites, 1);
  cr_assert_eq(added->runs[1].total_bytes, 5000);
  const struct compared_site *merged = &pair.comparison.sites[1];
  cr_assert_eq(merged->runs[0].sites, 1);
  cr_assert_eq(merged->runs[1].sites, 2);
  cr_assert_eq(merged->runs[1].total_bytes, merged->runs[0].total_bytes + 70);
  pair_free(&pair);
}

Test(diff, it_says_in_a_sentence_what_changed) {
  struct pair pair =
      pair_make(story_begin(NULL, STORY_UNBOUNDED), story_begin(NULL, STORY_BOUNDED), COMPARE_HELD);
  char *text;
  size_t size;
  struct run_info infos[] = {*pair.runs[0].info, *pair.runs[1].info};
  infos[0].path = "unbounded.dwl"; /* the real ones differ in every run of the test */
  infos[1].path = "bounded.dwl";
  pair.runs[0].info = &infos[0];
  pair.runs[1].info = &infos[1];
  struct terminal terminal = {.out = open_memstream(&text, &size), .width = 80, .unicode = true};
  report_diff_text(&terminal, pair.runs, &pair.comparison, COMPARE_HELD, 2);
  fclose(terminal.out);
  golden_assert("diff.txt", text);
  free(text);
  pair_free(&pair);
}

static void assert_diff_says(enum story a, enum story b, const char *what) {
  struct pair pair = pair_make(story_begin(NULL, a), story_begin(NULL, b), COMPARE_HELD);
  char *text;
  size_t size;
  struct terminal terminal = {.out = open_memstream(&text, &size), .width = 300, .unicode = true};
  report_diff_text(&terminal, pair.runs, &pair.comparison, COMPARE_HELD, 1);
  fclose(terminal.out);
  cr_assert_not_null(strstr(text, what), "%s", text);
  free(text);
  pair_free(&pair);
}

Test(diff, runs_that_were_recorded_in_different_ways_are_told_apart) {
  assert_diff_says(STORY_UNBOUNDED, STORY_FOLDED, "its peak may be up to 576 B higher");
  assert_diff_says(STORY_UNBOUNDED, STORY_SAMPLED, "one is an estimate and the other is not");
  assert_diff_says(STORY_SAMPLED, STORY_SAMPLED, "both are estimates");
}

Test(diff, folding_changes_no_figure_but_the_peak) {
  struct pair pair =
      pair_make(story_begin(NULL, STORY_UNBOUNDED), story_begin(NULL, STORY_FOLDED), COMPARE_TOTAL);
  const struct compared *exact = &pair.comparison.runs[0], *folded = &pair.comparison.runs[1];
  cr_assert_eq(exact->births, folded->births);
  cr_assert_eq(exact->total_bytes, folded->total_bytes);
  cr_assert_eq(exact->at_end_bytes, folded->at_end_bytes);
  cr_assert_eq(exact->lives, folded->lives);
  cr_assert_float_eq(exact->held_byte_seconds, folded->held_byte_seconds, 1e-6);
  cr_assert_float_eq(exact->lifetime_sum_ns, folded->lifetime_sum_ns, 1e-3);
  pair_free(&pair);
}

/* ---- command lines ---------------------------------------------------------------------- */

Test(commands, an_unknown_option_is_named_with_the_remedy) {
  SAYS(summary_command, DWELL_USAGE,
       "dwell summary: unknown option --bogus; 'dwell summary --help' lists the options\n",
       "summary", "--bogus", "x");
}

Test(commands, a_short_option_that_is_unknown_is_named_too) {
  SAYS(diff_command, DWELL_USAGE,
       "dwell diff: unknown option -x; 'dwell diff --help' lists the options\n", "diff", "-x");
}

Test(commands, an_option_without_its_value_is_named) {
  SAYS(summary_command, DWELL_USAGE,
       "dwell summary: --sort: a value is missing, or one is given that it doesn't take; 'dwell "
       "summary --help' lists the options\n",
       "summary", "x", "--sort");
}

Test(commands, an_unknown_sort_key_gets_the_list_of_keys) {
  SAYS(summary_command, DWELL_USAGE,
       "dwell summary: --sort: 'size' is not a key to sort by; use held, total, at_peak, at_end, "
       "lifetime or blocks\n",
       "summary", "--sort", "size", "x");
}

Test(commands, a_bad_expression_says_what_is_wrong_with_it) {
  SAYS(
      summary_command, DWELL_USAGE,
      "dwell summary: --grep: '(' is not a POSIX extended regular expression: Unmatched ( or \\(\n",
      "summary", "--grep", "(", "x");
}

Test(commands, a_trace_must_be_named) {
  SAYS(summary_command, DWELL_USAGE,
       "dwell summary: name a trace; 'dwell summary --help' shows how\n", "summary");
}

Test(commands, a_diff_takes_two_traces) {
  SAYS(diff_command, DWELL_USAGE,
       "dwell diff: name two traces, A and B; 'dwell diff --help' shows how\n", "diff", "a");
}

static int summarise(char *option, char *value, const char *path) {
  char *argv[] = {(char *)"summary", option, value, (char *)path, NULL};
  return summary_command(4, argv);
}

Test(commands, a_file_that_is_no_trace_has_an_exit_code_of_its_own) {
  cr_redirect_stderr();
  cr_assert_eq(summarise("--top", "1", "/dev/null"), DWELL_UNREADABLE);
  cr_assert_eq(summarise("--top", "1", "/nonexistent/trace"), DWELL_UNREADABLE);
}

Test(commands, a_trace_with_lost_events_is_reported_with_an_exit_code_that_says_so) {
  cr_redirect_stdout();
  struct trace_writer *writer = story_begin(NULL, STORY_UNBOUNDED);
  writer_seal(writer, 2);
  writer_finish(writer);
  cr_assert_eq(summarise("--top", "1", writer_path(writer)), DWELL_OK);
  writer_flip(writer, writer_chunk_offset(writer, 2, 1) + 100, 1);
  cr_assert_eq(summarise("--top", "1", writer_path(writer)), DWELL_PARTIAL);
  writer_free(writer);
}

Test(commands, a_site_that_is_not_there_is_wrong_usage) {
  cr_redirect_stderr();
  struct trace_writer *writer = story_begin(NULL, STORY_UNBOUNDED);
  writer_finish(writer);
  cr_assert_eq(summarise("--site", "4711", writer_path(writer)), DWELL_USAGE);
  writer_free(writer);
}

Test(commands, a_report_that_can_not_be_written_fails) {
  struct trace_writer *writer = story_begin(NULL, STORY_UNBOUNDED);
  writer_finish(writer);
  cr_assert(freopen("/dev/full", "w", stdout));
  cr_redirect_stderr();
  cr_assert_eq(summarise("--top", "1", writer_path(writer)), DWELL_FAILED);
  writer_free(writer);
}
