/* Allocators that come after the recorder: Debian's jemalloc, tcmalloc and mimalloc, preloaded
 * behind it, and one linked. malloc's calls are counted as with libc's. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "harness.h"

struct allocator {
  char library[32];
};

static struct allocator allocators[] = {
    {"libjemalloc.so.2"}, {"libtcmalloc_minimal.so.4"}, {"libmimalloc.so.2"}};

ParameterizedTestParameters(allocators, count_as_libcs) {
  return cr_make_param_array(struct allocator, allocators,
                             sizeof(allocators) / sizeof(allocators[0]));
}

ParameterizedTest(struct allocator *allocator, allocators, count_as_libcs) {
  struct trial *trial = TRIAL(.program = "basics", .preload = allocator->library);
  struct recording *recording = recording_only(trial);
  cr_assert(strstr(recording->info->allocator, allocator->library), "%s",
            recording->info->allocator);
  cr_assert_eq(recording_tally(recording, 101).deaths, 3);
  cr_assert_eq(recording_tally(recording, 203).deaths, 1);
  cr_assert_eq(recording_tally(recording, 1009).at_end, 1);
  recording_free(recording);
  trial_free(trial);

  trial =
      TRIAL(.program = "handoff", .preload = allocator->library, .variables = {"DWELL_EXACT=1"});
  recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 3001).handoffs, 500);
  cr_assert_eq(recording_tally(recording, 3011).deaths, 300);
  cr_assert_eq(recording_site(recording, 400, 200 * (3019 + 6038))->reallocations, 200);
  recording_free(recording);
  trial_free(trial);

  trial =
      TRIAL(.program = "exceptions", .preload = allocator->library, .variables = {"DWELL_EXACT=1"});
  recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 8009).deaths, 250 * 11);
  recording_free(recording);
  trial_free(trial);

  trial = TRIAL(.program = "aligned", .preload = allocator->library);
  recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 1511).deaths, 1);
  recording_free(recording);
  trial_free(trial);
}

Test(allocators, tell_of_what_operator_new_allocates) {
  static const struct {
    uint64_t size, births;
  } blocks[] = {{31013, 100}, {31019, 50}, {31033, 20}, {31040, 10}, {31051, 2}};
  static const char *const libraries[] = {NULL, "libjemalloc.so.2", "libtcmalloc_minimal.so.4"};
  static const char *const modes[] = {"DWELL_EXACT=1", "DWELL_EXACT=0"};
  for (size_t i = 0; i < 2 * sizeof(libraries) / sizeof(libraries[0]); i++) {
    struct trial *trial =
        TRIAL(.program = "operators", .preload = libraries[i / 2], .variables = {modes[i % 2]});
    struct recording *recording = recording_only(trial);
    cr_assert(!recording->info->new_unseen);
    for (size_t b = 0; b < sizeof(blocks) / sizeof(blocks[0]); b++) {
      struct tally tally = recording_tally(recording, blocks[b].size);
      bool kept = blocks[b].size != 31051;
      cr_assert_eq(tally.births, blocks[b].births, "%s, %s: %lu of %lu", libraries[i / 2],
                   modes[i % 2], tally.births, blocks[b].size);
      cr_assert_eq(tally.at_end, kept);
      cr_assert(recording_stack_has(recording, tally.site->stack, "all"));
    }
    cr_assert_eq(recording->profile->unmatched_deaths, 0);
    recording_free(recording);
    trial_free(trial);
  }
}

Test(allocators, that_do_not_tell_are_named) {
  struct trial *trial = TRIAL(.program = "exceptions", .preload = "libmimalloc.so.2");
  struct recording *recording = recording_only(trial);
  cr_assert(recording->info->new_unseen);
  cr_assert_eq(recording_tally(recording, 8009).deaths, 250 * 11);
  recording_free(recording);
  trial_free(trial);
}

ParameterizedTestParameters(allocators, are_unharmed_by_forks_and_many_threads) {
  return cr_make_param_array(struct allocator, allocators,
                             sizeof(allocators) / sizeof(allocators[0]));
}

ParameterizedTest(struct allocator *allocator, allocators, are_unharmed_by_forks_and_many_threads) {
  struct trial *trial = TRIAL(.program = "busy_forks", .preload = allocator->library);
  cr_assert_eq(trial->trace_count, 31);
  trial_free(trial);
  trial = TRIAL(.program = "much", .arguments = {"8"}, .preload = allocator->library,
                .variables = {"DWELL_EXACT=1"});
  struct recording *recording = recording_only(trial);
  struct tally tally = recording_tally(recording, 19001);
  cr_assert_eq(tally.births, 200000);
  cr_assert_eq(tally.deaths, 200000);
  recording_free(recording);
  trial_free(trial);
  trial = TRIAL(.program = "tls_destructors", .preload = allocator->library,
                .variables = {"DWELL_EXACT=1"});
  recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 7001).deaths, 32);
  recording_free(recording);
  trial_free(trial);
}

Test(allocators, that_are_linked_are_found_behind_the_recorder) {
  struct trial *trial = TRIAL(.program = "linked_jemalloc");
  struct recording *recording = recording_only(trial);
  cr_assert(strstr(recording->info->allocator, "libjemalloc.so.2"), "%s",
            recording->info->allocator);
  cr_assert_eq(recording_tally(recording, 101).deaths, 3);
  cr_assert_eq(recording_tally(recording, 1009).at_end, 1);
  recording_free(recording);
  trial_free(trial);
}
