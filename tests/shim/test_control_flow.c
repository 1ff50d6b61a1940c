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

/* Of the handler's own events each is recorded, or counted as skipped: it runs wholly inside of a
 * hook, or wholly outside. */
static void assert_all_handled(const struct recording *recording, uint64_t times) {
  struct tally handled = recording_tally(recording, 991);
  uint64_t skipped = recording->info->missing.skipped_events;
  cr_assert_eq(handled.births, handled.deaths);
  cr_assert_eq(handled.births + handled.deaths + skipped, 2 * times, "%lu born, %lu skipped",
               handled.births, skipped);
  cr_assert_gt(skipped, 0); /* or no hook was interrupted */
}

Test(control_flow, a_timer_at_10_kHz_may_interrupt_the_hook) {
  struct trial *trial = TRIAL(.program = "profiled", .variables = {"DWELL_EXACT=1"});
  struct recording *recording = recording_only(trial);
  assert_all_handled(recording, 3000 + 1);
  struct tally program = recording_tally(recording, 107);
  cr_assert_gt(program.births, 3000);
  cr_assert_eq(program.births, program.deaths);
  cr_assert_eq(recording_tally(recording, 113).deaths, 1000);
  cr_assert_eq(recording->profile->unmatched_deaths, 0);
  recording_free(recording);
  trial_free(trial);
}

Test(control_flow, the_hook_may_be_left_by_longjmp_at_any_instruction) {
  struct trial *trial =
      TRIAL(.program = "profiled", .arguments = {"jumps"}, .variables = {"DWELL_EXACT=1"},
            .preload = built("tests/plugins/signal_safe_malloc.so"));
  struct recording *recording = recording_only(trial);
  assert_all_handled(recording, 500 + 1);
  /* what was left between malloc and free was never freed */
  struct tally program = recording_tally(recording, 107);
  cr_assert_gt(program.births, 500);
  cr_assert_leq(program.at_end, 500);
  cr_assert_eq(recording_tally(recording, 113).deaths, 1000);
  cr_assert_eq(recording->profile->unmatched_deaths, 0);
  /* no frame of another stack is in one that was left half done */
  for (size_t i = 0; i < recording->profile->site_count; i++)
    cr_assert(recording_stack_has(recording, recording->profile->sites[i].stack, "main"));
  recording_free(recording);
  trial_free(trial);
}

Test(control_flow, coroutines_on_all_kinds_of_stacks_and_in_turn_in_threads) {
  struct trial *trial = TRIAL(.program = "coroutines", .variables = {"DWELL_EXACT=1"});
  unsigned born, died;
  cr_assert_eq(sscanf(trial->out, "%u born, %u died", &born, &died), 2);
  struct recording *recording = recording_only(trial);
  struct tally own = recording_tally(recording, 9511);
  cr_assert_eq(own.births, 3 * 480);
  cr_assert_eq(own.deaths, 3 * 480);
  struct tally theirs = recording_tally(recording, 9501);
  cr_assert_eq(theirs.births, born);
  cr_assert_eq(theirs.deaths, died);
  cr_assert_gt(theirs.handoffs, 0);
  for (size_t i = 0; i < recording->profile->site_count; i++) {
    const struct site *site = &recording->profile->sites[i];
    if (site->total.bytes != site->births * 9501) continue;
    cr_assert(recording_stack_has(recording, site->stack, "body"));
    cr_assert(!recording_stack_has(recording, site->stack, "run"));
  }
  recording_free(recording);
  trial_free(trial);
}

Test(control_flow, coroutines_whose_stacks_end_in_nothing_are_walked_to_there) {
  static const char *const unwinders[] = {"DWELL_UNWIND=memoised", "DWELL_UNWIND=libgcc"};
  for (size_t u = 0; u < sizeof(unwinders) / sizeof(unwinders[0]); u++) {
    struct trial *trial =
        TRIAL(.program = "bare_stacks", .variables = {"DWELL_EXACT=1", unwinders[u]});
    struct recording *recording = recording_only(trial);
    struct tally theirs = recording_tally(recording, 29009);
    cr_assert_eq(theirs.deaths, 200);
    cr_assert_eq(recording_tally(recording, 29017).deaths, 200);
    cr_assert(recording_stack_has(recording, theirs.site->stack, "coroutine"));
    cr_assert(!recording_stack_has(recording, theirs.site->stack, "main"));
    recording_free(recording);
    trial_free(trial);
  }
}

Test(control_flow, handlers_of_jumps_to_nowhere_may_allocate) {
  static const char *const unwinders[] = {"DWELL_UNWIND=memoised", "DWELL_UNWIND=libgcc"};
  for (size_t u = 0; u < sizeof(unwinders) / sizeof(unwinders[0]); u++) {
    struct trial *trial =
        TRIAL(.program = "jumps_nowhere", .variables = {"DWELL_EXACT=1", unwinders[u]});
    struct recording *recording = recording_only(trial);
    struct tally handled = recording_tally(recording, 30011);
    cr_assert_eq(handled.deaths, 8);
    cr_assert(recording_stack_has(recording, handled.site->stack, "handler"));
    cr_assert_eq(recording_tally(recording, 30013).deaths, 8);
    recording_free(recording);
    trial_free(trial);
  }
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
