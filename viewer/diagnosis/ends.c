/* ends.c - see ends.h. An end is known by a number: where it is in the order of all places. */
#include "ends.h"

#include <errno.h>
#include <stdlib.h>

#include "sets.h"
#include "stack_place.h"

/* Of a site so many stacks of death are looked at, those of most blocks. */
enum { STACKS_MAX = 4 };

/* Two ends are one when of each at least this share dies in sites that have both. */
#define COMMON_MIN 0.2

/* What of one site dies at one end. */
struct dying {
  struct stack_place place; /* all 0: never */
  size_t site, end;
  double blocks;
};

/* Two ends of one site, the lower number first. */
struct pair {
  size_t ends[2];
  double blocks[2];
};

struct ends {
  struct dying *dying;
  size_t dying_count;
  double *blocks; /* of each end */
  size_t *parents;
  size_t count;
  struct pair *pairs;
  size_t pair_count;
};

/* ---- what dies where -------------------------------------------------------------------- */

static void add_site(struct ends *ends, const struct stack_tree *tree, const struct site *site,
                     size_t number) {
  if (site->at_end.blocks || !site->death_stacks.count)
    ends->dying[ends->dying_count++] =
        (struct dying){.site = number, .blocks = (double)site->at_end.blocks};
  for (size_t i = 0; i < site->death_stacks.count && i < STACKS_MAX; i++)
    ends->dying[ends->dying_count++] =
        (struct dying){.site = number,
                       .place = stack_place_of(tree, site->death_stacks.of[i].id),
                       .blocks = (double)site->death_stacks.of[i].blocks};
}

static int by_place(const void *a, const void *b) {
  const struct dying *x = a, *y = b;
  int order = stack_place_compare(&x->place, &y->place);
  return order ? order : (x->site > y->site) - (x->site < y->site);
}

static int by_site(const void *a, const void *b) {
  const struct dying *x = a, *y = b;
  if (x->site != y->site) return x->site < y->site ? -1 : 1;
  if (x->blocks != y->blocks) return x->blocks > y->blocks ? -1 : 1;
  return (x->end > y->end) - (x->end < y->end);
}

/* Numbers the ends, then puts each site's together, that of most blocks first. */
static void number_ends(struct ends *ends) {
  qsort(ends->dying, ends->dying_count, sizeof(*ends->dying), by_place);
  for (size_t i = 0; i < ends->dying_count; i++) {
    struct dying *dying = &ends->dying[i];
    if (i == 0 || stack_place_compare(&dying->place, &dying[-1].place) != 0) ends->count++;
    dying->end = ends->count - 1;
    ends->blocks[dying->end] += dying->blocks;
    ends->parents[dying->end] = dying->end;
  }
  qsort(ends->dying, ends->dying_count, sizeof(*ends->dying), by_site);
}

/* ---- ends in common --------------------------------------------------------------------- */

/* A site's main end with each of its others. */
static void pair_up(struct ends *ends) {
  const struct dying *main = NULL;
  for (size_t i = 0; i < ends->dying_count; i++) {
    const struct dying *dying = &ends->dying[i];
    if (!main || main->site != dying->site) {
      main = dying;
      continue;
    }
    bool lower = main->end < dying->end;
    const struct dying *first = lower ? main : dying, *second = lower ? dying : main;
    if (first->end == second->end) continue;
    ends->pairs[ends->pair_count++] =
        (struct pair){{first->end, second->end}, {first->blocks, second->blocks}};
  }
}

static int by_ends(const void *a, const void *b) {
  const struct pair *x = a, *y = b;
  for (int i = 0; i < 2; i++)
    if (x->ends[i] != y->ends[i]) return x->ends[i] < y->ends[i] ? -1 : 1;
  return 0;
}

static void join_common(struct ends *ends) {
  qsort(ends->pairs, ends->pair_count, sizeof(*ends->pairs), by_ends);
  for (size_t i = 0, next; i < ends->pair_count; i = next) {
    const struct pair *pair = &ends->pairs[i];
    double blocks[2] = {0};
    for (next = i; next < ends->pair_count && by_ends(pair, &ends->pairs[next]) == 0; next++)
      for (int side = 0; side < 2; side++)
        blocks[side] += ends->pairs[next].blocks[side];
    if (blocks[0] >= COMMON_MIN * ends->blocks[pair->ends[0]] &&
        blocks[1] >= COMMON_MIN * ends->blocks[pair->ends[1]])
      ends->parents[sets_find(ends->parents, pair->ends[0])] =
          sets_find(ends->parents, pair->ends[1]);
  }
}

/* ---- what has not died yet -------------------------------------------------------------- */

/* The end of which nothing is known but that it has not come; SIZE_MAX: all died, or it is one with
 * another already. */
static size_t lone_never(struct ends *ends) {
  const struct stack_place nowhere = {0};
  size_t never = SIZE_MAX, same = 0;
  for (size_t i = 0; i < ends->dying_count; i++)
    if (stack_place_compare(&ends->dying[i].place, &nowhere) == 0) never = ends->dying[i].end;
  if (never == SIZE_MAX) return SIZE_MAX;
  never = sets_find(ends->parents, never);
  for (size_t i = 0; i < ends->count; i++)
    same += sets_find(ends->parents, i) == never;
  return same == 1 ? never : SIZE_MAX;
}

/* Sites none of whose blocks is older than some of those grew that die at the usual end: they may
 * yet die there as well. */
static int let_young_follow(struct ends *ends, const struct profile *profile, const size_t *sites,
                            size_t count, size_t *numbers) {
  size_t never = lone_never(ends), usual = SIZE_MAX;
  double *blocks = calloc(ends->count + 1, sizeof(*blocks)), young = 0;
  uint64_t longest_ns = 0;
  if (!blocks) return -ENOMEM;
  for (size_t i = 0; i < count; i++)
    blocks[numbers[i]] += (double)profile_written_blocks(profile, &profile->sites[sites[i]]);
  for (size_t i = 0; i < ends->count; i++)
    if (i != never && (usual == SIZE_MAX || blocks[i] > blocks[usual])) usual = i;
  for (size_t i = 0; i < count; i++) {
    uint64_t ns = profile->sites[sites[i]].lifetime_max_ns;
    if (numbers[i] == usual && ns > longest_ns) longest_ns = ns;
  }
  for (int pass = 0; pass < 2 && never != SIZE_MAX && usual != SIZE_MAX; pass++)
    for (size_t i = 0; i < count; i++) {
      const struct site *site = &profile->sites[sites[i]];
      if (numbers[i] != never || site->first_birth_ns + longest_ns < profile->duration_ns) continue;
      if (pass == 0) young += (double)profile_written_blocks(profile, site);
      if (pass == 1 && young <= blocks[usual]) numbers[i] = usual;
    }
  free(blocks);
  return 0;
}

/* ----------------------------------------------------------------------------------------- */

int ends_divide(const struct profile *profile, const struct stack_tree *tree, const size_t *sites,
                size_t count, size_t *numbers) {
  size_t most = 0;
  for (size_t i = 0; i < count; i++) {
    size_t stacks = profile->sites[sites[i]].death_stacks.count;
    most += 1 + (stacks < STACKS_MAX ? stacks : STACKS_MAX);
  }
  struct ends ends = {.dying = calloc(most + 1, sizeof(*ends.dying)),
                      .blocks = calloc(most + 1, sizeof(*ends.blocks)),
                      .parents = calloc(most + 1, sizeof(*ends.parents)),
                      .pairs = calloc(most + 1, sizeof(*ends.pairs))};
  int error = ends.dying && ends.blocks && ends.parents && ends.pairs ? 0 : -ENOMEM;
  if (!error) {
    for (size_t i = 0; i < count; i++)
      add_site(&ends, tree, &profile->sites[sites[i]], i);
    number_ends(&ends);
    pair_up(&ends);
    join_common(&ends);
    for (size_t i = ends.dying_count; i-- > 0;) /* the main end, being first, is written last */
      numbers[ends.dying[i].site] = sets_find(ends.parents, ends.dying[i].end);
    error = let_young_follow(&ends, profile, sites, count, numbers);
  }
  free(ends.dying);
  free(ends.blocks);
  free(ends.parents);
  free(ends.pairs);
  return error;
}
