/* Threads: their names, what they hand to one another, how they begin and end. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness.h"

static void assert_born_in(const struct recording *recording, uint64_t size, const char *name) {
  struct tally tally = recording_tally(recording, size);
  cr_assert(tally.site, "no block of %lu", size);
  cr_assert_str_eq(recording_birth_thread(recording, tally.site), name);
  cr_assert_str_eq(recording_death_thread(recording, tally.site), name);
}

Test(threads, have_the_name_that_they_got_last_however_it_was_set) {
  struct trial *trial = TRIAL(.program = "thread_names");
  struct recording *recording = recording_only(trial);
  assert_born_in(recording, 2001, "early");
  assert_born_in(recording, 2003, "late");
  assert_born_in(recording, 2011, "by-other");
  assert_born_in(recording, 2017, "by-prctl");
  /* a thread begins with its creator's name, the main one with the program's */
  assert_born_in(recording, 2027, "thread_names");
  assert_born_in(recording, 2029, "thread_names");
  recording_free(recording);
  trial_free(trial);
}

Test(threads, free_in_another_thread_is_a_hand_off) {
  struct trial *trial = TRIAL(.program = "handoff");
  struct recording *recording = recording_only(trial);
  struct tally handed = recording_tally(recording, 3001), own = recording_tally(recording, 3011);
  cr_assert_eq(handed.births, 500);
  cr_assert_eq(handed.deaths, 500);
  cr_assert_eq(handed.handoffs, 500);
  cr_assert_str_eq(recording_birth_thread(recording, handed.site), "maker");
  cr_assert_str_eq(recording_death_thread(recording, handed.site), "taker");
  cr_assert_eq(own.births, 300);
  cr_assert_eq(own.handoffs, 0);
  const struct site *grown = recording_site(recording, 400, 200 * (3019 + 6038));
  cr_assert_eq(grown->reallocations, 200);
  cr_assert_eq(grown->handoffs, 200);
  recording_free(recording);
  trial_free(trial);
}

Test(threads, addresses_that_go_round_between_threads_are_paired_right) {
  struct trial *trial = TRIAL(.program = "ping_pong");
  struct recording *recording = recording_only(trial);
  for (uint64_t size = 4001; size <= 4003; size += 2) {
    struct tally tally = recording_tally(recording, size);
    cr_assert_eq(tally.births, 20000);
    cr_assert_eq(tally.deaths, 20000);
    cr_assert_eq(tally.handoffs, 20000);
  }
  cr_assert_eq(recording->profile->unmatched_deaths, 0);
  recording_free(recording);
  trial_free(trial);
}

Test(threads, ten_thousand_short_ones_share_a_few_lanes) {
  struct trial *trial = TRIAL(.program = "many_threads");
  struct recording *recording = recording_only(trial);
  struct tally tally = recording_tally(recording, 5003);
  cr_assert_eq(tally.births, 20000);
  cr_assert_eq(tally.deaths, 20000);
  cr_assert_eq(tally.handoffs, 10000);
  struct stat status;
  cr_assert_eq(stat(trial->traces[0], &status), 0);
  /* a lane a thread would be 10,000 x 128 KiB */
  cr_assert_lt(status.st_size, 16 << 20);
  recording_free(recording);
  trial_free(trial);
}

Test(threads, with_16_KiB_of_stack_are_recorded) {
  struct trial *trial = TRIAL(.program = "small_stacks");
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording_site(recording, 800, 400 * (6007 + 6011))->deaths, 400);
  recording_free(recording);
  trial_free(trial);
}

Test(threads, blocks_freed_by_thread_specific_destructors_are_not_lost) {
  struct trial *trial = TRIAL(.program = "tls_destructors");
  struct recording *recording = recording_only(trial);
  struct tally held = recording_tally(recording, 7001), brief = recording_tally(recording, 7013);
  cr_assert_eq(held.births, 32);
  cr_assert_eq(held.deaths, 32);
  cr_assert_eq(held.handoffs, 0);
  cr_assert_eq(brief.births, 32);
  cr_assert_eq(brief.deaths, 32);
  /* a thread past its end borrows a lane for one event and gives it back */
  struct stat status;
  cr_assert_eq(stat(trial->traces[0], &status), 0);
  cr_assert_leq(status.st_size, 1 << 20, "%ld", (long)status.st_size);
  recording_free(recording);
  trial_free(trial);
}

Test(threads, blocks_freed_by_thread_local_objects_are_not_lost) {
  struct trial *trial = TRIAL(.program = "thread_locals");
  struct recording *recording = recording_only(trial);
  struct tally tally = recording_tally(recording, 7103);
  cr_assert_eq(tally.births, 8);
  cr_assert_eq(tally.deaths, 8);
  cr_assert_eq(tally.handoffs, 0);
  recording_free(recording);
  trial_free(trial);
}
