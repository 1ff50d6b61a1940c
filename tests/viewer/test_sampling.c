/* test_sampling.c - what a sample tells of the whole: exact where nothing is left to chance, right
 * on average, and within its intervals as often as they say. A simulated program has a known truth;
 * its events are sampled by the recorder's law, with fixed seeds. */
#include <criterion/criterion.h>
#include <math.h>

#include "profiled.h"
#include "viewer/pairing.h"

static struct trace_writer *begin(uint64_t mean_bytes) {
  struct trace_writer *writer = writer_new();
  writer_head(writer)->flags = 0;
  writer_head(writer)->sample_bytes = mean_bytes;
  for (uint32_t lane = 1; lane <= 2; lane++) {
    writer_lane(writer);
    writer_thread(writer, lane, 0, lane, 100 + lane, lane == 1 ? "main" : "other");
  }
  for (uint32_t id = 1; id < 10; id++)
    writer_node(writer, 1, id, 0, 0, 0x1000 + id);
  return writer;
}

static void assert_certain(struct range range, double figure) {
  cr_assert_float_eq(range.low, figure, 1e-9 * figure);
  cr_assert_float_eq(range.high, figure, 1e-9 * figure);
}

Test(sampling, blocks_that_are_sure_to_be_sampled_count_once) {
  struct trace_writer *writer = begin(10); /* 1 - e^-100 is 1 */
  writer_birth(writer, 1, 1000, 0xa000, 1000, 1);
  writer_birth(writer, 1, 1500, 0xb000, 3000, 2);
  writer_realloc(writer, 1, 2000, 2000, 0xa000, 0xc000, 5000, 3);
  writer_death(writer, 2, 4000, 0xb000, 4);
  struct profiled profiled = profiled_end(writer, 6000);
  const struct profile *profile = profiled.profile;
  const struct site *site = profiled_site(&profiled, 1);
  cr_assert(profile->check.agree);
  cr_assert(profiled.info->complete);
  cr_assert_eq(profile->sample_bytes, 10);
  cr_assert_eq(profile->births, 2);
  cr_assert_eq(profile->deaths, 1);
  cr_assert_eq(profile->reallocations, 1);
  cr_assert_eq(profile->realloc_bytes_grown, 4000);
  assert_figure(profile->total, 3, 9000);
  assert_figure(profile->peak, 2, 8000);
  assert_figure(profile->at_end, 1, 5000);
  assert_figure(site->at_end, 1, 5000);
  assert_figure(site->at_peak, 1, 5000);
  cr_assert_float_eq(profile->held_byte_seconds, (1000 * 1000 + 5000 * 4000 + 3000 * 2500) * 1e-9,
                     1e-12);
  cr_assert_eq(profiled_site(&profiled, 2)->handoffs, 1);
  cr_assert_eq(profiled_site(&profiled, 2)->death_stacks.of[0].bytes, 3000);
  cr_assert_eq(site->lifetimes.count, 1);
  cr_assert_float_eq(site->lifetime_sum_ns, 5000, 1e-6);
  assert_certain(profile->intervals.total_bytes, 9000);
  assert_certain(profile->intervals.at_peak_bytes, 8000);
  assert_certain(profile->site_intervals[0].held_byte_seconds, site->held_byte_seconds);
  profiled_free(&profiled);
}

Test(sampling, a_block_stands_for_the_inverse_of_its_probability) {
  struct trace_writer *writer = begin(1000);
  writer_birth(writer, 1, 1000, 0xa000, 10, 1); /* 100.5 of them: 1005 bytes */
  writer_death(writer, 2, 3000, 0xa000, 2);
  struct profiled profiled = profiled_end(writer, 6000);
  const struct profile *profile = profiled.profile;
  const struct site *site = profiled_site(&profiled, 1);
  cr_assert(profile->check.agree);
  cr_assert_eq(profile->events, 2);
  cr_assert_eq(profile->births, 101);
  cr_assert_eq(profile->deaths, 101);
  assert_figure(profile->total, 101, 1005);
  assert_figure(profile->peak, 101, 1005);
  assert_figure(profile->at_end, 0, 0);
  cr_assert_eq(site->handoffs, 101);
  cr_assert_eq(site->birth_threads.of[0].blocks, 101);
  cr_assert_eq(site->death_stacks.of[0].bytes, 1005);
  cr_assert_eq(site->lifetimes.count, 101);
  cr_assert_float_eq(site->lifetime_sum_ns / 100.5, 2000, 0.1);
  cr_assert_eq(site->lifetime_max_ns, 2000);
  cr_assert_float_eq(profile->held_byte_seconds, 1005.008 * 2000e-9, 1e-8);
  /* of one Poisson count the 95% interval is 0.025 to 5.57 */
  struct range range = profile->intervals.total_bytes;
  cr_assert(range.low >= 0 && range.low < 0.03 * 1005, "%f", range.low);
  cr_assert(range.high > 5.4 * 1005 && range.high < 5.7 * 1005, "%f", range.high);
  /* none of the sample is left: at most three or four of its kind, then */
  cr_assert_eq(profile->intervals.at_end_bytes.low, 0);
  cr_assert_float_eq(profile->intervals.at_end_bytes.high, 3.69 * 995, 10);
  profiled_free(&profiled);
}

Test(sampling, a_block_first_picked_when_it_grew_is_a_reallocation_and_no_birth) {
  struct trace_writer *writer = begin(1000);
  writer_realloc(writer, 1, 1000, 1500, 0xa000, 0xb000, 100000, 3);
  writer_death(writer, 1, 2500, 0xb000, 1);
  struct profiled profiled = profiled_end(writer, 4000);
  const struct profile *profile = profiled.profile;
  const struct site *site = profiled_site(&profiled, 3);
  cr_assert(profile->check.agree);
  cr_assert(profiled.info->complete);
  cr_assert_eq(profile->unmatched_deaths, 0);
  cr_assert_eq(profile->births, 0);
  cr_assert_eq(profile->reallocations, 1);
  cr_assert_eq(profile->deaths, 1);
  assert_figure(site->total, 1, 100000);
  cr_assert_eq(site->births, 0);
  cr_assert_eq(site->lifetime_max_ns, 1000);
  cr_assert_eq(site->resize_stacks.of[0].blocks, 1);
  cr_assert_eq(site->birth_threads.count, 1);
  cr_assert_eq(site->birth_threads.of[0].blocks, 1);
  cr_assert_eq(profile_written_blocks(profile, site), 1);
  profiled_free(&profiled);
}

Test(sampling, a_block_that_grows_counts_by_its_largest_size_from_then_on) {
  struct trace_writer *writer = begin(1000);
  writer_birth(writer, 1, 1000, 0xa000, 10, 1);                     /* 100.5 times */
  writer_realloc(writer, 1, 2000, 2000, 0xa000, 0xb000, 100000, 2); /* once */
  writer_realloc(writer, 1, 3000, 3000, 0xb000, 0xb000, 10, 2);     /* once still */
  struct profiled profiled = profiled_end(writer, 4000);
  const struct profile *profile = profiled.profile;
  const struct site *site = profiled_site(&profiled, 1);
  cr_assert(profile->check.agree);
  cr_assert_eq(profile->births, 101);
  cr_assert_eq(profile->reallocations, 2);
  assert_figure(profile->total, 103, 1005 + 100000 + 10);
  assert_figure(profile->peak, 1, 100000);
  assert_figure(profile->at_end, 1, 10);
  cr_assert_float_eq(profile->held_byte_seconds, (1005 + 100000 + 10) * 1000e-9, 1e-8);
  cr_assert_float_eq(site->lifetime_sum_ns, 102500, 100);
  profiled_free(&profiled);
}

/* ---- a simulated program ------------------------------------------------------------------ */

enum { MEAN_BYTES = 1 << 16, SITES = 4, BLOCKS = 40000, RUN_TICKS = 10000000, SEEDS = 100 };

struct life {
  uint64_t birth, death; /* death UINT64_MAX: never */
  uint32_t site;
  uint32_t sizes[6]; /* one after the other */
  uint32_t size_count;
  uint64_t resize_ticks[6];
};

static uint64_t next_random(uint64_t *state) {
  *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
  uint64_t z = *state;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static double next_uniform(uint64_t *state) {
  return (double)(next_random(state) >> 11) * 0x1p-53;
}

/* Small blocks, some of which stay; middling ones; few large ones; and buffers that double. Most
 * are born in the first half and freed in the second: so the heap has one clear peak. */
static void make_lives(struct life *lives) {
  uint64_t state = 1;
  for (int i = 0; i < BLOCKS; i++) {
    struct life *life = &lives[i];
    uint32_t dice = (uint32_t)(next_random(&state) % 100);
    *life = (struct life){.site = dice < 60 ? 1 : dice < 90 ? 2 : dice < 92 ? 3 : 4};
    uint64_t half = RUN_TICKS / 2;
    life->birth = next_random(&state) % half;
    life->death = half + next_random(&state) % half;
    if (dice % 5 == 0) life->death = UINT64_MAX;
    if (dice % 5 == 1) life->death = life->birth + 1000 + next_random(&state) % 100000;
    static const uint32_t sizes[] = {0, 16, 800, 100000, 1000};
    life->sizes[0] = sizes[life->site] + (uint32_t)(next_random(&state) % sizes[life->site]);
    life->size_count = life->site == 4 ? 1 + (uint32_t)(next_random(&state) % 6) : 1;
    for (uint32_t k = 1; k < life->size_count; k++) {
      life->sizes[k] = life->sizes[k - 1] * 2;
      life->resize_ticks[k] = life->birth + 100 * k;
    }
  }
}

static int event_order(const void *left, const void *right) {
  const struct event *a = left, *b = right;
  if (a->ticks != b->ticks) return a->ticks < b->ticks ? -1 : 1;
  return a->address != b->address ? a->address < b->address ? -1 : 1 : (int)a->kind - (int)b->kind;
}

/* The events of the blocks that are picked; seed 0: all of them. */
static size_t make_events(const struct life *lives, uint64_t seed, struct event *events) {
  uint64_t state = seed * 1000003;
  size_t count = 0;
  for (uint64_t i = 0; i < BLOCKS; i++) {
    const struct life *life = &lives[i];
    uint64_t address = 0x10000 + 16 * i;
    uint32_t before = 0;
    bool picked = seed == 0;
    for (uint32_t k = 0; k < life->size_count; k++) {
      if (!picked)
        picked = next_uniform(&state) < -expm1(-(double)(life->sizes[k] - before) / MEAN_BYTES);
      before = life->sizes[k];
      if (!picked) continue;
      struct event event = {.ticks = k ? life->resize_ticks[k] : life->birth,
                            .address = address,
                            .size = life->sizes[k],
                            .stack = life->site,
                            .kind = k ? EVENT_RELEASE : EVENT_BIRTH};
      events[count++] = event;
      event.kind = EVENT_TAKE;
      if (k) events[count++] = event;
    }
    if (picked && life->death != UINT64_MAX)
      events[count++] =
          (struct event){.ticks = life->death, .address = address, .stack = 5, .kind = EVENT_DEATH};
  }
  qsort(events, count, sizeof(*events), event_order);
  return count;
}

static struct profile *profile_of(const struct event *events, size_t count, uint64_t mean_bytes) {
  static const uint32_t names[1];
  static struct event_batch batch;
  struct run_clock clock = run_clock_begin(0, 0, true);
  struct pairing pairing;
  struct ledger ledger;
  struct profile *profile;
  cr_assert_eq(pairing_begin(&pairing, &clock, names, 1, NULL, 0), 0);
  cr_assert_eq(pairing_sampled(&pairing, mean_bytes), 0);
  cr_assert_eq(ledger_begin(&ledger, 1, 0), 0);
  for (size_t at = 0; at < count; at += batch.count) {
    batch.count = count - at < EVENT_BATCH ? count - at : EVENT_BATCH;
    memcpy(batch.events, events + at, batch.count * sizeof(*events));
    cr_assert_eq(ledger_enter(&ledger, &batch), 0);
    cr_assert_eq(pairing_take(&pairing, &batch), 0);
  }
  cr_assert_eq(pairing_finish(&pairing, RUN_TICKS, &ledger, &profile), 0);
  cr_assert(profile->check.agree);
  pairing_free(&pairing);
  ledger_free(&ledger);
  return profile;
}

/* The figures that have intervals, in one order. */
enum { FIGURES = 7 };
static const char *const figure_names[FIGURES] = {
    "total blocks",  "total bytes",  "blocks at peak", "bytes at peak",
    "blocks at end", "bytes at end", "byte-seconds"};

static void figures_of(const struct profile *profile, uint32_t site, double figures[FIGURES],
                       struct range ranges[FIGURES]) {
  struct figure total = profile->total, at_peak = profile->peak, at_end = profile->at_end;
  double held = profile->held_byte_seconds;
  const struct intervals *intervals = &profile->intervals;
  if (site) {
    size_t index = profile_find_site(profile, site);
    if (index == SIZE_MAX) {
      memset(figures, 0, FIGURES * sizeof(*figures));
      if (ranges) memset(ranges, 0, FIGURES * sizeof(*ranges)); /* covers nothing */
      return;
    }
    const struct site *of = &profile->sites[index];
    total = of->total, at_peak = of->at_peak, at_end = of->at_end;
    held = of->held_byte_seconds;
    if (profile->site_intervals) intervals = &profile->site_intervals[index];
  }
  const double all[FIGURES] = {(double)total.blocks,
                               (double)total.bytes,
                               (double)at_peak.blocks,
                               (double)at_peak.bytes,
                               (double)at_end.blocks,
                               (double)at_end.bytes,
                               held};
  memcpy(figures, all, sizeof(all));
  if (!ranges) return;
  ranges[0] = intervals->total_blocks;
  ranges[1] = intervals->total_bytes;
  ranges[2] = intervals->at_peak_blocks;
  ranges[3] = intervals->at_peak_bytes;
  ranges[4] = intervals->at_end_blocks;
  ranges[5] = intervals->at_end_bytes;
  ranges[6] = intervals->held_byte_seconds;
}

/* A heap that is renewed 200 times: 200 blocks at a time, each of a tenth of the mean. */
static void make_churn(struct life *lives) {
  uint64_t state = 2;
  for (int i = 0; i < BLOCKS; i++) {
    struct life *life = &lives[i];
    *life = (struct life){.site = 1, .size_count = 1};
    life->sizes[0] = MEAN_BYTES / 20 + (uint32_t)(next_random(&state) % (MEAN_BYTES / 10));
    life->birth = (uint64_t)i * (RUN_TICKS / BLOCKS);
    life->death = life->birth + 1 + next_random(&state) % (RUN_TICKS / 100);
    if (life->death >= RUN_TICKS) life->death = UINT64_MAX;
  }
}

Test(sampling, the_largest_of_many_estimates_has_an_interval_that_allows_for_that, .timeout = 120) {
  struct life *lives = calloc(BLOCKS, sizeof(*lives));
  struct event *events = calloc(BLOCKS * 14, sizeof(*events));
  double truth[FIGURES], estimate[FIGURES], sum = 0;
  struct range ranges[FIGURES];
  int covered[FIGURES] = {0};
  cr_assert(lives && events);
  make_churn(lives);
  struct profile *profile = profile_of(events, make_events(lives, 0, events), 0);
  figures_of(profile, 0, truth, NULL);
  profile_free(profile);
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    profile = profile_of(events, make_events(lives, seed, events), MEAN_BYTES);
    figures_of(profile, 0, estimate, ranges);
    sum += estimate[3] / truth[3];
    for (int i = 0; i < FIGURES; i++)
      covered[i] += ranges[i].low <= truth[i] && truth[i] <= ranges[i].high;
    profile_free(profile);
  }
  for (int i = 0; i < FIGURES; i++)
    cr_assert_geq(covered[i], 90, "%s: %d of %d", figure_names[i], covered[i], SEEDS);
  cr_assert_gt(sum / SEEDS, 1.2); /* else nothing was to be allowed for */
  free(lives);
  free(events);
}

struct tally {
  double sum, width; /* of the estimates; of the intervals, as shares of the truth */
  int covered;
};

Test(sampling, intervals_cover_the_truth_as_often_as_they_say, .timeout = 120) {
  struct life *lives = calloc(BLOCKS, sizeof(*lives));
  struct event *events = calloc(BLOCKS * 14, sizeof(*events));
  struct tally tallies[1 + SITES][FIGURES] = {0};
  double truth[1 + SITES][FIGURES], estimate[FIGURES];
  struct range ranges[FIGURES];
  cr_assert(lives && events);
  make_lives(lives);
  struct profile *profile = profile_of(events, make_events(lives, 0, events), 0);
  for (uint32_t site = 0; site <= SITES; site++)
    figures_of(profile, site, truth[site], NULL);
  cr_assert_eq(profile->site_count, SITES);
  profile_free(profile);
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    profile = profile_of(events, make_events(lives, seed, events), MEAN_BYTES);
    for (uint32_t site = 0; site <= SITES; site++) {
      figures_of(profile, site, estimate, ranges);
      for (int i = 0; i < FIGURES; i++) {
        struct tally *tally = &tallies[site][i];
        cr_assert(ranges[i].low <= estimate[i] * (1 + 1e-9) &&
                  estimate[i] <= ranges[i].high * (1 + 1e-9));
        tally->sum += estimate[i];
        tally->width += (ranges[i].high - ranges[i].low) / truth[site][i];
        tally->covered += ranges[i].low <= truth[site][i] && truth[site][i] <= ranges[i].high;
      }
    }
    profile_free(profile);
  }
  for (uint32_t site = 0; site <= SITES; site++)
    for (int i = 0; i < FIGURES; i++) {
      const struct tally *tally = &tallies[site][i];
      double mean = tally->sum / SEEDS / truth[site][i], width = tally->width / SEEDS;
      cr_assert_geq(tally->covered, 90, "site %u, %s: %d of %d", site, figure_names[i],
                    tally->covered, SEEDS);
      /* right on average: the mean of 100 has a tenth of one estimate's error, a quarter of width
       */
      cr_assert_float_eq(mean, 1, 0.1 * width, "site %u, %s: %.4f", site, figure_names[i], mean);
    }
  free(lives);
  free(events);
}
