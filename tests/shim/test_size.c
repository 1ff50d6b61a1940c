/* How big traces get: by what they follow, and by what they are allowed. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "shim/trace.h"

/* What a trial's trace has: bytes of the file, births, blocks folded. */
struct trace_size {
  uint64_t bytes, births, folded;
};

static struct trace_size size_of(const char *program, const char *const arguments[4],
                                 const char *variable) {
  struct trial_setup setup = {.program = built(program), .variables = {variable}};
  for (int i = 0; i < 4; i++)
    setup.arguments[i] = arguments[i];
  struct trial *trial = trial_run(&setup);
  cr_assert_eq(trial->status, 0, "%s", trial->err);
  struct recording *recording = recording_only(trial);
  cr_assert(recording->info->complete);
  struct trace_size size = {trial_trace_bytes(trial), recording->profile->births,
                            recording->profile->folded.blocks};
  recording_free(recording);
  trial_free(trial);
  return size;
}

static double folded_share(struct trace_size size) {
  return (double)size.folded / (double)size.births;
}

Test(size, is_below_half_a_byte_for_a_folded_block) {
  const char *pairs[4] = {"1", "10", "0", stressing() ? "20000000" : "2000000"};
  struct trace_size size = size_of("tests/bench/pair", pairs, "DWELL_FOLD=1ms");
  cr_assert_gt(folded_share(size), 0.99, "%f", folded_share(size));
  double each = (double)size.bytes / (double)size.folded;
  cr_assert_lt(each, 0.5, "%.3f bytes", each);
}

/* The other run has the same stacks and cells. */
Test(size, is_below_half_a_byte_for_a_folded_block_of_a_thousand_stacks) {
  const char *few[4] = {"1000", "10", "0", "100000"};
  const char *many[4] = {"1000", "10", "0", stressing() ? "20000000" : "2000000"};
  struct trace_size less = size_of("tests/bench/pair", few, "DWELL_FOLD=1ms");
  struct trace_size more = size_of("tests/bench/pair", many, "DWELL_FOLD=1ms");
  cr_assert_gt(folded_share(more), 0.99, "%f", folded_share(more));
  double each = (double)(more.bytes - less.bytes) / (double)(more.folded - less.folded);
  cr_assert_lt(each, 0.5, "%.3f bytes", each);
  double with_tables = (double)more.bytes / (double)more.folded;
  cr_assert_lt(with_tables, stressing() ? 0.5 : 1, "%.3f bytes", with_tables);
}

/* The other run has the same stacks: 16 blocks each of 1,000. */
static void assert_24_bytes(const char *order, const char *variable) {
  const char *few[4] = {"16000", order}, *many[4] = {stressing() ? "1016000" : "216000", order};
  struct trace_size less = size_of("tests/bench/survivors", few, variable);
  struct trace_size more = size_of("tests/bench/survivors", many, variable);
  double survivors = (double)(more.births - more.folded) - (double)(less.births - less.folded);
  cr_assert_geq(survivors, stressing() ? 990000 : 190000, "%f", survivors);
  double each = (double)(more.bytes - less.bytes) / survivors;
  cr_assert_leq(each, 24, "%s, %s: %.2f bytes a block", order, variable, each);
}

Test(size, is_at_most_24_bytes_for_a_block_that_lives_long, .timeout = 120) {
  assert_24_bytes("made", "DWELL_EXACT=0");
  assert_24_bytes("random", "DWELL_EXACT=0");
  assert_24_bytes("random", "DWELL_EXACT=1");
}

/* ---- DWELL_MAX_SIZE --------------------------------------------------------------------- */

/* The program lived and the recording ended before it, of its own accord. */
static struct recording *stopped(const struct trial *trial, uint64_t limit) {
  cr_assert_eq(trial->status, 0);
  cr_assert_str_eq(trial->out, "alive\n");
  cr_assert_eq(lines(trial->err), 1, "%s", trial->err);
  cr_assert(strstr(trial->err, "DWELL_MAX_SIZE"), "%s", trial->err);
  uint64_t bytes = trial_trace_bytes(trial);
  cr_assert_leq(bytes, limit, "%lu of %lu bytes", bytes, limit);
  cr_assert_gt(bytes + 4 * TRACE_SLOT, limit, "%lu of %lu bytes", bytes, limit);
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording->info->stop, TRACE_STOP_SIZE);
  cr_assert_eq(recording->info->max_file_bytes, limit);
  cr_assert(!recording->info->complete);
  cr_assert_gt(recording->info->missing.dropped_events, 0);
  return recording;
}

static void keep_within(uint64_t limit, const char *mode) {
  char variable[48];
  snprintf(variable, sizeof(variable), "DWELL_MAX_SIZE=%lu", limit);
  struct trial *trial = trial_run(&(struct trial_setup){
      .program = "keeps", .arguments = {"600000"}, .variables = {variable, mode}});
  struct recording *recording = stopped(trial, limit);
  struct tally tally = recording_tally(recording, 24);
  /* at least ten thousand a mebibyte; those up to there, and all that were not are counted */
  cr_assert_gt(tally.births, limit / 100, "%lu", tally.births);
  cr_assert_eq(tally.at_end, tally.births);
  uint64_t seen = recording->profile->births + recording->profile->deaths +
                  recording->info->missing.dropped_events;
  cr_assert_geq(seen, 600001, "%lu seen", seen);
  cr_assert_leq(seen, 600010, "%lu seen", seen);
  cr_assert_eq(recording->profile->unmatched_deaths, 0);
  recording_free(recording);
  trial_free(trial);
}

Test(size, stays_below_any_limit_and_what_is_recorded_up_to_there_is_right) {
  static const uint64_t limits[] = {1 << 20, (1 << 20) + 1, 1500000, 2 << 20, (3 << 20) - 1};
  for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
    keep_within(limits[i], "DWELL_EXACT=0");
    keep_within(limits[i], "DWELL_EXACT=1");
  }
}

Test(size, stays_below_a_limit_that_many_threads_reach) {
  struct trial *trial =
      trial_run(&(struct trial_setup){.program = "much",
                                      .arguments = {"4"},
                                      .variables = {"DWELL_MAX_SIZE=2MiB", "DWELL_EXACT=1"}});
  struct recording *recording = stopped(trial, 2 << 20);
  struct tally tally = recording_tally(recording, 19001);
  cr_assert_gt(tally.births, 10000);
  cr_assert_eq(tally.births, tally.deaths + tally.at_end);
  cr_assert_leq(tally.at_end, 4000);
  cr_assert_eq(tally.handoffs, 0);
  recording_free(recording);
  trial_free(trial);
}

/* Where no bigger table of young blocks can be mapped, the attempt is not made at each birth: each
 * takes room in the file. */
Test(size, near_its_limit_is_not_spent_on_a_table_that_cannot_be_mapped) {
  struct trial *trial = trial_run(
      &(struct trial_setup){.program = "displaces", .variables = {"DWELL_MAX_SIZE=24MiB"}});
  cr_assert_eq(trial->status, 0, "%s", trial->out);
  cr_assert_str_eq(trial->err, "");
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording->info->stop, TRACE_NOT_STOPPED);
  cr_assert_eq(recording->info->fold_age_count, 2); /* the table was to be bigger */
  cr_assert_lt(trial_trace_bytes(trial), 20 << 20); /* without attempts: 16 MiB */
  recording_free(recording);
  trial_free(trial);
}

Test(size, near_its_limit_is_saved_by_folding_what_died_older) {
  struct trial *trial = trial_run(&(struct trial_setup){
      .program = "keeps", .arguments = {"600000"}, .variables = {"DWELL_MAX_SIZE=2MiB"}});
  struct recording *recording = stopped(trial, 2 << 20);
  const struct run_info *info = recording->info;
  cr_assert_eq(info->fold_age_count, 4);
  for (size_t i = 1; i < info->fold_age_count; i++) {
    const struct run_fold_age *age = &info->fold_ages[i];
    cr_assert_gt(age->since_ns, age[-1].since_ns);
    cr_assert_float_eq((double)age->age_ns / (double)age[-1].age_ns, 10, 0.01);
  }
  recording_free(recording);
  trial_free(trial);
}
