/* pairing.c - what each event does to the figures.
 *
 * A block in flight (its realloc has begun and not yet returned) lives on in its site's figures; it
 * is only not in the table. Figures at the peak are exact without a look at all sites whenever
 * there is a new peak: each new peak is an epoch, and a site whose figure is about to change for
 * the first time since then saves it first.
 */
#include "pairing.h"

#include <errno.h>
#include <stdlib.h>

#include "site_account.h"

/* What events touch of a struct site: all before what is known at the end only. */
#define SITE_HOT_BYTES offsetof(struct site, at_end)

int pairing_begin(struct pairing *pairing, const struct run_clock *clock,
                  const uint32_t *thread_names, size_t lane_count, struct timeline *timeline,
                  uint64_t duration_ns) {
  *pairing = (struct pairing){
      .profile = calloc(1, sizeof(struct profile)),
      .in_flight = calloc(lane_count + 1, sizeof(struct block)),
      .lane_count = lane_count,
      .clock = clock,
      .thread_names = thread_names,
  };
  timeline_begin(&pairing->timeline, timeline, duration_ns, 1);
  return pairing->profile && pairing->in_flight ? 0 : -ENOMEM;
}

int pairing_sampled(struct pairing *pairing, uint64_t mean_bytes) {
  if (mean_bytes == 0) return 0;
  pairing->profile->sample_bytes = mean_bytes;
  pairing->timeline.unit = SAMPLING_UNIT;
  pairing->sampling = sampling_new(mean_bytes);
  return pairing->sampling ? 0 : -ENOMEM;
}

/* ---- sites ------------------------------------------------------------------------------ */

__attribute__((noinline)) int pairing_site_new(struct pairing *pairing, uint32_t stack) {
  struct profile *profile = pairing->profile;
  if (stack >= pairing->stack_capacity) {
    size_t grown = pairing->stack_capacity ? pairing->stack_capacity * 2 : 1024;
    while (grown <= stack)
      grown *= 2;
    uint32_t *bigger = reallocarray(pairing->site_of_stack, grown, sizeof(*bigger));
    if (!bigger) return -ENOMEM;
    for (size_t i = pairing->stack_capacity; i < grown; i++)
      bigger[i] = 0;
    pairing->site_of_stack = bigger;
    pairing->stack_capacity = grown;
  }
  if (profile->site_count == pairing->site_capacity) {
    size_t grown = pairing->site_capacity ? pairing->site_capacity * 2 : 64;
    struct site *sites = reallocarray(profile->sites, grown, sizeof(*sites));
    if (sites) profile->sites = sites;
    struct site_account *accounts = reallocarray(pairing->accounts, grown, sizeof(*accounts));
    if (accounts) pairing->accounts = accounts;
    if (!sites || !accounts) return -ENOMEM;
    pairing->site_capacity = grown;
  }
  profile->sites[profile->site_count] = (struct site){.stack = stack};
  pairing->accounts[profile->site_count] =
      (struct site_account){.first_birth_ticks = UINT64_MAX, .peak_epoch = pairing->peak_epoch};
  pairing->site_of_stack[stack] = (uint32_t)++profile->site_count;
  return 0;
}

/* Live bytes have not shrunk: of equal peaks the latest counts, as in DHAT. */
static inline void note_peak(struct pairing *pairing, struct site *site, uint64_t ticks) {
  if (site->curr.bytes >= site->max.bytes) site->max = site->curr;
  if (pairing->curr.bytes < pairing->profile->peak.bytes) return;
  pairing->profile->peak = pairing->curr;
  pairing->peak_ticks = ticks;
  pairing->peak_epoch++;
}

static void show_on_timeline(struct pairing *pairing, const struct site *site, uint64_t ticks) {
  timeline_change(&pairing->timeline, run_clock_ns(pairing->clock, ticks), site->curr.bytes,
                  site->curr.blocks);
}

/* ---- weights ---------------------------------------------------------------------------- */

/* How often a block counts. */
static inline uint64_t weight_of(const struct pairing *pairing, const struct block *block) {
  return pairing->sampling ? pairing->sampling->blocks[block->thread].weight : 1;
}

static inline uint32_t birth_thread(const struct pairing *pairing, const struct block *block) {
  return pairing->sampling ? pairing->sampling->blocks[block->thread].thread : block->thread;
}

/* ---- births, deaths, resizes ------------------------------------------------------------ */

int pairing_book_life(struct pairing *pairing, const struct block *block, uint64_t ticks) {
  struct site *site = &pairing->profile->sites[block->site - 1];
  struct site_account *account = &pairing->accounts[block->site - 1];
  uint64_t lifetime = ticks - block->birth_ticks, weight = weight_of(pairing, block);
  unsigned __int128 held = (unsigned __int128)block->bytes * lifetime;
  pairing->held += held;
  account->held += held * weight;
  account->lifetime_ticks += (unsigned __int128)lifetime * weight;
  if (lifetime > account->lifetime_max_ticks) account->lifetime_max_ticks = lifetime;
  if (pairing->sampling)
    sampling_lived(pairing->sampling, block->site - 1, block->thread, block->bytes, ticks);
  return histogram_add(&site->lifetimes, run_clock_span(pairing->clock, lifetime), weight);
}

/* The block is gone from now on. */
static int retire(struct pairing *pairing, const struct block *block, uint64_t ticks) {
  struct site *site = &pairing->profile->sites[block->site - 1];
  struct site_account *account = &pairing->accounts[block->site - 1];
  uint64_t weight = weight_of(pairing, block);
  save_at_peak(pairing, site, account);
  site->curr.blocks -= weight;
  site->curr.bytes -= block->bytes * weight;
  pairing->curr.blocks -= weight;
  pairing->curr.bytes -= block->bytes * weight;
  if (on_timeline(pairing, site)) {
    show_on_timeline(pairing, site, ticks);
    timeline_death(&pairing->timeline, run_clock_ns(pairing->clock, ticks), weight);
  }
  int error = pairing_book_life(pairing, block, ticks);
  if (pairing->sampling)
    sampling_leave(pairing->sampling, block->site - 1, block->thread, block->bytes);
  return error;
}

/* Puts a block at its address, which should be free. */
static int settle(struct pairing *pairing, const struct block *block, uint64_t ticks) {
  int error = 0;
  struct block *place = blocks_place(&pairing->blocks, block->address);
  if (!place) return -ENOMEM;
  if (place->site) {
    pairing->profile->order_violations++;
    error = retire(pairing, place, ticks);
  }
  *place = *block;
  return error;
}

/* A block comes into being; or, `resized`, into the sample, by growing. */
static inline __attribute__((always_inline)) int appear(struct pairing *pairing,
                                                        const struct event *event, bool resized) {
  struct profile *profile = pairing->profile;
  int error = 0;
  if (event->stack >= pairing->stack_capacity || !pairing->site_of_stack[event->stack]) {
    error = pairing_site_new(pairing, event->stack);
    if (error) return error;
  }
  struct block block = {
      .address = event->address,
      .birth_ticks = event->ticks,
      .bytes = event_bytes(event),
      .site = pairing->site_of_stack[event->stack],
      .thread = event->thread,
  };
  save_at_peak(pairing, &profile->sites[block.site - 1], &pairing->accounts[block.site - 1]);
  if (pairing->sampling)
    error = sampling_enter(pairing->sampling, block.site - 1, block.bytes, event->thread,
                           event->ticks, &block.thread);
  if (!error) error = settle(pairing, &block, event->ticks);
  if (error) return error;
  uint64_t weight = weight_of(pairing, &block), bytes = block.bytes * weight;
  struct site *site = &profile->sites[block.site - 1];
  struct site_account *account = &pairing->accounts[block.site - 1];
  if (!resized) {
    profile->births += weight;
    profile->birth_bytes += bytes;
    site->births += weight;
  } else {
    profile->reallocations += weight;
    site->reallocations += weight;
  }
  profile->total.blocks += weight;
  profile->total.bytes += bytes;
  pairing->curr.blocks += weight;
  pairing->curr.bytes += bytes;
  site->total.blocks += weight;
  site->total.bytes += bytes;
  site->curr.blocks += weight;
  site->curr.bytes += bytes;
  if (event->ticks < account->first_birth_ticks) account->first_birth_ticks = event->ticks;
  account->last_birth_ticks = event->ticks;
  note_peak(pairing, site, event->ticks);
  if (on_timeline(pairing, site)) {
    show_on_timeline(pairing, site, event->ticks);
    timeline_birth(&pairing->timeline, run_clock_ns(pairing->clock, event->ticks),
                   resized ? 0 : weight);
  }
  error =
      share_table_add(&account->birth_threads, pairing->thread_names[event->thread], weight, bytes);
  return resized && !error ? share_table_add(&account->resize_stacks, event->stack, weight, bytes)
                           : error;
}

static int birth(struct pairing *pairing, const struct event *event) {
  return appear(pairing, event, false);
}

static int death(struct pairing *pairing, const struct event *event) {
  struct profile *profile = pairing->profile;
  struct block *found = blocks_find(&pairing->blocks, event->address);
  if (!found) {
    profile->unmatched_deaths++;
    return 0;
  }
  struct block block = *found;
  blocks_remove(&pairing->blocks, found);
  struct site *site = &profile->sites[block.site - 1];
  struct site_account *account = &pairing->accounts[block.site - 1];
  uint64_t weight = weight_of(pairing, &block), bytes = block.bytes * weight;
  profile->deaths += weight;
  profile->death_bytes += bytes;
  site->deaths += weight;
  if (birth_thread(pairing, &block) != event->thread) site->handoffs += weight;
  int error = retire(pairing, &block, event->ticks);
  if (!error)
    error = share_table_add(&account->death_threads, pairing->thread_names[event->thread], weight,
                            bytes);
  if (!error) error = share_table_add(&account->death_stacks, event->stack, weight, bytes);
  return error;
}

static int release(struct pairing *pairing, uint32_t lane, const struct event *event) {
  struct block *flying = &pairing->in_flight[lane];
  int error = 0;
  if (flying->site) { /* one lane can't be in two reallocs: the first one's end is missing */
    pairing->profile->order_violations++;
    error = retire(pairing, flying, event->ticks);
    flying->site = 0;
  }
  struct block *found = blocks_find(&pairing->blocks, event->address);
  if (found) {
    *flying = *found;
    blocks_remove(&pairing->blocks, found);
  }
  return error;
}

static int take(struct pairing *pairing, uint32_t lane, const struct event *event) {
  struct profile *profile = pairing->profile;
  struct block block = pairing->in_flight[lane];
  if (!block.site) { /* resizes a block whose birth is not in the trace: its life begins here */
    if (pairing->sampling) return appear(pairing, event, true);
    profile->unmatched_deaths++;
    return birth(pairing, event);
  }
  pairing->in_flight[lane].site = 0;
  uint64_t old_bytes = block.bytes, new_bytes = event_bytes(event);
  struct site *site = &profile->sites[block.site - 1];
  struct site_account *account = &pairing->accounts[block.site - 1];
  save_at_peak(pairing, site, account);
  uint64_t old_weight = weight_of(pairing, &block);
  if (pairing->sampling)
    sampling_resize(pairing->sampling, block.site - 1, block.thread, old_bytes, new_bytes,
                    event->ticks);
  uint64_t weight = weight_of(pairing, &block);

  /* Its life will be booked with its last size and weight: set that right for the time up to now.
   */
  unsigned __int128 age = event->ticks - block.birth_ticks;
  account->held += age * old_bytes * old_weight - age * new_bytes * weight;
  account->lifetime_ticks += age * old_weight - age * weight;
  pairing->held += age * old_bytes - age * new_bytes;

  uint64_t growth = new_bytes * weight - old_bytes * old_weight; /* modulo 2^64 */
  profile->reallocations += weight;
  profile->total.blocks += weight;
  profile->total.bytes += new_bytes * weight;
  pairing->curr.blocks += weight - old_weight;
  pairing->curr.bytes += growth;
  if (new_bytes > old_bytes)
    profile->realloc_bytes_grown += (new_bytes - old_bytes) * weight;
  else
    profile->realloc_bytes_shrunk += (old_bytes - new_bytes) * weight;
  site->reallocations += weight;
  site->total.blocks += weight;
  site->total.bytes += new_bytes * weight;
  site->curr.blocks += weight - old_weight;
  site->curr.bytes += growth;
  if (on_timeline(pairing, site)) show_on_timeline(pairing, site, event->ticks);

  block.address = event->address;
  block.bytes = new_bytes;
  int error = settle(pairing, &block, event->ticks);
  if (new_bytes >= old_bytes) note_peak(pairing, site, event->ticks);
  return error ? error
               : share_table_add(&account->resize_stacks, event->stack, weight, new_bytes * weight);
}

/* ---- in the order of time, looking ahead ------------------------------------------------- */

/* An event touches a dozen cache lines, each found through the one before: block, site and account,
 * the histogram's octaves, a count. With many sites and blocks each is a miss. So events go through
 * stages some events apart, and each stage asks for the lines that the next one looks at. Measured
 * with 5,000 sites and 100,000 blocks: 6 M events a second instead of 2.5. */
#define STAGE 12
#define STAGES 4

/* What the stages have found out of an event. Only hints: by its turn it may be otherwise. */
struct foresight {
  uint32_t site; /* index + 1; 0: unknown */
  uint64_t lifetime_ns;
};

static inline __attribute__((always_inline)) void foresee_block(const struct pairing *pairing,
                                                                const struct event *event) {
  blocks_prefetch(&pairing->blocks, event->address);
  if (event->kind == EVENT_BIRTH && event->stack < pairing->stack_capacity)
    __builtin_prefetch(&pairing->site_of_stack[event->stack]);
}

static inline void foresee_site(const struct pairing *pairing, const struct event *event,
                                struct foresight *foresight) {
  foresight->site = 0;
  if (event->kind == EVENT_BIRTH) {
    if (event->stack < pairing->stack_capacity)
      foresight->site = pairing->site_of_stack[event->stack];
  } else if (event->kind == EVENT_DEATH) {
    const struct block *block = blocks_find(&pairing->blocks, event->address);
    if (!block) return;
    foresight->site = block->site;
    foresight->lifetime_ns = run_clock_span(pairing->clock, event->ticks - block->birth_ticks);
  }
  if (!foresight->site) return;
  const char *site = (const char *)&pairing->profile->sites[foresight->site - 1];
  const char *account = (const char *)&pairing->accounts[foresight->site - 1];
  /* one line more than their size: they don't begin with a line */
  for (size_t at = 0; at < SITE_HOT_BYTES + 63; at += 64)
    __builtin_prefetch(site + at, 1);
  for (size_t at = 0; at < sizeof(struct site_account) + 63; at += 64)
    __builtin_prefetch(account + at, 1);
}

static inline void foresee_tables(const struct pairing *pairing, const struct event *event,
                                  const struct foresight *foresight) {
  if (event->kind != EVENT_DEATH || !foresight->site) return;
  histogram_prefetch_octave(&pairing->profile->sites[foresight->site - 1].lifetimes,
                            foresight->lifetime_ns);
  share_table_prefetch(&pairing->accounts[foresight->site - 1].death_stacks, event->stack);
}

static inline void foresee_count(const struct pairing *pairing, const struct event *event,
                                 const struct foresight *foresight) {
  if (event->kind != EVENT_DEATH || !foresight->site) return;
  histogram_prefetch_count(&pairing->profile->sites[foresight->site - 1].lifetimes,
                           foresight->lifetime_ns);
}

static inline int come_to_pass(struct pairing *pairing, const struct event *event, uint32_t lane) {
  pairing->ticks = event->ticks;
  switch (event->kind) {
  case EVENT_BIRTH:
    pairing->profile->events++;
    return birth(pairing, event);
  case EVENT_DEATH:
    pairing->profile->events++;
    return death(pairing, event);
  case EVENT_RELEASE:
    pairing->profile->events++;
    return release(pairing, lane, event);
  default:
    return take(pairing, lane, event);
  }
}

int pairing_take(struct pairing *pairing, const struct event_batch *batch) {
  struct foresight foresights[EVENT_BATCH];
  const struct event *events = batch->events;
  int error = 0;
  for (size_t step = 0; step < batch->count + STAGES * STAGE && !error; step++) {
    /* an index wraps, and is out of range, before the first event has come to that stage */
    size_t second = step - STAGE, third = second - STAGE, fourth = third - STAGE,
           last = fourth - STAGE;
    if (step < batch->count) foresee_block(pairing, &events[step]);
    if (second < batch->count) foresee_site(pairing, &events[second], &foresights[second]);
    if (third < batch->count) foresee_tables(pairing, &events[third], &foresights[third]);
    if (fourth < batch->count) foresee_count(pairing, &events[fourth], &foresights[fourth]);
    if (last < batch->count) error = come_to_pass(pairing, &events[last], batch->lanes[last]);
  }
  return error;
}

void pairing_free(struct pairing *pairing) {
  size_t sites = pairing->profile ? pairing->profile->site_count : 0;
  for (size_t i = 0; i < sites; i++) {
    free(pairing->accounts[i].birth_threads.places);
    free(pairing->accounts[i].death_threads.places);
    free(pairing->accounts[i].death_stacks.places);
    free(pairing->accounts[i].resize_stacks.places);
  }
  profile_free(pairing->profile);
  sampling_free(pairing->sampling);
  free(pairing->accounts);
  free(pairing->folded);
  free(pairing->site_of_stack);
  free(pairing->in_flight);
  blocks_free(&pairing->blocks);
  *pairing = (struct pairing){0};
}
