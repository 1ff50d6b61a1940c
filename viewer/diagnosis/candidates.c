/* candidates.c - the sites that are worth a second look. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "diagnosis.h"

/* At most so many: the first half by what they held, the rest by going along with one of those. */
enum { CANDIDATES_MAX = 128, CHOSEN_MAX = 64, BLOCKS_MIN = 20 };

/* A site that has this share of what was held, or of the peak, is looked at. */
#define SHARE_MIN 0.001

struct candidate {
  size_t site;
  double held;
};

static int most_held_first(const void *a, const void *b) {
  const struct candidate *x = a, *y = b;
  if (x->held != y->held) return x->held > y->held ? -1 : 1;
  return (x->site > y->site) - (x->site < y->site);
}

static bool is_big(const struct profile *profile, const struct site *site) {
  double peak = (double)profile->peak.bytes;
  return site->held_byte_seconds >= SHARE_MIN * profile->held_byte_seconds ||
         (double)site->max.bytes >= SHARE_MIN * peak;
}

/* Folded ones too: which of a message's blocks are folded depends on the size. */
static double blocks_of(const struct profile *profile, const struct site *site) {
  return (double)(profile_written_blocks(profile, site) + site->folded.blocks);
}

/* As many blocks as one of those chosen, or one to so many: perhaps another part of its messages.
 */
static bool may_go_along(const struct profile *profile, const struct site *site,
                         const struct candidate *chosen, size_t count) {
  double blocks = blocks_of(profile, site);
  for (size_t i = 0; i < count; i++) {
    double each = blocks_of(profile, &profile->sites[chosen[i].site]) / blocks;
    if (fabs(each - 1) <= 0.02 || (each > 1.9 && each < 130)) return true;
  }
  return false;
}

int diagnosis_candidates(const struct profile *profile, size_t **sites, size_t *count) {
  struct candidate *all = calloc(profile->site_count + 1, sizeof(*all));
  *sites = calloc(CANDIDATES_MAX, sizeof(**sites));
  *count = 0;
  if (!all || !*sites) {
    free(all);
    free(*sites);
    *sites = NULL;
    return -ENOMEM;
  }
  size_t some = 0;
  for (size_t i = 0; i < profile->site_count; i++)
    if (profile_written_blocks(profile, &profile->sites[i]) >= BLOCKS_MIN)
      all[some++] = (struct candidate){i, profile->sites[i].held_byte_seconds};
  qsort(all, some, sizeof(*all), most_held_first);
  size_t chosen = 0; /* moved to the front */
  for (size_t i = 0; i < some && chosen < CHOSEN_MAX; i++) {
    if (!is_big(profile, &profile->sites[all[i].site])) continue;
    struct candidate swap = all[chosen];
    all[chosen++] = all[i];
    all[i] = swap;
  }
  for (size_t i = 0; i < chosen; i++)
    (*sites)[(*count)++] = all[i].site;
  for (size_t i = chosen; i < some && *count < CANDIDATES_MAX; i++)
    if (may_go_along(profile, &profile->sites[all[i].site], all, chosen))
      (*sites)[(*count)++] = all[i].site;
  free(all);
  return 0;
}
