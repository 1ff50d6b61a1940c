/* Control that leaves frames in other ways than by return: exceptions, longjmp, signals. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

Test(control_flow, exceptions_pass_recorded_frames_in_all_threads) {
  struct trial *trial = TRIAL(.program = "exceptions");
  cr_assert_str_eq(trial->out, "caught 250\n");
  struct recording *recording = recording_only(trial);
  struct tally frames = recording_tally(recording, 8009), cargo = recording_tally(recording, 8011);
  cr_assert_eq(frames.births, 250 * 11);
  cr_assert_eq(frames.deaths, 250 * 11);
  cr_assert_eq(cargo.births, 250);
  cr_assert_eq(cargo.deaths, 250);
  recording_free(recording);
  trial_free(trial);
}

Test(control_flow, longjmp_out_of_deep_frames_and_handlers_loses_no_event) {
  struct trial *trial = TRIAL(.program = "longjmps");
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 9007).deaths, 100);
  cr_assert_eq(recording_tally(recording, 9011).deaths, 150);
  cr_assert_eq(recording_tally(recording, 9013).deaths, 50);
  cr_assert_eq(recording->info->missing.skipped_events, 0);
  recording_free(recording);
  trial_free(trial);
}

Test(control_flow, signal_handlers_may_allocate) {
  struct trial *trial = TRIAL(.program = "signals");
  struct recording *recording = recording_only(trial);
  struct tally handled = recording_tally(recording, 10007);
  cr_assert_eq(handled.births, 200);
  cr_assert_eq(handled.deaths, 200);
  cr_assert_eq(recording_tally(recording, 10009).deaths, 100);
  /* the walk goes on through the signal's frame, also from the alternate stack */
  for (size_t i = 0; i < recording->profile->site_count; i++) {
    const struct site *site = &recording->profile->sites[i];
    if (site->total.bytes == site->births * 10007)
      cr_assert(recording_stack_has(recording, site->stack, "main"));
  }
  recording_free(recording);
  trial_free(trial);
}
