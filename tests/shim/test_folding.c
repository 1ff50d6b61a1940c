/* Folding, through the real recorder: what is counted and what is written, and that nothing but the
 * places of deaths and the moment of the peak is lost by it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* A second is longer than any young block here lives, whatever else the machine does. */
#define FOLD_ALL "DWELL_FOLD=1s,1MiB"

static const struct block_size {
  uint64_t size, births, at_end;
} sizes[] = {{312, 1000, 1000}, {24, 20000, 0}, {0, 500, 0},   {104, 4000, 0},
             {40009, 300, 0},   {208, 50, 0},   {30011, 64, 0}};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

/* The site of a size of `folds`, with its counts checked. A request of 0 counts as 1 byte. */
static const struct site *site_of(const struct recording *recording, const struct block_size *of) {
  struct tally tally = recording_tally(recording, of->size ? of->size : 1);
  cr_assert_eq(tally.sites, 1, "%lu: %zu sites", of->size, tally.sites);
  cr_assert_eq(tally.births, of->births, "%lu: %lu births", of->size, tally.births);
  cr_assert_eq(tally.deaths, of->births - of->at_end, "%lu: %lu deaths", of->size, tally.deaths);
  cr_assert_eq(tally.at_end, of->at_end, "%lu: %lu at end", of->size, tally.at_end);
  cr_assert_eq(tally.handoffs, 0);
  return tally.site;
}

static const struct site *folded_site(const struct recording *recording, uint64_t size) {
  for (size_t i = 0; i < SIZES; i++)
    if (sizes[i].size == size) return site_of(recording, &sizes[i]);
  cr_assert(false, "no size %lu", size);
  return NULL;
}

Test(folding, changes_no_total_and_no_count_of_any_site) {
  static const char *const modes[] = {"DWELL_EXACT=1", "DWELL_FOLD=1ms,32KiB", FOLD_ALL,
                                      "DWELL_FOLD=1us", "DWELL_FOLD=1s,100B"};
  for (size_t mode = 0; mode < sizeof(modes) / sizeof(modes[0]); mode++) {
    struct trial *trial = TRIAL(.program = "folds", .variables = {modes[mode]});
    struct recording *recording = recording_only(trial);
    const struct profile *profile = recording->profile;
    uint64_t births = 200, bytes = 0;
    for (size_t i = 0; i < SIZES; i++) {
      const struct site *site = site_of(recording, &sizes[i]);
      uint64_t size = sizes[i].size ? sizes[i].size : 1;
      cr_assert_eq(site->lifetimes.count, sizes[i].births);
      /* all blocks are of one size: so what they held is that, times the sum of lifetimes */
      double held = (double)size * site->lifetime_sum_ns * 1e-9;
      cr_assert_float_eq(site->held_byte_seconds, held, 1e-6 * held, "%s, %lu: %.9g, not %.9g",
                         modes[mode], size, site->held_byte_seconds, held);
      births += sizes[i].births;
      bytes += sizes[i].births * size;
    }
    const struct site *grown = recording_site(recording, 400, 200 * (416 + 832));
    cr_assert_eq(grown->reallocations, 200);
    cr_assert_eq(grown->folded.blocks, 0);
    cr_assert_eq(profile->births, births, "%lu", profile->births);
    cr_assert_eq(profile->deaths, births - 1000);
    cr_assert_eq(profile->birth_bytes, bytes + 200 * 416);
    cr_assert_eq(profile->total.bytes, bytes + 200 * (416 + 832));
    cr_assert_eq(profile->total.blocks, births + 200);
    cr_assert_eq(profile->at_end.bytes, 312000);
    cr_assert_eq(profile->unmatched_deaths, 0);
    cr_assert(recording->info->complete);
    /* so that this is about folding at all */
    cr_assert((profile->folded.blocks > 0) == (mode != 0), "%s: %lu folded", modes[mode],
              profile->folded.blocks);
    recording_free(recording);
    trial_free(trial);
  }
}

Test(folding, takes_what_is_young_enough_and_small_enough_and_nothing_else) {
  struct trial *by_default = TRIAL(.program = "folds");
  struct trial *all = TRIAL(.program = "folds", .variables = {FOLD_ALL});
  struct trial *small = TRIAL(.program = "folds", .variables = {"DWELL_FOLD=1s,104B"});
  struct recording *recording = recording_only(by_default);
  cr_assert_gt(folded_site(recording, 24)->folded.blocks, 0);
  /* too big; too old; never freed: written, each with the place of its death */
  const struct site *big = folded_site(recording, 40009), *old = folded_site(recording, 208);
  cr_assert_eq(big->folded.blocks, 0);
  cr_assert_eq(big->death_stacks.count, 1);
  cr_assert_eq(big->death_stacks.of[0].blocks, 300);
  cr_assert_eq(old->folded.blocks, 0);
  cr_assert_eq(old->death_stacks.count, 1);
  cr_assert_eq(old->death_stacks.of[0].blocks, 50);
  cr_assert_eq(folded_site(recording, 312)->folded.blocks, 0);
  recording_free(recording);

  recording = recording_only(all);
  static const uint64_t one_at_a_time[] = {24, 0, 40009, 208};
  for (size_t i = 0; i < 4; i++) {
    const struct site *site = folded_site(recording, one_at_a_time[i]);
    cr_assert_eq(site->folded.blocks, site->births, "%lu: %lu of %lu", one_at_a_time[i],
                 site->folded.blocks, site->births);
    cr_assert_eq(site->folded.bytes, site->total.bytes);
    cr_assert_eq(site->death_stacks.count, 0);
  }
  cr_assert_eq(folded_site(recording, 312)->folded.blocks, 0);
  recording_free(recording);

  recording = recording_only(small);
  cr_assert_eq(folded_site(recording, 24)->folded.blocks, 20000);
  cr_assert_gt(folded_site(recording, 104)->folded.blocks, 0); /* just small enough */
  cr_assert_eq(folded_site(recording, 208)->folded.blocks, 0);
  cr_assert_eq(folded_site(recording, 30011)->folded.blocks, 0);
  recording_free(recording);
  trial_free(by_default);
  trial_free(all);
  trial_free(small);
}

Test(folding, of_no_age_is_an_exact_recording) {
  static const char *const ages[] = {"DWELL_FOLD=0ms", "DWELL_FOLD=0ns", "DWELL_FOLD=0s,1MiB"};
  for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
    struct trial *trial = TRIAL(.program = "folds", .variables = {ages[i]});
    struct recording *recording = recording_only(trial);
    cr_assert(recording->info->exact);
    cr_assert_eq(recording->info->fold_age_count, 0);
    cr_assert_eq(recording->profile->folded.blocks, 0);
    cr_assert_eq(recording->profile->peak_uncertainty.bytes, 0);
    cr_assert_eq(folded_site(recording, 24)->death_stacks.of[0].blocks, 20000);
    recording_free(recording);
    trial_free(trial);
  }
}

Test(folding, of_no_size_takes_requests_of_0_alone) {
  struct trial *trial = TRIAL(.program = "folds", .variables = {"DWELL_FOLD=1s,0"});
  struct recording *recording = recording_only(trial);
  cr_assert_eq(folded_site(recording, 0)->folded.blocks, 500);
  cr_assert_eq(recording->profile->folded.blocks, 500);
  recording_free(recording);
  trial_free(trial);
}

/* Between the moments at which the program itself looks at the clock, just before and behind. */
Test(folding, keeps_lifetimes) {
  static const char *const modes[] = {"DWELL_EXACT=1", FOLD_ALL};
  for (size_t mode = 0; mode < 2; mode++) {
    double least, most;
    struct trial *trial = trial_run(&(struct trial_setup){
        .program = "folds", .arguments = {"times"}, .variables = {modes[mode]}});
    cr_assert_eq(sscanf(trial->out, "%lf %lf", &least, &most), 2, "%s", trial->out);
    struct recording *recording = recording_only(trial);
    const struct site *site = folded_site(recording, 208);
    cr_assert_eq(site->folded.blocks, mode ? 50 : 0);
    /* a hundredth: the recorder's clock is another one */
    cr_assert_geq(site->lifetime_sum_ns, 0.99 * least, "%f, not %f", site->lifetime_sum_ns, least);
    cr_assert_leq(site->lifetime_sum_ns, 1.01 * most, "%f, not %f", site->lifetime_sum_ns, most);
    /* each slept for 3 ms; a folded one stands in the middle of a quarter of an octave */
    cr_assert_geq(histogram_percentile(&site->lifetimes, 0.01), 2700000);
    cr_assert_geq(site->lifetime_max_ns, 2500000);
    recording_free(recording);
    trial_free(trial);
  }
}

static void assert_bounded(uint64_t folded, uint64_t uncertainty, uint64_t exact,
                           const char *what) {
  cr_assert_leq(folded, exact, "%s: %lu, exactly %lu", what, folded, exact);
  cr_assert_geq(folded + uncertainty, exact, "%s: %lu + %lu, exactly %lu", what, folded,
                uncertainty, exact);
}

Test(folding, leaves_the_peak_within_the_stated_bound) {
  struct trial *exact = TRIAL(.program = "folds", .variables = {"DWELL_EXACT=1"});
  struct trial *folded = TRIAL(.program = "folds", .variables = {FOLD_ALL});
  struct recording *a = recording_only(exact), *b = recording_only(folded);
  const uint64_t peak = 312000 + 64 * 30011, uncertainty = b->profile->peak_uncertainty.bytes;
  cr_assert_eq(a->profile->peak.bytes, peak, "%lu", a->profile->peak.bytes);
  cr_assert_eq(a->profile->peak_uncertainty.bytes, 0);
  assert_bounded(b->profile->peak.bytes, uncertainty, peak, "peak");
  cr_assert_lt(b->profile->peak.bytes, peak); /* so that there is something to bound */
  /* a bound that says nothing would hold as well */
  cr_assert_leq(uncertainty, peak, "%lu", uncertainty);
  for (size_t i = 0; i < SIZES; i++) {
    const struct site *site = site_of(a, &sizes[i]), *same = site_of(b, &sizes[i]);
    assert_bounded(same->max.bytes, uncertainty, site->max.bytes, "a site's maximum");
    assert_bounded(same->at_peak.bytes, uncertainty, site->at_peak.bytes, "at peak");
  }
  recording_free(a);
  recording_free(b);
  trial_free(exact);
  trial_free(folded);
}

Test(folding, takes_no_block_that_another_thread_has_freed) {
  struct trial *trial = TRIAL(.program = "ping_pong", .variables = {FOLD_ALL});
  struct recording *recording = recording_only(trial);
  for (uint64_t size = 4001; size <= 4003; size += 2) {
    struct tally tally = recording_tally(recording, size);
    cr_assert_eq(tally.births, 20000);
    cr_assert_eq(tally.handoffs, 20000, "%lu", tally.handoffs);
    cr_assert_eq(tally.site->folded.blocks, 0);
  }
  recording_free(recording);
  trial_free(trial);

  trial = TRIAL(.program = "handoff", .variables = {FOLD_ALL});
  recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 3001).handoffs, 500);
  cr_assert_eq(recording_tally(recording, 3001).site->folded.blocks, 0);
  cr_assert_eq(recording_tally(recording, 3011).site->folded.blocks, 300);
  recording_free(recording);
  trial_free(trial);
}

/* All of them would be falsely folded by a rule that looks at the address alone. */
Test(folding, takes_no_block_whose_address_another_thread_gave_back) {
  static const char *const modes[] = {FOLD_ALL, "DWELL_FOLD=1ms"};
  for (size_t mode = 0; mode < 2; mode++) {
    struct trial *trial = TRIAL(.program = "comes_back", .variables = {modes[mode]});
    struct recording *recording = recording_only(trial);
    for (uint64_t size = 401; size <= 403; size += 2) {
      struct tally tally = recording_tally(recording, size);
      cr_assert_eq(tally.births, 20000, "%lu: %lu births", size, tally.births);
      cr_assert_eq(tally.deaths, 20000, "%lu: %lu deaths", size, tally.deaths);
      cr_assert_eq(tally.handoffs, 20000, "%lu: %lu handed off", size, tally.handoffs);
    }
    cr_assert_eq(recording->profile->unmatched_deaths, 0);
    recording_free(recording);
    trial_free(trial);
  }
}

/* ---- many sites ------------------------------------------------------------------------- */

/* Sites of paths.h with so many blocks each, `more` for path % 5 besides, of 1000 + path bytes. */
static size_t assert_paths(const struct recording *recording, uint64_t each, uint64_t more) {
  size_t found = 0;
  for (size_t i = 0; i < recording->profile->site_count; i++) {
    const struct site *site = &recording->profile->sites[i];
    uint64_t size = site->births ? site->total.bytes / site->births : 0;
    if (size < 1000 || size >= 17384 || site->total.bytes != size * site->births) continue;
    uint64_t births = each + more * ((size - 1000) % 5);
    cr_assert_eq(site->births, births, "%lu: %lu births, not %lu", size, site->births, births);
    cr_assert_eq(site->deaths, births);
    cr_assert_eq(site->lifetimes.count, births);
    found++;
  }
  return found;
}

Test(folding, is_exact_for_more_sites_than_there_are_cells) {
  /* with few, all in cells; with more, in slots of more cells; with most, not all have one */
  static const struct {
    const char *count;
    size_t sites;
  } cases[] = {{"100", 100}, {"3000", 3000}, {"8000", 8000}, {"16000", 16000}};
  for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
    struct trial *trial =
        TRIAL(.program = "many_sites", .arguments = {cases[c].count, "6"}, .variables = {FOLD_ALL});
    struct recording *recording = recording_only(trial);
    size_t found = assert_paths(recording, 18, 1);
    cr_assert_eq(found, cases[c].sites, "%zu of %s sites", found, cases[c].count);
    cr_assert_eq(recording->profile->births, 20 * cases[c].sites);
    cr_assert_eq(recording->profile->folded.blocks, 20 * cases[c].sites, "%lu folded",
                 recording->profile->folded.blocks);
    cr_assert(recording->info->complete);
    recording_free(recording);
    trial_free(trial);
  }
}

/* ---- fork ------------------------------------------------------------------------------- */

static void assert_parent(const struct recording *recording) {
  cr_assert_eq(recording_tally(recording, 31001).births, 100);
  cr_assert_eq(recording_tally(recording, 31001).deaths, 100);
  cr_assert_eq(recording_tally(recording, 31003).deaths, 80);
  cr_assert_eq(recording_tally(recording, 31013).births, 0);
  cr_assert_eq(recording_tally(recording, 31019).births, 0);
  struct tally busy = recording_tally(recording, 31051);
  cr_assert_eq(busy.births, busy.deaths);
  cr_assert_eq(assert_paths(recording, 2, 0), 500);
  cr_assert_eq(recording->profile->unmatched_deaths, 0);
}

static void assert_child(const struct recording *recording) {
  const struct profile *profile = recording->profile;
  cr_assert_eq(recording_tally(recording, 31013).deaths, 70);
  cr_assert_eq(recording_tally(recording, 31019).at_end, 10);
  cr_assert_eq(assert_paths(recording, 1, 0), 500);
  /* and nothing else */
  cr_assert_eq(profile->births, 70 + 10 + 500, "%lu births", profile->births);
  cr_assert_eq(profile->deaths, 70 + 500, "%lu deaths", profile->deaths);
  cr_assert_eq(profile->unmatched_deaths, 100, "%lu", profile->unmatched_deaths);
  cr_assert_eq(profile->folded.blocks, 70 + 500);
}

static void fork_in_the_middle(const char *how) {
  struct trial *trial =
      TRIAL(.program = "forks_folding", .arguments = {how}, .variables = {FOLD_ALL});
  cr_assert_eq(trial->trace_count, 2);
  for (size_t i = 0; i < 2; i++) {
    struct recording *recording = recording_open(trial->traces[i]);
    bool parent = recording->info->pid == (uint64_t)trial->pid;
    cr_assert_eq(recording->info->forked, !parent);
    parent ? assert_parent(recording) : assert_child(recording);
    recording_free(recording);
  }
  trial_free(trial);
}

Test(folding, of_parent_and_child_is_apart) {
  fork_in_the_middle("fork");
}

Test(folding, of_parent_and_child_is_apart_where_no_handlers_run) {
  fork_in_the_middle("_Fork");
  fork_in_the_middle("clone");
}
