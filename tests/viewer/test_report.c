/* test_report.c - reports of hand-written traces, against golden files and by their structure. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "reported.h"
#include "story.h"

static void put_summary(struct page *page, struct reported *reported,
                        struct selection_options options) {
  struct selection selection;
  cr_assert_eq(select_sites(reported->report.file, reported->report.profile,
                            reported->report.symbols, &options, &selection),
               0);
  report_title(&page->terminal, &reported->report);
  terminal_end(&page->terminal);
  report_head(&page->terminal, &reported->report);
  terminal_end(&page->terminal);
  report_sites(&page->terminal, &reported->report, &selection, &options);
  report_problems(&page->terminal, &reported->report, NULL);
  select_free(&selection);
}

static void assert_summary(const char *name, enum story story, int width, bool colour, bool unicode,
                           struct selection_options options) {
  struct reported reported = report_of(story_begin(NULL, story));
  struct page page;
  page_open(&page, width, colour, unicode);
  put_summary(&page, &reported, options);
  golden_assert(name, page_text(&page));
  page_close(&page);
  free_reported(&reported);
}

/* ---- text ------------------------------------------------------------------------------- */

Test(report, the_summary_leads_with_what_holds_most) {
  assert_summary("summary.txt", STORY_UNBOUNDED, 100, false, true, (struct selection_options){0});
}

Test(report, the_summary_fits_a_narrow_terminal) {
  assert_summary("summary-60.txt", STORY_UNBOUNDED, 60, false, true,
                 (struct selection_options){.top = 1});
}

Test(report, colour_marks_what_matters_and_dims_the_rest) {
  assert_summary("summary-colour.txt", STORY_UNBOUNDED, 100, true, true,
                 (struct selection_options){.top = 1});
}

Test(report, without_unicode_ascii_stands_in) {
  assert_summary("summary-ascii.txt", STORY_UNBOUNDED, 100, false, false,
                 (struct selection_options){.top = 1});
}

Test(report, names_can_not_send_escape_sequences_to_the_terminal) {
  struct reported reported = report_of(story_begin(NULL, STORY_HOSTILE));
  struct page page;
  page_open(&page, 100, false, true);
  put_summary(&page, &reported, (struct selection_options){0});
  for (const char *at = page_text(&page); *at; at++)
    cr_assert(*at == '\n' || (unsigned char)*at >= 0x20, "control character %d", *at);
  page_close(&page);
  free_reported(&reported);
}

Test(report, no_line_is_wider_than_the_terminal) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  for (int width = 40; width <= 160; width += 7) {
    struct page page;
    page_open(&page, width, false, true);
    put_summary(&page, &reported, (struct selection_options){0});
    cr_assert_leq(widest_line(page_text(&page)), (size_t)width);
    page_close(&page);
  }
  free_reported(&reported);
}

Test(report, a_folded_trace_says_what_was_only_counted_and_what_is_uncertain) {
  assert_summary("summary-folded.txt", STORY_FOLDED, 100, false, true,
                 (struct selection_options){0});
}

Test(report, a_sample_says_that_it_is_one_and_how_sure_its_figures_are) {
  assert_summary("summary-sampled.txt", STORY_SAMPLED, 100, false, true,
                 (struct selection_options){0});
}

Test(report, a_trace_that_has_reached_its_limit_says_so) {
  struct trace_writer *writer = story_begin(NULL, STORY_UNBOUNDED);
  writer_control(writer)->stop = TRACE_STOP_SIZE;
  writer_control(writer)->stop_ticks = WRITER_START_TICKS + 900000000;
  struct reported reported = report_of(writer);
  struct page page;
  page_open(&page, 200, false, true);
  report_head(&page.terminal, &reported.report);
  cr_assert_not_null(strstr(page_text(&page), "the trace has reached its size limit"));
  page_close(&page);
  free_reported(&reported);
}

static void assert_site(const char *name, enum story story, uint32_t site, int width) {
  struct trace_writer *writer = story_begin(NULL, story);
  struct reported reported = report_of(writer);
  struct trace_file *file;
  struct profile *profile;
  struct timeline timeline = {.stack = site};
  char message[512];
  cr_assert_eq(trace_file_open(writer_path(writer), &file, message), 0);
  cr_assert_eq(trace_file_profile(file, &profile, &timeline, NULL, NULL), 0);
  reported.report.depth = 0;
  struct page page;
  page_open(&page, width, false, true);
  report_site(&page.terminal, &reported.report, profiled_site(&reported.profiled, site), &timeline);
  golden_assert(name, page_text(&page));
  cr_assert_leq(widest_line(page_text(&page)), (size_t)width);
  page_close(&page);
  profile_free(profile);
  trace_file_close(file);
  free_reported(&reported);
}

Test(report, a_site_with_folded_blocks_says_that_nobody_knows_where_they_died) {
  assert_site("site-folded.txt", STORY_FOLDED, STORY_SCRATCH, 100);
}

Test(report, a_site_shows_everything_that_is_known_of_it) {
  assert_site("site.txt", STORY_UNBOUNDED, STORY_COPY, 100);
  assert_site("site-60.txt", STORY_UNBOUNDED, STORY_COPY, 60);
}

Test(report, a_damaged_trace_says_what_is_missing) {
  struct trace_writer *writer = story_begin(NULL, STORY_UNBOUNDED);
  writer_seal(writer, 2);
  writer_seal(writer, 1);
  writer_finish(writer);
  writer_flip(writer, writer_chunk_offset(writer, 2, 1) + 100, 1);
  setenv("TZ", "UTC", 1);
  struct reported reported = {.profiled = profiled_as_is(writer)};
  reported.report = (struct report){.file = reported.profiled.file,
                                    .info = reported.profiled.info,
                                    .profile = reported.profiled.profile,
                                    .symbols = symbols_open(reported.profiled.file)};
  cr_assert(report_is_partial(&reported.report));
  struct page page;
  page_open(&page, 100, false, true);
  report_head(&page.terminal, &reported.report);
  cr_assert(strstr(page_text(&page), "events are missing"), "%s", page.text);
  cr_assert(strstr(page.text, "lost chunks of events"), "%s", page.text);
  page_close(&page);
  free_reported(&reported);
}

Test(report, a_killed_program_is_not_a_damaged_trace) {
  struct trace_writer *writer = story_begin(NULL, STORY_UNBOUNDED);
  writer_end(writer, (struct trace_end){.kind = TRACE_END_SIGNAL,
                                        .status = 9,
                                        .end_monotonic_ns = 2000000000,
                                        .end_ticks = WRITER_START_TICKS + 2000000000});
  struct reported reported = report_of(writer);
  cr_assert_not(report_is_partial(&reported.report));
  struct page page;
  page_open(&page, 100, false, true);
  report_head(&page.terminal, &reported.report);
  cr_assert(strstr(page_text(&page), "killed by SIGKILL"), "%s", page.text);
  page_close(&page);
  free_reported(&reported);
}

/* ---- selection -------------------------------------------------------------------------- */

static struct selection select_from(struct reported *reported, struct selection_options options) {
  struct selection selection;
  cr_assert_eq(select_sites(reported->report.file, reported->report.profile,
                            reported->report.symbols, &options, &selection),
               0);
  return selection;
}

static void assert_first(struct reported *reported, struct selection_options options,
                         size_t matched, uint32_t first) {
  struct selection selection = select_from(reported, options);
  cr_assert_eq(selection.matched, matched, "%zu match", selection.matched);
  if (matched) cr_assert_eq(reported->report.profile->sites[selection.sites[0]].stack, first);
  select_free(&selection);
}

Test(select, every_key_puts_its_own_site_first) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  static const struct {
    enum sort_key key;
    uint32_t first;
  } cases[] = {{SORT_HELD, STORY_COPY},       {SORT_TOTAL, STORY_COPY},
               {SORT_AT_PEAK, STORY_COPY},    {SORT_AT_END, STORY_COPY},
               {SORT_LIFETIME, STORY_CONFIG}, {SORT_BLOCKS, STORY_SCRATCH}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_first(&reported, (struct selection_options){.sort = cases[i].key}, 3, cases[i].first);
  free_reported(&reported);
}

Test(select, a_minimum_lifetime_is_an_amount_or_a_share_of_the_run) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  assert_first(&reported, (struct selection_options){.min_lifetime_ns = 900e6}, 1, STORY_CONFIG);
  assert_first(&reported, (struct selection_options){.min_lifetime_share = 0.2}, 2, STORY_COPY);
  assert_first(&reported, (struct selection_options){.min_lifetime_ns = 2e9}, 0, 0);
  free_reported(&reported);
}

Test(select, a_thread_selects_what_it_made_or_freed) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  assert_first(&reported, (struct selection_options){.thread = "sender"}, 3, STORY_COPY);
  assert_first(&reported, (struct selection_options){.thread = "worker"}, 1, STORY_COPY);
  assert_first(&reported, (struct selection_options){.thread = "nobody"}, 0, 0);
  free_reported(&reported);
}

Test(select, a_pattern_looks_at_functions_files_and_modules_of_the_birth) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  regex_t grep;
  cr_assert_eq(regcomp(&grep, "libc\\.so|nothing", REG_EXTENDED | REG_NOSUB), 0);
  assert_first(&reported, (struct selection_options){.grep = &grep}, 3, STORY_COPY);
  regfree(&grep);
  cr_assert_eq(regcomp(&grep, "nothing", REG_EXTENDED | REG_NOSUB), 0);
  assert_first(&reported, (struct selection_options){.grep = &grep}, 0, 0);
  regfree(&grep);
  free_reported(&reported);
}

/* ---- JSON ------------------------------------------------------------------------------- */

Test(report_json, it_has_the_figures_of_the_run_and_of_its_sites) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  json_t *json = json_of(&reported.report, (struct selection_options){0}, NULL);
  json_t *run = json_object_get(json, "run"), *totals = json_object_get(json, "totals");
  cr_assert_eq(integer_at(json, "dwell_summary_version"), 1);
  cr_assert_eq(integer_at(run, "duration_ns"), 1000000000);
  cr_assert(json_is_true(json_object_get(run, "complete")));
  cr_assert_eq(integer_at(run, "events"), 40 + 39 + 3 + 400);
  cr_assert_eq(integer_at(run, "skipped"), 0);
  cr_assert_eq(integer_at(totals, "births"), 241);
  cr_assert_eq(integer_at(totals, "reallocations"), 1);
  cr_assert_eq(integer_at(totals, "total_blocks"), 242);
  cr_assert_eq(integer_at(totals, "total_bytes"), 40 * 1000 + 100 + 300 + 200 * 64);
  cr_assert_eq(integer_at(totals, "end_blocks"), 1);
  cr_assert_eq(integer_at(totals, "end_bytes"), 1000);
  cr_assert(json_is_real(json_object_get(totals, "held_byte_seconds")));

  json_t *sites = json_object_get(json, "sites");
  cr_assert_eq(json_array_size(sites), 3);
  json_t *copy = json_array_get(sites, 0);
  cr_assert_eq(integer_at(copy, "id"), STORY_COPY);
  cr_assert_eq(integer_at(copy, "total_blocks"), 40);
  cr_assert_eq(integer_at(copy, "at_end_bytes"), 1000);
  cr_assert_eq(json_real_value(json_object_get(copy, "handoff_share")), 1);
  json_t *birth = json_array_get(json_object_get(copy, "birth_threads"), 0);
  json_t *death = json_array_get(json_object_get(copy, "death_threads"), 0);
  cr_assert_str_eq(json_string_value(json_object_get(birth, "name")), "sender");
  cr_assert_str_eq(json_string_value(json_object_get(death, "name")), "worker");
  json_t *stack = json_object_get(copy, "stack");
  cr_assert_eq(json_array_size(stack), 5);
  cr_assert_eq(integer_at(json_array_get(stack, 1), "address"), 0x400400);
  cr_assert_eq(integer_at(json_array_get(stack, 1), "offset"), 0x400);
  cr_assert(json_is_null(json_object_get(json_array_get(stack, 1), "function")));
  json_t *death_stack = json_array_get(json_object_get(copy, "death_stacks"), 0);
  cr_assert_eq(integer_at(death_stack, "blocks"), 39);
  cr_assert_eq(json_array_size(json_object_get(death_stack, "stack")), 3);
  cr_assert_eq(json_array_size(json_object_get(json, "problems")), 2);
  json_decref(json);
  free_reported(&reported);
}

static void assert_interval(const json_t *object, const char *key, double least, double most) {
  const json_t *range = json_object_get(json_object_get(object, "intervals"), key);
  cr_assert_eq(json_array_size(range), 2, "%s", key);
  double low = json_real_value(json_array_get(range, 0));
  double high = json_real_value(json_array_get(range, 1));
  cr_assert(least <= low && low <= high && high <= most, "%s: %f to %f", key, low, high);
}

Test(report_json, a_folded_trace_has_counts_of_what_was_folded_and_a_bound_of_the_peak) {
  struct reported reported = report_of(story_begin(NULL, STORY_FOLDED));
  json_t *json = json_of(&reported.report, (struct selection_options){.sort = SORT_BLOCKS}, NULL);
  json_t *run = json_object_get(json, "run"), *totals = json_object_get(json, "totals");
  cr_assert(json_is_false(json_object_get(run, "exact")));
  cr_assert(json_is_null(json_object_get(run, "sampled")));
  cr_assert_eq(integer_at(run, "events"), 40 + 39 + 3 + 10);
  cr_assert_eq(integer_at(run, "max_file_bytes"), 1 << 20);
  json_t *folding = json_object_get(run, "folding"), *ages = json_object_get(folding, "ages");
  cr_assert_eq(integer_at(folding, "max_bytes"), 32 << 10);
  cr_assert_eq(json_array_size(ages), 2);
  cr_assert_eq(integer_at(json_array_get(ages, 1), "since_ns"), 700000000);
  cr_assert_eq(integer_at(json_array_get(ages, 1), "age_ns"), 10000000);
  cr_assert_eq(integer_at(totals, "births"), 241); /* as without folding */
  cr_assert_eq(integer_at(totals, "total_bytes"), 40 * 1000 + 100 + 300 + 200 * 64);
  cr_assert_eq(integer_at(totals, "folded_blocks"), 195);
  cr_assert_eq(integer_at(totals, "folded_bytes"), 195 * 64);
  cr_assert_eq(integer_at(totals, "peak_uncertainty_blocks"), 9);
  cr_assert_eq(integer_at(totals, "peak_uncertainty_bytes"), 576);
  cr_assert_null(json_object_get(totals, "intervals"));
  json_t *scratch = json_array_get(json_object_get(json, "sites"), 0);
  cr_assert_eq(integer_at(scratch, "births"), 200);
  cr_assert_eq(integer_at(scratch, "folded_blocks"), 195);
  json_decref(json);
  free_reported(&reported);
}

Test(report_json, a_sample_has_intervals_beside_its_estimates) {
  struct reported reported = report_of(story_begin(NULL, STORY_SAMPLED));
  json_t *json = json_of(&reported.report, (struct selection_options){0}, NULL);
  json_t *run = json_object_get(json, "run"), *totals = json_object_get(json, "totals");
  cr_assert_eq(integer_at(json_object_get(run, "sampled"), "mean_bytes"), 1000);
  /* 40 messages of 1,000 bytes count 1.582 times each */
  json_t *copy = json_array_get(json_object_get(json, "sites"), 0);
  cr_assert_eq(integer_at(copy, "total_blocks"), 63);
  cr_assert_eq(integer_at(copy, "births"), 63);
  assert_interval(copy, "total_blocks", 50, 80);
  assert_interval(copy, "at_peak_bytes", 40000, 80000);
  assert_interval(copy, "held_byte_seconds", 20000, 45000);
  assert_interval(totals, "peak_bytes", 40000, 90000);
  assert_interval(totals, "end_blocks", 0, 60); /* small ones may have been missed */
  json_decref(json);
  free_reported(&reported);
}

Test(report_json, names_that_are_not_utf_8_are_repaired) {
  struct reported reported = report_of(story_begin(NULL, STORY_HOSTILE));
  json_t *json = json_of(&reported.report, (struct selection_options){.top = 1}, NULL);
  json_t *command = json_object_get(json_object_get(json, "run"), "command");
  cr_assert_eq(json_array_size(command), 3);
  cr_assert_str_eq(json_string_value(json_array_get(command, 2)), "caf\xef\xbf\xbd");
  cr_assert_eq(json_array_size(json_object_get(json, "sites")), 1);
  cr_assert_eq(integer_at(json, "sites_matched"), 3);
  json_decref(json);
  free_reported(&reported);
}
