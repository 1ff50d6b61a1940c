/* candidates.c - see candidates.h. */
#include "candidates.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "places.h"

/* At most so many sites: the first half by what they held, the rest by going along with one of
 * those. */
enum { CANDIDATES_MAX = 128, CHOSEN_MAX = 64, BLOCKS_MIN = 20 };

/* With fewer of its blocks in a sample a site can neither be judged nor be compared to others; few
 * blocks are hardly enough to find others of the same line by: where there are many such sites they
 * are better in a pool. */
enum { PICKED_MIN = 8, SMALL_BELOW = 200 };

/* A site that has this share of what was held, or of the peak, is looked at. */
#define SHARE_MIN 0.001

struct choice {
  size_t site;
  struct candidate_size size;
};

/* ---- sizes ------------------------------------------------------------------------------ */

/* A block of s bytes is picked with probability 1 - e^(-s / R): see sampling.h. One that grows is
 * looked at each time. */
static double picked(const struct profile *profile, const struct site *site, double written) {
  if (!profile->sample_bytes || written < 1) return written;
  double bytes = (double)site->total.bytes / written;
  return written * -expm1(-bytes / (double)profile->sample_bytes);
}

struct candidate_size candidate_size(const struct profile *profile, const struct site *site) {
  double written = (double)profile_written_blocks(profile, site);
  return (struct candidate_size){.written = written,
                                 .folded = (double)site->folded.blocks,
                                 .picked = picked(profile, site, written),
                                 .held_byte_seconds = site->held_byte_seconds,
                                 .max_bytes = (double)site->max.bytes};
}

bool candidate_is_enough(const struct candidate_size *size) {
  return size->picked >= BLOCKS_MIN - 0.5;
}

bool candidate_is_big(const struct profile *profile, const struct candidate_size *size) {
  return size->held_byte_seconds >= SHARE_MIN * profile->held_byte_seconds ||
         size->max_bytes >= SHARE_MIN * (double)profile->peak.bytes;
}

bool candidate_may_go_along(const struct candidate_size *size, const struct candidate_size *of) {
  /* folded ones too: which of a message's blocks are folded depends on the size */
  double each = (of->written + of->folded) / (size->written + size->folded);
  return fabs(each - 1) <= 0.02 || (each > 1.9 && each < 130);
}

/* ---- sites ------------------------------------------------------------------------------ */

static int most_held_first(const void *a, const void *b) {
  const struct choice *x = a, *y = b;
  double x_held = x->size.held_byte_seconds, y_held = y->size.held_byte_seconds;
  if (x_held != y_held) return x_held > y_held ? -1 : 1;
  return (x->site > y->site) - (x->site < y->site);
}

static bool may_go_along(const struct candidate_size *size, const struct choice *chosen,
                         size_t count) {
  for (size_t i = 0; i < count; i++)
    if (candidate_may_go_along(size, &chosen[i].size)) return true;
  return false;
}

/* `all` has room for every site. */
static void choose_sites(const struct profile *profile, struct choice *all,
                         struct candidates *candidates) {
  size_t some = 0;
  for (size_t i = 0; i < profile->site_count; i++) {
    struct candidate_size size = candidate_size(profile, &profile->sites[i]);
    if (size.written >= BLOCKS_MIN && size.picked >= PICKED_MIN)
      all[some++] = (struct choice){i, size};
  }
  qsort(all, some, sizeof(*all), most_held_first);
  size_t chosen = 0; /* moved to the front */
  for (size_t i = 0; i < some && chosen < CHOSEN_MAX; i++) {
    if (!candidate_is_big(profile, &all[i].size)) continue;
    struct choice swap = all[chosen];
    all[chosen++] = all[i];
    all[i] = swap;
  }
  for (size_t i = 0; i < chosen; i++)
    candidates->of[candidates->count++].site = all[i].site;
  for (size_t i = chosen; i < some && candidates->count < CANDIDATES_MAX; i++)
    if (may_go_along(&all[i].size, all, chosen))
      candidates->of[candidates->count++].site = all[i].site;
}

/* ---- pools ------------------------------------------------------------------------------ */

static enum standing standing_of(const struct profile *profile, size_t site) {
  double blocks = candidate_size(profile, &profile->sites[site]).picked;
  return blocks < SMALL_BELOW ? STANDS_SMALL : STANDS_BY_ITSELF;
}

static void leave_out_pooled(struct candidates *candidates, const struct places *places,
                             bool *pooled) {
  size_t kept = 0;
  for (size_t i = 0; i < places->count; i++)
    for (size_t j = 0; j < places->of[i]->count; j++)
      pooled[places->of[i]->members[j]] = true;
  for (size_t i = 0; i < candidates->count; i++)
    if (!pooled[candidates->of[i].site]) candidates->of[kept++] = candidates->of[i];
  candidates->count = kept;
}

static int add_pools(struct candidates *candidates, struct places *places) {
  struct candidate *bigger =
      reallocarray(candidates->of, candidates->count + places->count + 1, sizeof(*bigger));
  if (!bigger) return -ENOMEM;
  candidates->of = bigger;
  for (size_t i = 0; i < places->count; i++) {
    bigger[candidates->count++] = (struct candidate){places->of[i]->members[0], places->of[i]};
    places->of[i] = NULL; /* it's the candidate's now */
  }
  return 0;
}

static int choose_pools(const struct profile *profile, const struct stack_tree *tree,
                        struct candidates *candidates) {
  enum standing *standing = calloc(profile->site_count + 1, sizeof(*standing));
  bool *pooled = calloc(profile->site_count + 1, sizeof(*pooled));
  struct places places = {0};
  int error = standing && pooled ? 0 : -ENOMEM;
  for (size_t i = 0; i < candidates->count && !error; i++)
    standing[candidates->of[i].site] = standing_of(profile, candidates->of[i].site);
  if (!error) error = places_find(profile, tree, standing, &places);
  if (!error) leave_out_pooled(candidates, &places, pooled);
  if (!error) error = add_pools(candidates, &places);
  places_free(&places);
  free(standing);
  free(pooled);
  return error;
}

int candidates_choose(const struct profile *profile, const struct stack_tree *tree,
                      struct candidates *candidates) {
  struct choice *all = calloc(profile->site_count + 1, sizeof(*all));
  *candidates = (struct candidates){.of = calloc(CANDIDATES_MAX, sizeof(*candidates->of))};
  int error = all && candidates->of ? 0 : -ENOMEM;
  if (!error) choose_sites(profile, all, candidates);
  free(all);
  if (!error && tree) error = choose_pools(profile, tree, candidates);
  return error;
}

void candidates_free(struct candidates *candidates) {
  for (size_t i = 0; i < candidates->count; i++)
    pool_free(candidates->of[i].pool);
  free(candidates->of);
  *candidates = (struct candidates){0};
}
