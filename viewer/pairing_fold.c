/* pairing_fold.c - books blocks that were folded: a whole bundle of lives at a time.
 *
 * They come in no order, and are in none of the figures that change with time (live bytes, peak):
 * so they are kept apart, and added when all is in.
 */
#include <errno.h>
#include <stdlib.h>

#include "site_account.h"

static struct folded_account *account_of(struct pairing *pairing, size_t site) {
  if (site >= pairing->folded_count) {
    size_t grown = pairing->site_capacity;
    struct folded_account *bigger = reallocarray(pairing->folded, grown, sizeof(*bigger));
    if (!bigger) return NULL;
    for (size_t i = pairing->folded_count; i < grown; i++)
      bigger[i] = (struct folded_account){.first_birth_ticks = UINT64_MAX};
    pairing->folded = bigger;
    pairing->folded_count = grown;
  }
  return &pairing->folded[site];
}

/* The middle of a bucket; of the last, which has no end, its begin. */
static uint64_t middle_ticks(uint32_t bucket) {
  uint64_t low = trace_bucket_low(bucket);
  return bucket + 1 < TRACE_BUCKETS ? low + (trace_bucket_low(bucket + 1) - low) / 2 : low;
}

static int add_lifetimes(struct pairing *pairing, struct site *site, const struct fold *fold) {
  int error = 0;
  for (uint32_t bucket = 0; bucket <= fold->highest && !error; bucket++)
    if (fold->counts[bucket])
      error = histogram_add(&site->lifetimes, run_clock_span(pairing->clock, middle_ticks(bucket)),
                            fold->counts[bucket]);
  return error;
}

static void show_on_timeline(struct pairing *pairing, const struct fold *fold) {
  const struct run_clock *clock = pairing->clock;
  timeline_spread(&pairing->timeline, run_clock_ns(clock, fold->ticks - fold->span),
                  run_clock_ns(clock, fold->ticks), fold->blocks,
                  run_clock_held(clock, fold->byte_ticks) * 1e9,
                  run_clock_held(clock, fold->lifetime_ticks) * 1e9);
}

int pairing_fold(void *context, const struct fold *fold) {
  struct pairing *pairing = context;
  struct profile *profile = pairing->profile;
  int error = 0;
  if (fold->stack >= pairing->stack_capacity || !pairing->site_of_stack[fold->stack])
    error = pairing_site_new(pairing, fold->stack);
  if (error) return error;
  size_t index = pairing->site_of_stack[fold->stack] - 1;
  struct site *site = &profile->sites[index];
  struct site_account *account = &pairing->accounts[index];
  struct folded_account *folded = account_of(pairing, index);
  if (!folded) return -ENOMEM;
  folded->folded.blocks += fold->blocks;
  folded->folded.bytes += fold->bytes;
  folded->held += fold->byte_ticks;
  folded->lifetime_ticks += fold->lifetime_ticks;
  uint64_t first = fold->ticks - fold->span, least = trace_bucket_low(fold->highest);
  if (fold->lifetime_ticks / fold->blocks > least) least = fold->lifetime_ticks / fold->blocks;
  if (least > folded->lifetime_max_ticks) folded->lifetime_max_ticks = least;
  if (first < folded->first_birth_ticks) folded->first_birth_ticks = first;
  if (fold->ticks > folded->last_birth_ticks) folded->last_birth_ticks = fold->ticks;
  if (fold->ticks > pairing->last_fold_ticks) pairing->last_fold_ticks = fold->ticks;
  if (on_timeline(pairing, site)) show_on_timeline(pairing, fold);
  uint32_t name = pairing->thread_names[fold->thread];
  error = share_table_add(&account->birth_threads, name, fold->blocks, fold->bytes);
  if (!error) error = share_table_add(&account->death_threads, name, fold->blocks, fold->bytes);
  return error ? error : add_lifetimes(pairing, site, fold);
}

static void add_figure(struct figure *to, struct figure more) {
  to->blocks += more.blocks;
  to->bytes += more.bytes;
}

void pairing_add_folded(struct pairing *pairing, size_t index) {
  if (index >= pairing->folded_count) return;
  struct profile *profile = pairing->profile;
  const struct folded_account *folded = &pairing->folded[index];
  struct site_account *account = &pairing->accounts[index];
  struct site *site = &profile->sites[index];
  site->folded = folded->folded;
  site->births += folded->folded.blocks;
  site->deaths += folded->folded.blocks;
  add_figure(&site->total, folded->folded);
  profile->births += folded->folded.blocks;
  profile->deaths += folded->folded.blocks;
  profile->birth_bytes += folded->folded.bytes;
  profile->death_bytes += folded->folded.bytes;
  add_figure(&profile->total, folded->folded);
  add_figure(&profile->folded, folded->folded);
  account->held += folded->held;
  account->lifetime_ticks += folded->lifetime_ticks;
  if (folded->lifetime_max_ticks > account->lifetime_max_ticks)
    account->lifetime_max_ticks = folded->lifetime_max_ticks;
  if (folded->first_birth_ticks < account->first_birth_ticks)
    account->first_birth_ticks = folded->first_birth_ticks;
  if (folded->last_birth_ticks > account->last_birth_ticks)
    account->last_birth_ticks = folded->last_birth_ticks;
}
