/* test_history.c - the generator by itself: what it logs as truth is what its events say, and the
 * three recordings of a run are of that run. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "behaviours.h"
#include "recording.h"

typedef void check_run(const struct behaviour *behaviour, const struct run *run);

static void live(const struct behaviour *behaviour, const struct shape *shape, void *check) {
  struct run run = process_live(shape, behaviour->plan, behaviour->argument);
  cr_assert(run.history.count > 1000, "%s", behaviour->name);
  (*(check_run **)check)(behaviour, &run);
  run_free(&run);
}

static void for_each_run(check_run *check) {
  const struct behaviour *const all[] = {queue_behaviours, store_behaviours};
  for (unsigned i = 0; i < 2; i++)
    for (const struct behaviour *behaviour = all[i]; behaviour->name; behaviour++)
      behaviour_shapes(behaviour, 1, live, &check);
}

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

/* A block in flight when the process is killed has been born, but not for its message yet. */
static void truth_is_in_the_events(const struct behaviour *behaviour, const struct run *run) {
  struct profile *profile = profile_in(run, RECORDING_EXACT);
  cr_assert(profile->check.agree, "%s", behaviour->name);
  cr_assert_eq(profile->unmatched_deaths, 0);
  cr_assert_eq(profile->order_violations, 0);
  cr_assert_eq(profile->births, profile->deaths + profile->at_end.blocks);
  for (unsigned i = 0; i < run->truth_count; i++) {
    const struct truth *truth = &run->truths[i];
    const struct site *site = site_of(profile, truth->sites[0]);
    double gone = 0;
    for (size_t stay = 0; stay < truth->count; stay++)
      gone += truth->stays[stay].departure_ns != WORLD_NEVER;
    double arrived = truth->arrivals;
    if (truth->messages_per_block > 1) /* what is turned away never was in a node */
      arrived -= truth->turned_away, gone -= truth->turned_away;
    double born = (double)site->births * truth->messages_per_block,
           freed = (double)site->deaths * truth->messages_per_block;
    /* a message may be between its first block and its node, or the other way round */
    double open = 6 * truth->messages_per_block;
    cr_assert(fabs(born - arrived) <= (truth->messages_per_block > 1 ? open : 0), "%s: %f of %f",
              behaviour->name, born, arrived);
    cr_assert(fabs(freed - gone) <= (truth->messages_per_block > 1 ? open : 6), "%s: %f of %f",
              behaviour->name, freed, gone);
    if (site->max.bytes == 96 * site->max.blocks) /* else it's not where the most blocks were */
      cr_assert(fabs((double)site->max.blocks - truth->most) <= 6, "%s: level %lu of %f",
                behaviour->name, (unsigned long)site->max.blocks, truth->most);
  }
  profile_free(profile);
}

Test(history, the_truth_that_a_process_logs_is_what_its_events_say, .timeout = 120) {
  for_each_run(truth_is_in_the_events);
}

static void folded_adds_up(const struct behaviour *behaviour, const struct run *run) {
  struct profile *exact = profile_in(run, RECORDING_EXACT),
                 *folded = profile_in(run, RECORDING_FOLDED);
  cr_assert(folded->check.agree, "%s", behaviour->name);
  cr_assert_gt(folded->folded.blocks, 0);
  cr_assert_eq(folded->unmatched_deaths, 0);
  cr_assert_eq(folded->order_violations, 0);
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
  profile_free(exact);
  profile_free(folded);
}

Test(history, folding_changes_no_sum, .timeout = 120) {
  for_each_run(folded_adds_up);
}

static void sampled_estimates(const struct behaviour *behaviour, const struct run *run) {
  struct profile *exact = profile_in(run, RECORDING_EXACT),
                 *sampled = profile_in(run, RECORDING_SAMPLED);
  cr_assert(sampled->check.agree, "%s", behaviour->name);
  cr_assert_eq(sampled->order_violations, 0);
  cr_assert_lt(sampled->events, exact->events);
  /* 1 / sqrt(1000), 5 times */
  cr_assert_float_eq((double)sampled->total.bytes, (double)exact->total.bytes,
                     0.15 * (double)exact->total.bytes, "%s: %lu of %lu", behaviour->name,
                     (unsigned long)sampled->total.bytes, (unsigned long)exact->total.bytes);
  profile_free(exact);
  profile_free(sampled);
}

Test(history, a_sample_stands_for_the_whole, .timeout = 120) {
  for_each_run(sampled_estimates);
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
