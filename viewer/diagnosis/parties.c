/* parties.c - see parties.h. */
#include "parties.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static int add(struct queue_parties *parties, uint32_t id, double blocks) {
  for (size_t i = 0; i < parties->count; i++)
    if (parties->of[i].id == id) {
      parties->of[i].share += blocks;
      return 0;
    }
  struct queue_party *bigger = reallocarray(parties->of, parties->count + 1, sizeof(*bigger));
  if (!bigger) return -ENOMEM;
  parties->of = bigger;
  bigger[parties->count++] = (struct queue_party){id, blocks};
  return 0;
}

static int add_all(struct queue_parties *parties, const struct shares *shares) {
  int error = 0;
  for (size_t i = 0; i < shares->count && !error; i++)
    error = add(parties, shares->of[i].id, (double)shares->of[i].blocks);
  return error;
}

/* Blocks that were freed at once by the thread that made them, and never waited: folded ones,
 * temporaries, and what a full queue turned away. */
static double never_waited(const struct profile *profile, const struct queue *queue) {
  double young = 0, turned_away = queue->turned_away;
  for (size_t i = 0; i < queue->site_count; i++) {
    const struct queue_site *of = &queue->sites[i];
    const struct site *site = &profile->sites[of->site];
    if (!of->carries) continue;
    double folded = (double)site->folded.blocks;
    young += folded + of->taken_out * (double)profile_written_blocks(profile, site);
    if (!of->temporaries) turned_away -= folded;
  }
  return young + fmax(turned_away, 0);
}

/* Those are not drained by who made them. */
static void leave_out_young(struct queue_parties *drained, const struct queue_parties *filled,
                            double young) {
  double all = 0;
  for (size_t i = 0; i < filled->count; i++)
    all += filled->of[i].share;
  for (size_t i = 0; i < filled->count && all > 0; i++)
    for (size_t j = 0; j < drained->count; j++)
      if (drained->of[j].id == filled->of[i].id)
        drained->of[j].share = fmax(drained->of[j].share - young * filled->of[i].share / all, 0);
}

/* Those with a share to speak of. */
static void drop_the_rest(struct queue_parties *parties) {
  size_t kept = 0;
  double all = 0;
  for (size_t i = 0; i < parties->count; i++)
    all += parties->of[i].share;
  for (size_t i = 0; i < parties->count && all > 0; i++)
    if (parties->of[i].share >= 0.01 * all) parties->of[kept++] = parties->of[i];
  if (all > 0) parties->count = kept;
}

static int most_first(const void *a, const void *b) {
  const struct queue_party *x = a, *y = b;
  if (x->share != y->share) return x->share > y->share ? -1 : 1;
  return (x->id > y->id) - (x->id < y->id);
}

static void finish(struct queue_parties *parties) {
  double all = 0;
  for (size_t i = 0; i < parties->count; i++)
    all += parties->of[i].share;
  for (size_t i = 0; i < parties->count && all > 0; i++)
    parties->of[i].share /= all;
  if (parties->count) qsort(parties->of, parties->count, sizeof(*parties->of), most_first);
}

int parties_count(const struct profile *profile, struct queue *queue) {
  int error = 0;
  for (size_t i = 0; i < queue->site_count && !error; i++) {
    const struct site *site = &profile->sites[queue->sites[i].site];
    if (!queue->sites[i].carries) continue;
    error = add_all(&queue->filled_by_threads, &site->birth_threads);
    if (!error)
      error = add(&queue->filled_by_stacks, site->stack,
                  (double)(profile_written_blocks(profile, site) + site->folded.blocks));
    if (!error) error = add_all(&queue->drained_by_threads, &site->death_threads);
    if (!error) error = add_all(&queue->drained_by_stacks, &site->death_stacks);
  }
  leave_out_young(&queue->drained_by_threads, &queue->filled_by_threads,
                  never_waited(profile, queue));
  drop_the_rest(&queue->drained_by_threads);
  finish(&queue->filled_by_threads);
  finish(&queue->filled_by_stacks);
  finish(&queue->drained_by_threads);
  finish(&queue->drained_by_stacks);
  return error;
}
