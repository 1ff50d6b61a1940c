/* Sampling, through the real recorder: a program whose figures are known, sampled again and again
 * (the recorder's seeds are its own), must have them in the intervals that are stated. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* A true figure is outside of its interval of 95 % with a probability of 0.05 at most. In 20 runs
 * fewer than 12 have it inside with a probability of 2e-7, in 500 fewer than 450 with 1e-6. */
enum { RUNS = 20, RUNS_INSIDE = 12, STRESS_RUNS = 500, STRESS_RUNS_INSIDE = 450 };

enum { FIGURES = 13 };
static const char *const names[FIGURES] = {
    "total blocks",       "total bytes",         "blocks at peak",     "bytes at peak",
    "blocks at end",      "bytes at end",        "total small blocks", "total small bytes",
    "small bytes at end", "small bytes at peak", "total big blocks",   "total big bytes",
    "byte-seconds"};

static size_t site_by_function(const struct recording *recording, const char *function) {
  for (size_t i = 0; i < recording->profile->site_count; i++)
    if (recording_stack_has(recording, recording->profile->sites[i].stack, function)) return i;
  cr_assert(false, "no site in %s", function);
  return 0;
}

static void figures_of(const struct recording *recording, double of[FIGURES]) {
  const struct profile *profile = recording->profile;
  const struct site *small = &profile->sites[site_by_function(recording, "make_small")];
  const struct site *big = &profile->sites[site_by_function(recording, "make_big")];
  const double all[FIGURES] = {
      (double)profile->total.blocks, (double)profile->total.bytes,   (double)profile->peak.blocks,
      (double)profile->peak.bytes,   (double)profile->at_end.blocks, (double)profile->at_end.bytes,
      (double)small->total.blocks,   (double)small->total.bytes,     (double)small->at_end.bytes,
      (double)small->at_peak.bytes,  (double)big->total.blocks,      (double)big->total.bytes,
      profile->held_byte_seconds};
  memcpy(of, all, sizeof(all));
}

static void ranges_of(const struct recording *recording, struct range of[FIGURES]) {
  const struct profile *profile = recording->profile;
  const struct intervals *whole = &profile->intervals;
  const struct intervals *small =
      &profile->site_intervals[site_by_function(recording, "make_small")];
  const struct intervals *big = &profile->site_intervals[site_by_function(recording, "make_big")];
  const struct range all[FIGURES] = {
      whole->total_blocks,     whole->total_bytes,   whole->at_peak_blocks, whole->at_peak_bytes,
      whole->at_end_blocks,    whole->at_end_bytes,  small->total_blocks,   small->total_bytes,
      small->at_end_bytes,     small->at_peak_bytes, big->total_blocks,     big->total_bytes,
      whole->held_byte_seconds};
  memcpy(of, all, sizeof(all));
}

static struct recording *record(struct trial **trial, const char *variable) {
  *trial = trial_run(&(struct trial_setup){
      .program = "estimated", .arguments = {"held"}, .variables = {variable}});
  cr_assert_eq((*trial)->status, 0);
  cr_assert_str_eq((*trial)->err, "");
  return recording_only(*trial);
}

/* What the program is; its byte-seconds aside, which are each run's own. */
static void find_truth(double truth[FIGURES], double *handoffs) {
  struct trial *trial;
  struct recording *recording = record(&trial, "DWELL_EXACT=1");
  figures_of(recording, truth);
  const struct site *small = &recording->profile->sites[site_by_function(recording, "make_small")];
  cr_assert_eq(small->births, 80000);
  cr_assert_eq(small->handoffs, 40000);
  cr_assert_eq(recording->profile->reallocations, 50000);
  *handoffs = (double)small->handoffs;
  recording_free(recording);
  trial_free(trial);
}

struct outcome {
  double sum, width; /* of the estimates; of the intervals; as shares of the truth */
  int inside;
};

Test(sampling, has_the_truth_in_its_intervals, .timeout = 1200) {
  const int runs = stressing() ? STRESS_RUNS : RUNS;
  const int least = stressing() ? STRESS_RUNS_INSIDE : RUNS_INSIDE;
  struct outcome outcomes[FIGURES] = {0};
  double truth[FIGURES], figures[FIGURES], handoffs, handoff_sum = 0;
  struct range ranges[FIGURES];
  find_truth(truth, &handoffs);
  for (int run = 0; run < runs; run++) {
    struct trial *trial;
    struct recording *recording = record(&trial, "DWELL_SAMPLE=64KiB");
    const struct profile *profile = recording->profile;
    truth[FIGURES - 1] = strtod(trial->out, NULL);
    figures_of(recording, figures);
    ranges_of(recording, ranges);
    for (int i = 0; i < FIGURES; i++) {
      cr_assert(ranges[i].low <= figures[i] * (1 + 1e-9) &&
                    figures[i] <= ranges[i].high * (1 + 1e-9),
                "%s: %f in %f to %f", names[i], figures[i], ranges[i].low, ranges[i].high);
      outcomes[i].inside += ranges[i].low <= truth[i] && truth[i] <= ranges[i].high;
      outcomes[i].sum += figures[i] / truth[i];
      outcomes[i].width += (ranges[i].high - ranges[i].low) / truth[i];
    }
    handoff_sum +=
        (double)profile->sites[site_by_function(recording, "make_small")].handoffs / handoffs;
    cr_assert_eq(profile->sites[site_by_function(recording, "make_big")].handoffs, 0);
    cr_assert_eq(profile->unmatched_deaths, 0);
    cr_assert_lt(profile->events, 10000); /* of 250,000: it is a sample */
    cr_assert(recording->info->complete);
    recording_free(recording);
    trial_free(trial);
  }
  for (int i = 0; i < FIGURES; i++) {
    double mean = outcomes[i].sum / runs, width = outcomes[i].width / runs;
    if (stressing())
      printf("%-20s %d of %d, mean %.4f\n", names[i], outcomes[i].inside, runs, mean);
    cr_assert_geq(outcomes[i].inside, least, "%s: %d of %d", names[i], outcomes[i].inside, runs);
    /* Right on average. A width is four deviations of one estimate, so that this is five
     * deviations of the mean. */
    double allowed = 1.3 * width / sqrt(runs);
    cr_assert_float_eq(mean, 1, allowed, "%s: %.4f", names[i], mean);
  }
  /* a hundred sampled hand-offs a run: a tenth for one, a fiftieth for the mean of 20 */
  cr_assert_float_eq(handoff_sum / runs, 1, 0.12, "%f", handoff_sum / runs);
}

static void assert_figure(struct figure figure, struct figure exact) {
  cr_assert_eq(figure.blocks, exact.blocks, "%lu blocks, %lu", figure.blocks, exact.blocks);
  cr_assert_eq(figure.bytes, exact.bytes, "%lu bytes, %lu", figure.bytes, exact.bytes);
}

/* No block of the program is so small that it could be without a picked byte. */
Test(sampling, of_every_byte_is_exact) {
  struct trial *first, *second;
  struct recording *exact = record(&first, "DWELL_EXACT=1");
  struct recording *sampled = record(&second, "DWELL_SAMPLE=1");
  const struct profile *a = exact->profile, *b = sampled->profile;
  cr_assert_eq(b->sample_bytes, 1);
  cr_assert_eq(a->births, b->births);
  cr_assert_eq(a->deaths, b->deaths);
  cr_assert_eq(a->reallocations, b->reallocations);
  cr_assert_eq(b->unmatched_deaths, 0);
  assert_figure(b->total, a->total);
  assert_figure(b->peak, a->peak);
  assert_figure(b->at_end, a->at_end);
  cr_assert_eq(a->site_count, b->site_count);
  static const char *const functions[] = {"make_small", "make_big", "make_growing"};
  for (size_t i = 0; i < 3; i++) {
    const struct site *site = &a->sites[site_by_function(exact, functions[i])];
    const struct site *same = &b->sites[site_by_function(sampled, functions[i])];
    assert_figure(same->total, site->total);
    assert_figure(same->max, site->max);
    assert_figure(same->at_peak, site->at_peak);
    assert_figure(same->at_end, site->at_end);
    cr_assert_eq(same->handoffs, site->handoffs);
    cr_assert_eq(same->reallocations, site->reallocations);
  }
  /* and it is sure of that */
  cr_assert_float_eq(b->intervals.total_bytes.low, (double)a->total.bytes, 1);
  cr_assert_float_eq(b->intervals.total_bytes.high, (double)a->total.bytes, 1);
  recording_free(exact);
  recording_free(sampled);
  trial_free(first);
  trial_free(second);
}

/* The bounds are ten standard deviations away. */
Test(sampling, growth_in_small_steps_counts_as_much_as_one_in_a_big_step) {
  struct trial *trial = TRIAL(.program = "small_steps", .variables = {"DWELL_SAMPLE=216"});
  struct recording *recording = recording_only(trial);
  /* 10,000 (1 - 1/e) are in the sample, and stand for 10,000 */
  cr_expect_gt(recording->profile->at_end.blocks, 9000);
  cr_expect_lt(recording->profile->at_end.blocks, 11000);
  recording_free(recording);
  trial_free(trial);
}
