/* test_report_queues.c - verdicts in sentences and pictures, of hand-made diagnoses. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "queues.h"
#include "reported.h"
#include "story.h"
#include "viewer/commands.h"
#include "viewer/report_queues.h"

static struct reported story(void) {
  return report_of(story_begin(NULL, STORY_UNBOUNDED));
}

/* ---- the whole, as it is drawn ---------------------------------------------------------- */

static void assert_verdicts(const char *name, const struct reported *reported, int width,
                            bool colour, bool unicode) {
  struct page page;
  page_open(&page, width, colour, unicode);
  report_verdicts(&page.terminal, &reported->report);
  golden_assert(name, page_text(&page));
  page_close(&page);
}

static void assert_one(const char *name, enum queue_kind kind, int width, bool colour,
                       bool unicode) {
  struct reported reported = story();
  queues_one(&reported.report, kind);
  assert_verdicts(name, &reported, width, colour, unicode);
  free_reported(&reported);
}

Test(report_queues, the_verdicts_come_worst_first_each_kind_in_its_own_words) {
  struct reported reported = story();
  queues_all(&reported.report);
  assert_verdicts("verdicts.txt", &reported, 100, false, true);
  free_reported(&reported);
}

Test(report_queues, an_unbounded_queue_is_a_ramp_on_every_terminal) {
  assert_one("verdict-unbounded.txt", QUEUE_UNBOUNDED, 100, false, true);
  assert_one("verdict-unbounded-80.txt", QUEUE_UNBOUNDED, 80, false, true);
  assert_one("verdict-unbounded-60.txt", QUEUE_UNBOUNDED, 60, false, true);
  assert_one("verdict-unbounded-ascii.txt", QUEUE_UNBOUNDED, 80, false, false);
  assert_one("verdict-unbounded-colour.txt", QUEUE_UNBOUNDED, 100, true, true);
}

Test(report_queues, a_bounded_queue_is_a_plateau) {
  assert_one("verdict-bounded.txt", QUEUE_BOUNDED, 100, false, true);
}

Test(report_queues, what_is_never_freed_is_not_called_a_queue) {
  assert_one("verdict-stalled.txt", QUEUE_STALLED, 100, false, true);
}

static void assert_whole(const char *name, enum queue_kind kind, int width) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, kind);
  reported.report.depth = 0;
  struct page page;
  page_open(&page, width, false, true);
  report_queue(&page.terminal, &reported.report, &diagnosis->queues[0]);
  golden_assert(name, page_text(&page));
  page_close(&page);
  free_reported(&reported);
}

Test(report_queues, one_queue_shows_everything_that_is_known_of_it) {
  assert_whole("queue-unbounded.txt", QUEUE_UNBOUNDED, 100);
  assert_whole("queue-unbounded-60.txt", QUEUE_UNBOUNDED, 60);
  assert_whole("queue-stalled.txt", QUEUE_STALLED, 80);
}

Test(report_queues, no_line_is_wider_than_the_terminal) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_all(&reported.report);
  for (int width = 40; width <= 160; width += 3) {
    struct page page;
    page_open(&page, width, false, true);
    report_verdicts(&page.terminal, &reported.report);
    for (size_t i = 0; i < diagnosis->count; i++)
      report_queue(&page.terminal, &reported.report, &diagnosis->queues[i]);
    cr_assert_leq(widest_line(page_text(&page)), (size_t)width);
    page_close(&page);
  }
  free_reported(&reported);
}

/* ---- what is said, and when ------------------------------------------------------------- */

/* The verdicts in one long line each. */
static char *said(struct reported *reported) {
  struct page page;
  page_open(&page, 100, false, true);
  report_verdicts(&page.terminal, &reported->report);
  char *text = strdup(page_text(&page));
  page_close(&page);
  for (char *at = text; *at; at++)
    if (*at == '\n') *at = ' ';
  char *to = text;
  for (char *at = text; *at; at++)
    if (*at != ' ' || at[1] != ' ') *to++ = *at;
  *to = 0;
  return text;
}

static void expect_said(struct reported *reported, const char *words, bool expected) {
  char *text = said(reported);
  cr_expect((strstr(text, words) != NULL) == expected, "%s'%s' in: %s", expected ? "no " : "",
            words, text);
  free(text);
}

Test(report_queues, small_ones_are_not_mentioned_but_an_unbounded_queue_always_is) {
  static const struct {
    enum queue_kind kind;
    double least_share; /* of the peak */
    const char *title;
  } cases[] = {
      {QUEUE_BOUNDED, 0.01, "Bounded queue:"},
      {QUEUE_STALLED, 0.1, "Stalled queue,"},
      {QUEUE_BURST, 0.2, "Burst:"},
      {QUEUE_CACHE, 0.2, "Cache or pool:"},
      {QUEUE_STARTUP, 0.2, "Startup:"},
      {QUEUE_UNKNOWN, 0.2, "Unknown:"},
  };
  struct reported reported = story();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct diagnosis *diagnosis = queues_one(&reported.report, cases[i].kind);
    double peak = (double)reported.report.profile->peak.bytes;
    diagnosis->queues[0].peak_bytes = cases[i].least_share * 1.01 * peak;
    expect_said(&reported, cases[i].title, true);
    diagnosis->queues[0].peak_bytes = cases[i].least_share * 0.99 * peak;
    expect_said(&reported, cases[i].title, false);
    expect_said(&reported, "No queue found:", true);
  }
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_UNBOUNDED);
  diagnosis->queues[0].peak_bytes = 1;
  expect_said(&reported, "Unbounded queue:", true);
  free_reported(&reported);
}

Test(report_queues, what_a_tiny_program_keeps_is_not_worth_a_word) {
  struct reported reported = story();
  const struct profile *small = reported.report.profile;
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_STALLED);
  reported.report.profile = small;
  diagnosis->queues[0].peak_bytes = (double)small->peak.bytes;
  expect_said(&reported, "Stalled queue", false);
  free_reported(&reported);
}

Test(report_queues, churn_is_never_mentioned) {
  struct reported reported = story();
  queues_one(&reported.report, QUEUE_CHURN);
  expect_said(&reported, "Churn", false);
  expect_said(&reported, "No queue found: looked at 2 of 3 sites (79.0% of the peak): 1 churn.",
              true);
  free_reported(&reported);
}

Test(report_queues, where_nothing_was_looked_at_that_is_said) {
  struct reported reported = story();
  struct diagnosis diagnosis = {.duration_ns = 1000000000};
  reported.report.diagnosis = &diagnosis;
  expect_said(&reported, "No queue found: no site has blocks enough", true);
  free_reported(&reported);
}

Test(report_queues, a_sample_and_a_thinned_list_are_said_to_be_so) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_UNBOUNDED);
  expect_said(&reported, "Estimated", false);
  expect_said(&reported, "was looked at", false);
  diagnosis->queues[0].estimated = true;
  diagnosis->queues[0].every = 16;
  expect_said(&reported, "Estimated from a sample", true);
  expect_said(&reported, "One message in 16 was looked at.", true);
  free_reported(&reported);
}

Test(report_queues, a_block_may_hold_many_messages) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_UNBOUNDED);
  diagnosis->queues[0].blocks_per_message = 1 / 31.0;
  diagnosis->queues[0].bytes_per_message = 16;
  expect_said(&reported, "A block of 496 B holds about 31.0 messages.", true);
  free_reported(&reported);
}

Test(report_queues, a_policy_to_drop_tells_how_many_were_lost) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_BOUNDED);
  expect_said(&reported, "when it is full the sender waits", true);
  diagnosis->queues[0].policy = POLICY_DROP_NEWEST;
  diagnosis->queues[0].turned_away = 1234;
  expect_said(&reported, "what comes is turned away, 1,234 messages so far", true);
  expect_said(&reported, "Messages are lost because it is full", true);
  diagnosis->queues[0].policy = POLICY_DROP_OLDEST;
  diagnosis->queues[0].thrown_away = 1;
  expect_said(&reported, "what waited longest is thrown away, 1 message so far", true);
  free_reported(&reported);
}

Test(report_queues, what_drops_is_not_told_how_long_its_sender_would_wait) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_BOUNDED);
  expect_said(&reported, "instead: peak", true);
  diagnosis->queues[0].policy = POLICY_DROP_OLDEST;
  diagnosis->queues[0].thrown_away = 7;
  expect_said(&reported, "instead: peak", false);
  free_reported(&reported);
}

Test(report_queues, of_a_run_that_ended_with_the_queue_full_no_bound_is_called_enough) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_UNBOUNDED);
  struct queue *queue = &diagnosis->queues[0];
  expect_said(&reported, "By this record room for one message is enough", true);
  expect_said(&reported, "same finishing time", true);
  for (size_t i = 0; i < queue->message_count; i++) /* killed when all had been sent */
    if (queue->messages[i].death_ns > 170000000) queue->messages[i].death_ns = RESIDENCE_LIVE;
  diagnosis->duration_ns = 170000000;
  expect_said(&reported, "Bound 64: peak", true);
  expect_said(&reported, "% later", true);
  expect_said(&reported, "is enough", false);
  expect_said(&reported, "That slows it to the consumer's pace, 400/s.", true);
  free_reported(&reported);
}

Test(report_queues, sites_of_one_function_are_told_apart_by_their_number) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_UNBOUNDED);
  expect_said(&reported, "7.81 KiB by story+0x400, 1000 B by story+0x700.", true);
  diagnosis->queues[0].sites[1].site = diagnosis->queues[0].sites[0].site;
  expect_said(&reported, "7.81 KiB by story+0x400 (site 5), 1000 B by story+0x400 (site 5).", true);
  free_reported(&reported);
}

Test(report_queues, of_a_pool_it_is_said_how_many_stacks_fill_it) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_UNBOUNDED);
  expect_said(&reported, "other stack", false);
  diagnosis->queues[0].filled_by_stacks.of[0].others = 1965;
  expect_said(&reported, "and 1,965 other stacks, ", true);
  free_reported(&reported);
}

Test(report_queues, an_event_loop_drains_what_it_fills_itself) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_UNBOUNDED);
  expect_said(&reported, "`worker` drains it", true);
  diagnosis->queues[0].drained_by_threads = diagnosis->queues[0].filled_by_threads;
  expect_said(&reported, "`sender` fills it", true);
  expect_said(&reported, "and drains it itself at story+0x900", true);
  expect_said(&reported, "the thread that fills it also drains it and can't wait for itself", true);
  free_reported(&reported);
}

Test(report_queues, what_is_drained_at_the_end_only_is_said_to_be_so) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_UNBOUNDED);
  diagnosis->queues[0].departure_rate = 0;
  diagnosis->queues[0].rho = INFINITY;
  expect_said(&reported, "one at a time, not while it filled", true);
  expect_said(&reported, "rho", false);
  expect_said(&reported, "Nothing departed while it filled: find out what story+0x900 waited for.",
              true);
  expect_said(&reported, "many at a time", false);
  free_reported(&reported);
}

Test(report_queues, several_threads_are_named_and_counted) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_UNBOUNDED);
  struct queue *queue = &diagnosis->queues[0];
  struct queue_party parties[4];
  for (int i = 0; i < 4; i++)
    parties[i] = (struct queue_party){.id = queue->filled_by_threads.of[0].id, .share = 0.25};
  queue->filled_by_threads = (struct queue_parties){parties, 2};
  expect_said(&reported, "`sender` and `sender` fill it", true);
  expect_said(&reported, "senders wait", true);
  parties[1].share = 0.01; /* hardly took part */
  expect_said(&reported, "`sender` fills it", true);
  parties[1].share = 0.25;
  queue->filled_by_threads.count = 4;
  expect_said(&reported, "`sender`, `sender` and 2 more fill it", true);
  free_reported(&reported);
}

Test(report_queues, who_is_not_sure_says_so) {
  struct reported reported = story();
  struct diagnosis *diagnosis = queues_one(&reported.report, QUEUE_UNBOUNDED);
  diagnosis->queues[0].confidence = 0.6;
  expect_said(&reported, "Unbounded queue (60% sure):", true);
  free_reported(&reported);
}

/* ---- the option ------------------------------------------------------------------------- */

static void quiet(void) {
  cr_redirect_stdout();
  cr_redirect_stderr();
}

static int summary_with(const char *option, const char *value, const char *path) {
  char *arguments[] = {(char[]){"summary"}, (char *)option, (char *)value, (char *)path, NULL};
  return summary_command(4, arguments);
}

Test(report_queues, a_queue_that_is_not_there_is_wrong_usage, .init = quiet) {
  struct trace_writer *writer = story_begin(NULL, STORY_UNBOUNDED);
  writer_finish(writer);
  cr_expect_eq(summary_with("--queue", "1", writer_path(writer)), DWELL_OK);
  cr_expect_eq(summary_with("--queue", "99", writer_path(writer)), DWELL_USAGE);
  cr_expect_eq(summary_with("--queue", "x", writer_path(writer)), DWELL_USAGE);
  cr_expect_eq(summary_with("--queue=1", "--site=5", writer_path(writer)), DWELL_USAGE);
  writer_free(writer);
}
