/* What a sample says of a whole that is known. Chance is in it: the bounds are some ten standard
 * deviations away. */
#include <criterion/criterion.h>

#include "harness.h"

Test(sampling, growth_in_small_steps_counts_as_much_as_one_in_a_big_step) {
  struct trial *trial = TRIAL(.program = "small_steps", .variables = {"DWELL_SAMPLE=216"});
  struct recording *recording = recording_only(trial);
  /* 10,000 (1 - 1/e) are in the sample, and stand for 10,000 */
  cr_expect_gt(recording->profile->at_end.blocks, 9000);
  cr_expect_lt(recording->profile->at_end.blocks, 11000);
  recording_free(recording);
  trial_free(trial);
}
