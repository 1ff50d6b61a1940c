/* Threads: their names, what they hand to one another, how they begin and end. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "shim/trace.h"

/* How many lanes the trace has, by their windows. */
static unsigned lanes_of(const char *path) {
  struct trace_lane window;
  unsigned lanes = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  cr_assert(fd >= 0);
  for (off_t at = TRACE_SLOT; pread(fd, &window, sizeof(window), at) == sizeof(window);
       at += TRACE_SLOT)
    lanes += window.magic == TRACE_LANE_MAGIC;
  close(fd);
  return lanes;
}

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

Test(threads, a_hundred_thousand_short_ones_share_a_few_lanes, .timeout = 120) {
  struct trial *trial = TRIAL(.program = "many_threads");
  struct recording *recording = recording_only(trial);
  struct tally tally = recording_tally(recording, 5003);
  cr_assert_eq(tally.births, 200000);
  cr_assert_eq(tally.deaths, 200000);
  cr_assert_eq(tally.handoffs, 100000);
  /* at most 9 threads at a time; one that ends may keep its lane when the next has begun already */
  cr_assert_leq(lanes_of(trial->traces[0]), 20, "%u lanes", lanes_of(trial->traces[0]));
  recording_free(recording);
  trial_free(trial);
}

Test(threads, with_small_stacks_are_recorded) {
  /* what they leave is 2 KiB more than libc needs */
  static const char *const cases[][2] = {{"16384", "10240"}, {"32768", "10240"}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct trial *trial = TRIAL(.program = "small_stacks", .arguments = {cases[i][0], cases[i][1]},
                                .variables = {"DWELL_EXACT=1"});
    struct recording *recording = recording_only(trial);
    cr_assert_eq(recording_site(recording, 800, 400 * (6007 + 6011))->deaths, 400);
    recording_free(recording);
    trial_free(trial);
  }
}

/* The figure that `stack_use` printed after a name. */
static long stack_used(const struct trial *trial, const char *name) {
  const char *line = strstr(trial->out, name);
  cr_assert(line, "%s: %s", name, trial->out);
  return atol(line + strlen(name));
}

Test(threads, lend_the_recorder_1_KiB_of_stack_and_4_KiB_when_it_is_slow) {
  static const struct {
    const char *name;
    long most;
  } cases[] = {
      {"first", 4096}, {"warm", 1024}, {"branches", 4096}, {"pairs", 4096}, {"handler", 4096}};
  static const char *const unwinders[] = {"DWELL_UNWIND=memoised", "DWELL_UNWIND=libgcc"};
  /* or ld.so's own binding would hide what the recorder uses */
  struct trial *bare = trial_run(
      &(struct trial_setup){.program = "stack_use", .variables = {"LD_BIND_NOW=1"}, .bare = true});
  for (size_t u = 0; u < sizeof(unwinders) / sizeof(unwinders[0]); u++) {
    struct trial *trial = trial_run(&(struct trial_setup){
        .program = "stack_use", .variables = {"LD_BIND_NOW=1", unwinders[u]}});
    cr_assert_eq(trial->status, 0, "%s%s", trial->out, trial->err);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      long more = stack_used(trial, cases[i].name) - stack_used(bare, cases[i].name);
      bool fast = cases[i].most < 4096 && u == 0;
      cr_assert_leq(more, fast ? 1024 : 4096, "%s, %s: %ld bytes", unwinders[u], cases[i].name,
                    more);
      cr_assert_gt(more, 64, "%s: %ld bytes, or was it not recorded?", cases[i].name, more);
    }
    struct recording *recording = recording_only(trial);
    cr_assert_geq(recording_tally(recording, 71).deaths, 20003);
    cr_assert_eq(recording_tally(recording, 79).sites, 1024);
    cr_assert_eq(recording_tally(recording, 73).deaths, 1);
    recording_free(recording);
    trial_free(trial);
  }
  trial_free(bare);
}

Test(threads, that_are_cancelled_at_any_instruction_leave_the_recording_whole) {
  struct trial *trial = TRIAL(.program = "cancels", .variables = {"DWELL_EXACT=1"},
                              .preload = built("tests/plugins/signal_safe_malloc.so"));
  struct recording *recording = recording_only(trial);
  struct tally deferred = recording_tally(recording, 5501);
  struct tally asynchronous = recording_tally(recording, 5503);
  cr_assert_eq(deferred.births, 20 * 20000);
  cr_assert_eq(deferred.deaths, 20 * 20000);
  /* each may have been cancelled with a block in its hand */
  cr_assert_gt(asynchronous.births, 200);
  cr_assert_leq(asynchronous.at_end, 200);
  cr_assert_leq(lanes_of(trial->traces[0]), 4, "%u lanes", lanes_of(trial->traces[0]));
  recording_free(recording);
  trial_free(trial);
}

Test(threads, may_ask_for_their_stack_before_and_after_all_else) {
  struct trial *trial = TRIAL(.program = "asks_stack");
  cr_assert_eq(trial->trace_count, 2);
  uint64_t births = 0, deaths = 0;
  for (size_t i = 0; i < trial->trace_count; i++) {
    struct recording *recording = recording_open(trial->traces[i]);
    struct tally tally = recording_tally(recording, 8009);
    births += tally.births;
    deaths += tally.deaths;
    recording_free(recording);
  }
  cr_assert_eq(births, 4 * 2 + 1);
  cr_assert_eq(deaths, 4 * 2 + 1);
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
