/* sampling.c - Horvitz-Thompson sums and their intervals; see sampling.h. */
#include "sampling.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define TIMES_MAX                                                                                  \
  1e12             /* of a block of 1 byte, one byte in a terabyte: only a damaged file has more */
#define TAIL 0.025 /* on either side of an interval */

struct sampling *sampling_new(uint64_t mean_bytes) {
  struct sampling *sampling = calloc(1, sizeof(*sampling));
  if (sampling) sampling->mean_bytes = (double)mean_bytes;
  return sampling;
}

void sampling_free(struct sampling *sampling) {
  if (!sampling) return;
  free(sampling->blocks);
  free(sampling->sites);
  free(sampling);
}

/* ---- sums ------------------------------------------------------------------------------- */

/* Another y of a block that counts `times`; *before is what it has added so far. */
static void sum_add(struct sampled_sum *sum, double *before, double y, double times) {
  sum->variance += y * (times - 1) * (2 * *before + y * times);
  *before += y * times;
  double unseen = *before * (1 - 1 / times);
  if (unseen > sum->heaviest) sum->heaviest = unseen;
}

static double variance_of(double y, double times) {
  return y * y * times * (times - 1);
}

static void live_add(struct sampled_site *site, const struct sampled_block *block, uint64_t bytes,
                     int sign) {
  site->curr_blocks += sign * variance_of(1, block->times);
  site->curr_bytes += sign * variance_of((double)bytes, block->times);
}

static void weigh(const struct sampling *sampling, struct sampled_block *block) {
  block->times = 1 / -expm1(-(double)block->largest / sampling->mean_bytes);
  if (block->times > TIMES_MAX) block->times = TIMES_MAX;
  block->weight = (uint64_t)(block->times * SAMPLING_UNIT + 0.5);
}

static void count(struct sampling *sampling, size_t site, struct sampled_block *block,
                  uint64_t bytes) {
  struct sampled_site *sums = &sampling->sites[site];
  sum_add(&sums->total_blocks, &block->blocks, 1, block->times);
  sum_add(&sums->total_bytes, &block->bytes, (double)bytes, block->times);
  live_add(sums, block, bytes, 1);
}

/* ---- blocks ----------------------------------------------------------------------------- */

static int site_reach(struct sampling *sampling, size_t site) {
  if (site < sampling->site_capacity) return 0;
  size_t grown = sampling->site_capacity ? sampling->site_capacity : 64;
  while (grown <= site)
    grown *= 2;
  struct sampled_site *bigger = reallocarray(sampling->sites, grown, sizeof(*bigger));
  if (!bigger) return -ENOMEM;
  for (size_t i = sampling->site_capacity; i < grown; i++)
    bigger[i] = (struct sampled_site){0};
  sampling->sites = bigger;
  sampling->site_capacity = grown;
  return 0;
}

static int block_new(struct sampling *sampling, uint32_t *index) {
  if (sampling->free) {
    *index = sampling->free - 1;
    sampling->free = sampling->blocks[*index].next;
    return 0;
  }
  if (sampling->block_count == sampling->block_capacity) {
    size_t grown = sampling->block_capacity ? sampling->block_capacity * 2 : 256;
    if (grown > UINT32_MAX) return -ENOMEM;
    struct sampled_block *bigger = reallocarray(sampling->blocks, grown, sizeof(*bigger));
    if (!bigger) return -ENOMEM;
    sampling->blocks = bigger;
    sampling->block_capacity = grown;
  }
  *index = (uint32_t)sampling->block_count++;
  return 0;
}

int sampling_enter(struct sampling *sampling, size_t site, uint64_t bytes, uint32_t thread,
                   uint64_t ticks, uint32_t *index) {
  int error = site_reach(sampling, site);
  if (!error) error = block_new(sampling, index);
  if (error) return error;
  struct sampled_block *block = &sampling->blocks[*index];
  *block = (struct sampled_block){.thread = thread, .largest = bytes, .since_ticks = ticks};
  weigh(sampling, block);
  count(sampling, site, block, bytes);
  return 0;
}

void sampling_lived(struct sampling *sampling, size_t site, uint32_t index, uint64_t bytes,
                    uint64_t ticks) {
  struct sampled_block *block = &sampling->blocks[index];
  double held = (double)bytes * (double)(ticks - block->since_ticks);
  sum_add(&sampling->sites[site].held, &block->held, held, block->times);
  block->since_ticks = ticks;
}

void sampling_resize(struct sampling *sampling, size_t site, uint32_t index, uint64_t old_bytes,
                     uint64_t new_bytes, uint64_t ticks) {
  struct sampled_block *block = &sampling->blocks[index];
  sampling_lived(sampling, site, index, old_bytes, ticks);
  live_add(&sampling->sites[site], block, old_bytes, -1);
  if (new_bytes > block->largest) {
    block->largest = new_bytes;
    weigh(sampling, block);
  }
  count(sampling, site, block, new_bytes);
}

void sampling_leave(struct sampling *sampling, size_t site, uint32_t index, uint64_t bytes) {
  live_add(&sampling->sites[site], &sampling->blocks[index], bytes, -1);
  sampling->blocks[index].next = sampling->free;
  sampling->free = index + 1;
}

void sampling_save_at_peak(struct sampling *sampling, size_t site) {
  if (site >= sampling->site_capacity) return; /* nothing of it has been in the sample yet */
  struct sampled_site *sums = &sampling->sites[site];
  sums->at_peak_blocks = sums->curr_blocks;
  sums->at_peak_bytes = sums->curr_bytes;
}

/* ---- figures ---------------------------------------------------------------------------- */

uint64_t sampling_figure(uint64_t units) {
  return units / SAMPLING_UNIT + (units % SAMPLING_UNIT * 2 >= SAMPLING_UNIT);
}

/* Where the standard normal distribution has so much above it. */
static double normal_quantile(double tail) {
  double low = 0, high = 40;
  for (int i = 0; i < 60; i++) {
    double middle = (low + high) / 2;
    if (erfc(middle * M_SQRT1_2) / 2 > tail)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* A quantile of the chi-square distribution with `freedom` degrees (Wilson and Hilferty 1931). */
static double chi_square(double freedom, double normal) {
  double a = 2 / (9 * freedom), root = 1 - a + normal * sqrt(a);
  return root > 0 ? freedom * root * root * root : 0;
}

struct range sampling_range(double sum, struct sampled_sum spread, double of_many) {
  double v = spread.variance, heaviest = spread.heaviest;
  /* nothing seen: of so many such blocks one would have been, with 97.5% */
  if (!(sum > 0)) return (struct range){0, heaviest > 0 ? heaviest * -log(TAIL) : 0};
  if (!(v > sum * sum * 1e-18)) return (struct range){sum, sum}; /* all but certain */
  double above = sum + heaviest, wide = v + heaviest * heaviest;
  double below_quantile = normal_quantile(of_many > 1 ? TAIL / of_many : TAIL);
  return (struct range){
      .low = v / (2 * sum) * chi_square(2 * sum * sum / v, -below_quantile),
      .high = wide / (2 * above) * chi_square(2 * above * above / wide, normal_quantile(TAIL)),
  };
}

static struct sampled_sum of_live(double variance, const struct sampled_sum *all) {
  return (struct sampled_sum){variance > 0 ? variance : 0, all->heaviest};
}

/* `renewals`: how often what lived at the peak was replaced. */
static struct intervals intervals_of(struct figure total, struct figure at_peak,
                                     struct figure at_end, double held, double held_scale,
                                     double renewals, const struct sampled_site *sums) {
  const struct sampled_sum *blocks = &sums->total_blocks, *bytes = &sums->total_bytes;
  struct sampled_sum byte_seconds = {sums->held.variance * held_scale * held_scale,
                                     sums->held.heaviest * held_scale};
  struct sampled_sum peak_blocks = of_live(sums->at_peak_blocks, blocks);
  struct sampled_sum peak_bytes = of_live(sums->at_peak_bytes, bytes);
  return (struct intervals){
      .total_blocks = sampling_range((double)total.blocks, *blocks, 1),
      .total_bytes = sampling_range((double)total.bytes, *bytes, 1),
      .at_peak_blocks = sampling_range((double)at_peak.blocks, peak_blocks, renewals),
      .at_peak_bytes = sampling_range((double)at_peak.bytes, peak_bytes, renewals),
      .at_end_blocks = sampling_range((double)at_end.blocks, of_live(sums->curr_blocks, blocks), 1),
      .at_end_bytes = sampling_range((double)at_end.bytes, of_live(sums->curr_bytes, bytes), 1),
      .held_byte_seconds = sampling_range(held, byte_seconds, 1),
  };
}

static double renewals_of(const struct profile *profile) {
  const struct figure *total = &profile->total, *peak = &profile->peak;
  double by_blocks = peak->blocks ? (double)total->blocks / (double)peak->blocks : 1;
  double by_bytes = peak->bytes ? (double)total->bytes / (double)peak->bytes : 1;
  return by_blocks > by_bytes ? by_blocks : by_bytes;
}

static void sum_join(struct sampled_sum *all, const struct sampled_sum *one) {
  all->variance += one->variance;
  if (one->heaviest > all->heaviest) all->heaviest = one->heaviest;
}

int sampling_finish(const struct sampling *sampling, struct profile *profile, double held_scale) {
  struct sampled_site all = {0};
  double renewals = renewals_of(profile);
  static const struct sampled_site none;
  profile->site_intervals = calloc(profile->site_count + 1, sizeof(*profile->site_intervals));
  if (!profile->site_intervals) return -ENOMEM;
  for (size_t i = 0; i < profile->site_count; i++) {
    const struct site *site = &profile->sites[i];
    const struct sampled_site *sums = i < sampling->site_capacity ? &sampling->sites[i] : &none;
    profile->site_intervals[i] = intervals_of(site->total, site->at_peak, site->at_end,
                                              site->held_byte_seconds, held_scale, renewals, sums);
    sum_join(&all.total_blocks, &sums->total_blocks);
    sum_join(&all.total_bytes, &sums->total_bytes);
    sum_join(&all.held, &sums->held);
    all.curr_blocks += sums->curr_blocks;
    all.curr_bytes += sums->curr_bytes;
    all.at_peak_blocks += sums->at_peak_blocks;
    all.at_peak_bytes += sums->at_peak_bytes;
  }
  profile->intervals = intervals_of(profile->total, profile->peak, profile->at_end,
                                    profile->held_byte_seconds, held_scale, renewals, &all);
  return 0;
}
