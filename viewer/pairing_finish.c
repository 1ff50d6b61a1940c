/* pairing_finish.c - from sums to figures, when all events are in. */
#include <errno.h>

#include "site_account.h"

static int count_living(struct pairing *pairing, uint64_t end_ticks) {
  int error = 0;
  for (size_t i = 0; pairing->blocks.places && i <= pairing->blocks.mask && !error; i++)
    if (pairing->blocks.places[i].site)
      error = pairing_book_life(pairing, &pairing->blocks.places[i], end_ticks);
  for (size_t lane = 0; lane < pairing->lane_count && !error; lane++)
    if (pairing->in_flight[lane].site)
      error = pairing_book_life(pairing, &pairing->in_flight[lane], end_ticks);
  return error;
}

/* From units of a sample to figures. */
static void scale(uint64_t *units) {
  *units = sampling_figure(*units);
}

static void scale_figure(struct figure *figure) {
  scale(&figure->blocks);
  scale(&figure->bytes);
}

static void scale_shares(const struct shares *shares) {
  for (size_t i = 0; i < shares->count; i++) {
    scale(&shares->of[i].blocks);
    scale(&shares->of[i].bytes);
  }
}

static void scale_site(struct site *site) {
  scale(&site->births);
  scale(&site->reallocations);
  scale(&site->deaths);
  scale(&site->handoffs);
  scale_figure(&site->curr);
  scale_figure(&site->total);
  scale_figure(&site->max);
  scale_figure(&site->at_peak);
  scale_figure(&site->at_end);
  histogram_divide(&site->lifetimes, SAMPLING_UNIT);
  scale_shares(&site->birth_threads);
  scale_shares(&site->death_threads);
  scale_shares(&site->death_stacks);
  scale_shares(&site->resize_stacks);
  site->held_byte_seconds /= SAMPLING_UNIT;
  site->lifetime_sum_ns /= SAMPLING_UNIT;
}

static void scale_profile(struct profile *profile) {
  scale(&profile->births);
  scale(&profile->deaths);
  scale(&profile->reallocations);
  scale(&profile->birth_bytes);
  scale(&profile->death_bytes);
  scale(&profile->realloc_bytes_grown);
  scale(&profile->realloc_bytes_shrunk);
  scale_figure(&profile->total);
  scale_figure(&profile->peak);
  scale_figure(&profile->at_end);
}

static int finish_site(struct pairing *pairing, size_t index, uint64_t end_ticks) {
  const struct run_clock *clock = pairing->clock;
  struct site *site = &pairing->profile->sites[index];
  struct site_account *account = &pairing->accounts[index];
  save_at_peak(pairing, site, account);
  site->at_end = site->curr;
  pairing_add_folded(pairing, index);
  uint64_t longest = end_ticks - clock->start_ticks;
  if (account->lifetime_max_ticks < longest) longest = account->lifetime_max_ticks;
  site->held_byte_seconds = run_clock_held(clock, account->held);
  site->first_birth_ns = run_clock_ns(clock, account->first_birth_ticks);
  site->last_birth_ns = run_clock_ns(clock, account->last_birth_ticks);
  site->lifetime_sum_ns = run_clock_held(clock, account->lifetime_ticks) * 1e9;
  site->lifetime_max_ns = run_clock_span(clock, longest);
  int error = share_table_finish(&account->birth_threads, &site->birth_threads);
  if (!error) error = share_table_finish(&account->death_threads, &site->death_threads);
  if (!error) error = share_table_finish(&account->death_stacks, &site->death_stacks);
  if (!error) error = share_table_finish(&account->resize_stacks, &site->resize_stacks);
  if (!error && pairing->sampling) scale_site(site);
  return error;
}

/* Adds up what sites held: those of events and folds, or what the sample stands for. */
static unsigned __int128 held_by_sites(const struct pairing *pairing) {
  unsigned __int128 held = 0;
  for (size_t i = 0; i < pairing->profile->site_count; i++)
    held += pairing->accounts[i].held;
  return held;
}

int pairing_finish(struct pairing *pairing, uint64_t end_ticks, struct ledger *ledger,
                   struct profile **result) {
  struct profile *profile = pairing->profile;
  const struct run_clock *clock = pairing->clock;
  if (end_ticks < pairing->ticks) end_ticks = pairing->ticks;
  if (end_ticks < pairing->last_fold_ticks) end_ticks = pairing->last_fold_ticks;
  if (end_ticks < clock->start_ticks) end_ticks = clock->start_ticks;
  int error = count_living(pairing, end_ticks);
  for (size_t i = 0; i < profile->site_count && !error; i++)
    error = finish_site(pairing, i, end_ticks);
  if (error) return error;
  if (pairing->timeline.timeline) timeline_finish(&pairing->timeline);
  unsigned __int128 held = held_by_sites(pairing);
  profile->at_end = pairing->curr;
  profile->peak_time_ns = run_clock_ns(clock, pairing->peak_ticks);
  profile->duration_ns = run_clock_ns(clock, end_ticks);
  profile->held_byte_seconds = run_clock_held(clock, held);
  ledger_close(ledger, end_ticks);
  /* The books are of events. What was folded was checked when it was read, and is in both. */
  unsigned __int128 folded = pairing->sampling ? 0 : held - pairing->held;
  profile->check = (struct self_check){
      .held_by_pairs = run_clock_held(clock, pairing->held + folded),
      .held_by_curve = run_clock_held(clock, ledger->byte_ticks + folded),
      .agree = pairing->held == ledger->byte_ticks,
  };
  if (pairing->sampling) {
    scale_profile(profile);
    profile->held_byte_seconds /= SAMPLING_UNIT;
    error = sampling_finish(pairing->sampling, profile, run_clock_held(clock, 1));
    if (error) return error;
  }
  profile->site_index = pairing->site_of_stack;
  profile->site_index_count = pairing->stack_capacity;
  pairing->site_of_stack = NULL;
  pairing->profile = NULL;
  *result = profile;
  return 0;
}
