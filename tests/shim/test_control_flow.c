/* Control that leaves frames in other ways than by return: exceptions, longjmp, signals. */
#include <criterion/criterion.h>
#include <stdio.h>
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

Test(control_flow, a_hook_left_by_longjmp_is_noticed_by_the_next_one) {
  const char *jumping = built("tests/plugins/jumping_malloc.so");
  char preload[2 * PATH_MAX];
  snprintf(preload, sizeof(preload), "LD_PRELOAD=%s:%s", built("libdwell.so"), jumping);
  struct trial *trial =
      trial_run(&(struct trial_setup){.program = "left_hooks", .variables = {preload}});
  cr_assert_eq(trial->status, 0, "%s%s", trial->out, trial->err);
  cr_assert_str_eq(trial->out, "done\n");
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 25013).births, 0); /* it never returned */
  cr_assert_eq(recording_tally(recording, 25031).deaths, 20);
  /* what the handler does, inside of the hook, is counted as skipped: a birth and a death */
  cr_assert_eq(recording->info->missing.skipped_events, 40);
  cr_assert_eq(recording_tally(recording, 25033).births, 0);
  cr_assert_str_eq(recording->info->allocator, jumping);
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
