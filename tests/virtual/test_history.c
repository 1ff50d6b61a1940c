/* test_history.c - the generator by itself: what it logs as truth is what its events say, and the
 * three recordings of a run are of that run. */
#include <criterion/criterion.h>
#include <string.h>

#include "behaviours.h"
#include "recording.h"

static const struct site *site_of(const struct profile *profile, uint32_t stack) {
  size_t index = profile_find_site(profile, stack);
  cr_assert_neq(index, SIZE_MAX);
  return &profile->sites[index];
}

static struct profile *profile_in(const struct run *run, enum recording recording) {
  struct recorded recorded = recording_make(&run->history, recording, 300, 1);
  struct profile *profile = recorded_profile(&recorded);
  recorded_free(&recorded);
  return profile;
}

/* Of what is scattered: all sites that end in the same frame. */
static struct site sites_of(const struct run *run, const struct truth *truth,
                            const struct profile *profile) {
  struct site sum = {0};
  if (!truth->scattered) return *site_of(profile, truth->sites[0]);
  for (size_t i = 0; i < profile->site_count; i++) {
    const struct site *site = &profile->sites[i];
    if (strcmp(run->history.stacks[site->stack], run->history.stacks[truth->sites[0]])) continue;
    sum.births += site->births;
    sum.deaths += site->deaths;
    sum.max.bytes++; /* their maxima are of different moments */
  }
  return sum;
}

static void assert_truth(const char *name, const struct run *run, const struct truth *truth,
                         const struct profile *profile) {
  const struct site all = sites_of(run, truth, profile), *site = &all;
  double per_block = truth->messages_per_block;
  double born = (double)site->births * per_block, freed = (double)site->deaths * per_block;
  double arrived = truth->arrived + truth->drafts, gone = truth->departed + truth->drafts;
  if (per_block > 1) { /* what is turned away never was in a node; one may be half full, or empty */
    arrived -= truth->turned_away, gone -= truth->turned_away;
    cr_assert_float_eq(born, arrived, 6 * per_block, "%s: %f of %f", name, born, arrived);
    cr_assert_float_eq(freed, gone, 6 * per_block, "%s: %f of %f", name, freed, gone);
    return;
  }
  cr_assert_eq(born, arrived, "%s: %f of %f", name, born, arrived);
  /* a killed one may have freed the block, and not yet logged that */
  cr_assert_float_eq(freed, gone, 3, "%s: %f of %f", name, freed, gone);
  if (site->max.bytes == 96 * site->max.blocks) /* else it's not where the most blocks were */
    cr_assert_float_eq((double)site->max.blocks, truth->most, 6, "%s: level %lu of %f", name,
                       (unsigned long)site->max.blocks, truth->most);
}

static void assert_sound(const char *name, const struct profile *profile) {
  cr_assert(profile->check.agree, "%s", name);
  cr_assert_eq(profile->unmatched_deaths, 0);
  cr_assert_eq(profile->order_violations, 0);
}

static void assert_same_sums(const char *name, const struct profile *exact,
                             const struct profile *folded) {
  cr_assert_gt(folded->folded.blocks, 0, "%s", name);
  cr_assert_eq(folded->births, exact->births);
  cr_assert_eq(folded->deaths, exact->deaths);
  cr_assert_eq(folded->total.bytes, exact->total.bytes);
  cr_assert_eq(folded->at_end.bytes, exact->at_end.bytes);
  cr_assert_float_eq(folded->held_byte_seconds, exact->held_byte_seconds,
                     1e-9 * exact->held_byte_seconds);
  for (size_t i = 0; i < exact->site_count; i++) {
    const struct site *site = site_of(folded, exact->sites[i].stack);
    cr_assert_eq(site->births, exact->sites[i].births);
    cr_assert_eq(site->handoffs, exact->sites[i].handoffs);
  }
}

static void live(const struct behaviour *behaviour, const struct shape *shape, void *context) {
  const char *name = behaviour->name;
  unsigned *visited = context;
  if ((*visited)++ % 3) return; /* the generator is the same for all: a third will do */
  struct run run = process_live(shape, behaviour->plan, behaviour->argument);
  struct profile *profiles[RECORDINGS];
  for (enum recording recording = 0; recording < RECORDINGS; recording++) {
    profiles[recording] = profile_in(&run, recording);
    assert_sound(name, profiles[recording]);
  }
  const struct profile *exact = profiles[RECORDING_EXACT], *sampled = profiles[RECORDING_SAMPLED];
  for (unsigned i = 0; i < run.truth_count; i++)
    assert_truth(name, &run, &run.truths[i], exact);
  assert_same_sums(name, exact, profiles[RECORDING_FOLDED]);
  cr_assert_lt(sampled->events, exact->events);
  /* five times the standard deviation of some 1,000 blocks */
  cr_assert_float_eq((double)sampled->total.bytes, (double)exact->total.bytes,
                     0.16 * (double)exact->total.bytes, "%s: %lu of %lu", name,
                     (unsigned long)sampled->total.bytes, (unsigned long)exact->total.bytes);
  for (enum recording recording = 0; recording < RECORDINGS; recording++)
    profile_free(profiles[recording]);
  run_free(&run);
}

Test(history, the_truth_is_what_the_events_say_and_all_recordings_are_of_them, .timeout = 120) {
  const struct behaviour *const all[] = {queue_behaviours, store_behaviours};
  unsigned visited = 0;
  for (unsigned i = 0; i < 2; i++)
    for (const struct behaviour *behaviour = all[i]; behaviour->name; behaviour++)
      behaviour_shapes(behaviour, 1, live, &visited);
}

static void plan_of(struct process *process, const void *argument) {
  const struct behaviour *behaviour = argument;
  behaviour->plan(process, behaviour->argument);
}

Test(history, the_same_seed_gives_the_same_events_and_another_one_others) {
  const struct behaviour *behaviour = behaviour_find("overloaded_twice");
  struct shape shape = {3, 2, FORM_THREE, 5}, other = {3, 2, FORM_THREE, 6};
  struct run one = process_live(&shape, plan_of, behaviour),
             same = process_live(&shape, plan_of, behaviour),
             another = process_live(&other, plan_of, behaviour);
  size_t bytes = one.history.count * sizeof(struct event);
  cr_assert_eq(one.history.count, same.history.count);
  cr_assert_eq(memcmp(one.history.events, same.history.events, bytes), 0);
  cr_assert_neq(memcmp(one.history.events, another.history.events, 1000 * sizeof(struct event)), 0);
  run_free(&one);
  run_free(&same);
  run_free(&another);
}
