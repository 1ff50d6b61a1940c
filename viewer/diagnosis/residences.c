/* residences.c - the second pass: births and deaths of the candidates' blocks, and of no others;
 * see residences.h. Reads events by the same rules as pairing.c: a realloc moves a block
 * and does not end it, a birth at a taken address ends what was there.
 */
#include "residences.h"

#include <errno.h>
#include <stdlib.h>

#include "../fold.h"
#include "temporaries.h"

struct residence_pass {
  const struct run_clock *clock;
  struct residences residences;
  uint32_t *list_of_stack; /* index + 1; 0: not wanted */
  size_t stack_count;
  bool sampled;
  struct blocks blocks;    /* site: list + 1; bytes: the how-manieth birth of its list. Of a sample
                              all blocks are here, those of no list as OTHER */
  struct block *in_flight; /* by lane, as in struct pairing */
  size_t total;            /* blocks in all lists */
};

#define OTHER UINT32_MAX

size_t residences_born(const struct residence *of, size_t count, uint64_t ns) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (of[middle].birth_ns <= ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int residences_begin(struct residence_pass **result, const struct profile *profile,
                     const struct run_clock *clock, size_t lane_count,
                     const struct candidates *candidates) {
  size_t count = candidates->count;
  struct residence_pass *pass = *result = calloc(1, sizeof(*pass));
  if (!pass) return -ENOMEM;
  pass->clock = clock;
  pass->sampled = profile->sample_bytes != 0;
  pass->residences.duration_ns = profile->duration_ns;
  pass->residences.lists = calloc(count + 1, sizeof(struct residence_list));
  pass->stack_count = profile->site_index_count;
  pass->list_of_stack = calloc(pass->stack_count + 1, sizeof(uint32_t));
  pass->in_flight = calloc(lane_count + 1, sizeof(struct block));
  if (!pass->residences.lists || !pass->list_of_stack || !pass->in_flight) return -ENOMEM;
  pass->residences.count = count;
  for (size_t i = 0; i < count; i++) {
    const struct candidate *of = &candidates->of[i];
    pass->residences.lists[i] =
        (struct residence_list){.site = of->site, .pool = of->pool, .every = 1};
    pass->list_of_stack[profile->sites[of->site].stack] = (uint32_t)i + 1;
    for (size_t j = 0; of->pool && j < of->pool->count; j++)
      pass->list_of_stack[profile->sites[of->pool->members[j]].stack] = (uint32_t)i + 1;
  }
  return 0;
}

/* ---- lists ------------------------------------------------------------------------------ */

static void thin(struct residence_pass *pass, struct residence_list *list) {
  size_t kept = 0;
  for (size_t i = 0; i < list->count; i += 2)
    list->of[kept++] = list->of[i];
  pass->total -= list->count - kept;
  list->count = kept;
  list->every *= 2;
}

static struct residence_list *longest(struct residence_pass *pass) {
  struct residence_list *found = pass->residences.lists;
  for (size_t i = 1; i < pass->residences.count; i++)
    if (pass->residences.lists[i].count > found->count) found = &pass->residences.lists[i];
  return found;
}

static int make_room(struct residence_pass *pass, struct residence_list *list) {
  if (list->count == RESIDENCES_MAX) thin(pass, list);
  if (pass->total == RESIDENCES_TOTAL) thin(pass, longest(pass));
  if (list->count < list->capacity) return 0;
  size_t grown = list->capacity ? list->capacity * 2 : 256;
  struct residence *bigger = reallocarray(list->of, grown, sizeof(*bigger));
  if (!bigger) return -ENOMEM;
  list->of = bigger;
  list->capacity = grown;
  return 0;
}

static uint64_t bounded_ns(const struct residence_pass *pass, uint64_t ticks) {
  uint64_t ns = run_clock_ns(pass->clock, ticks);
  return ns < RESIDENCE_LIVE ? ns : RESIDENCE_LIVE - 1;
}

static void depart(struct residence_pass *pass, const struct block *block, uint64_t ticks,
                   uint32_t thread) {
  if (block->site == OTHER) return;
  struct residence_list *list = &pass->residences.lists[block->site - 1];
  if (block->bytes % list->every) return;
  struct residence *residence = &list->of[block->bytes / list->every];
  residence->death_ns = bounded_ns(pass, ticks);
  residence->death_thread = thread & 0xffff;
}

/* Ends what is at an address that is given out again. */
static void clear(struct residence_pass *pass, const struct event *event) {
  struct block *found = blocks_find(&pass->blocks, event->address);
  if (!found) return;
  depart(pass, found, event->ticks, found->thread);
  blocks_remove(&pass->blocks, found);
}

/* ---- events ----------------------------------------------------------------------------- */

static int settle(struct residence_pass *pass, const struct block *block) {
  struct block *place = blocks_place(&pass->blocks, block->address);
  if (!place) return -ENOMEM;
  *place = *block;
  return 0;
}

static int arrive(struct residence_pass *pass, const struct event *event) {
  uint32_t wanted = event->stack < pass->stack_count ? pass->list_of_stack[event->stack] : 0;
  if (!wanted) {
    const struct block other = {.address = event->address, .site = OTHER};
    return pass->sampled ? settle(pass, &other) : 0;
  }
  struct residence_list *list = &pass->residences.lists[wanted - 1];
  uint64_t number = list->births++;
  if (number % list->every == 0) {
    int error = make_room(pass, list);
    if (error) return error;
  }
  if (number % list->every == 0) { /* it may have been thinned just now */
    list->of[list->count++] = (struct residence){.birth_ns = bounded_ns(pass, event->ticks),
                                                 .birth_thread = event->thread & 0xffff,
                                                 .death_ns = RESIDENCE_LIVE};
    pass->total++;
  }
  return settle(pass, &(struct block){.address = event->address,
                                      .birth_ticks = event->ticks,
                                      .bytes = number,
                                      .site = wanted,
                                      .thread = event->thread});
}

static void death(struct residence_pass *pass, const struct event *event) {
  struct block *found = blocks_find(&pass->blocks, event->address);
  if (!found) return;
  depart(pass, found, event->ticks, event->thread);
  blocks_remove(&pass->blocks, found);
}

static void release(struct residence_pass *pass, const struct event *event, uint32_t lane) {
  struct block *flying = &pass->in_flight[lane];
  if (flying->site) depart(pass, flying, event->ticks, flying->thread);
  flying->site = 0;
  struct block *found = blocks_find(&pass->blocks, event->address);
  if (!found) return;
  *flying = *found;
  blocks_remove(&pass->blocks, found);
}

/* A realloc that moves no block of these: of a block of another site, or of one whose birth is not
 * in the trace, whose life begins here. In a sample, where many are picked when they grow, they are
 * told apart; where all is recorded the latter are a few from before the recorder, and left out. */
static int take(struct residence_pass *pass, const struct event *event, uint32_t lane) {
  struct block block = pass->in_flight[lane];
  if (!block.site) return pass->sampled ? arrive(pass, event) : 0;
  pass->in_flight[lane].site = 0;
  block.address = event->address;
  return settle(pass, &block);
}

int residences_take(struct residence_pass *pass, const struct event_batch *batch) {
  int error = 0;
  for (size_t i = 0; i < batch->count && !error; i++) {
    const struct event *event = &batch->events[i];
    switch (event->kind) {
    case EVENT_BIRTH:
      clear(pass, event);
      error = arrive(pass, event);
      break;
    case EVENT_DEATH:
      death(pass, event);
      break;
    case EVENT_RELEASE:
      release(pass, event, batch->lanes[i]);
      break;
    default:
      clear(pass, event);
      error = take(pass, event, batch->lanes[i]);
      break;
    }
  }
  return error;
}

/* ---- folded ----------------------------------------------------------------------------- */

/* All count as of the time of the last death: before that they may have died, later not. */
int residences_fold(void *context, const struct fold *fold) {
  struct residence_pass *pass = context;
  uint32_t wanted = fold->stack < pass->stack_count ? pass->list_of_stack[fold->stack] : 0;
  if (!wanted) return 0;
  struct residence_list *list = &pass->residences.lists[wanted - 1];
  if (!list->folded) list->folded = calloc(RESIDENCE_BUCKETS, sizeof(*list->folded));
  if (!list->folded) return -ENOMEM;
  double width = residences_bucket_ns(pass->residences.duration_ns);
  size_t at = (size_t)((double)bounded_ns(pass, fold->ticks) / width);
  list->folded[at < RESIDENCE_BUCKETS ? at : RESIDENCE_BUCKETS - 1] += (double)fold->blocks;
  return 0;
}

double residences_folded(const struct residence_list *list, uint64_t duration_ns, uint64_t from,
                         uint64_t to) {
  double sum = 0, width = residences_bucket_ns(duration_ns);
  for (size_t i = 0; list->folded && i < RESIDENCE_BUCKETS; i++) {
    double end = width * (double)(i + 1);
    if (end > (double)from && end <= (double)to) sum += list->folded[i];
  }
  return sum;
}

/* ----------------------------------------------------------------------------------------- */

int residences_finish(struct residence_pass *pass, struct residences *residences) {
  int error = 0;
  bool sampled = pass->sampled; /* too few, by chance, to tell when they came */
  *residences = pass->residences;
  pass->residences = (struct residences){0};
  for (size_t i = 0; i < residences->count && !error; i++)
    if (!sampled) error = temporaries_sift(&residences->lists[i], residences->duration_ns);
  return error;
}

void residences_free_pass(struct residence_pass *pass) {
  if (!pass) return;
  residences_free(&pass->residences);
  blocks_free(&pass->blocks);
  free(pass->list_of_stack);
  free(pass->in_flight);
  free(pass);
}

void residences_free(struct residences *residences) {
  for (size_t i = 0; i < residences->count; i++) {
    free(residences->lists[i].of);
    free(residences->lists[i].folded);
  }
  free(residences->lists);
  *residences = (struct residences){0};
}
