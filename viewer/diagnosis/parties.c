/* parties.c - see parties.h. */
#include "parties.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* A pool's blocks may die by thousands of stacks: beyond so many they are one party. */
enum { STACKS_MAX = 16 };

static int add(struct queue_parties *parties, uint32_t id, double blocks) {
  for (size_t i = 0; i < parties->count; i++)
    if (parties->of[i].id == id) {
      parties->of[i].share += blocks;
      return 0;
    }
  struct queue_party *bigger = reallocarray(parties->of, parties->count + 1, sizeof(*bigger));
  if (!bigger) return -ENOMEM;
  parties->of = bigger;
  bigger[parties->count++] = (struct queue_party){.id = id, .share = blocks};
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
static double never_waited(const struct queue *queue) {
  double young = 0, turned_away = queue->turned_away;
  for (size_t i = 0; i < queue->site_count; i++) {
    const struct queue_site *of = &queue->sites[i];
    if (!of->carries) continue;
    young += of->folded + of->taken_out;
    if (!of->temporaries) turned_away -= of->folded;
  }
  return young + fmax(turned_away, 0);
}

static double sum_of(const struct queue_parties *parties) {
  double all = 0;
  for (size_t i = 0; i < parties->count; i++)
    all += parties->of[i].share;
  return all;
}

/* Those are not drained by who made them. Who made which is known about: next to nothing left is
 * nothing. */
static void leave_out_young(struct queue_parties *drained, const struct queue_parties *filled,
                            double young) {
  double made = sum_of(filled), next_to_nothing = 0.02 * (sum_of(drained) - young);
  size_t kept = 0;
  for (size_t j = 0; j < drained->count; j++) {
    struct queue_party party = drained->of[j];
    double share = party.share;
    for (size_t i = 0; i < filled->count && made > 0; i++)
      if (filled->of[i].id == party.id) party.share -= young * filled->of[i].share / made;
    if (party.share == share || party.share > next_to_nothing) drained->of[kept++] = party;
  }
  drained->count = kept;
}

static int most_first(const void *a, const void *b) {
  const struct queue_party *x = a, *y = b;
  if (x->share != y->share) return x->share > y->share ? -1 : 1;
  return (x->id > y->id) - (x->id < y->id);
}

static void finish(struct queue_parties *parties) {
  double all = sum_of(parties);
  for (size_t i = 0; i < parties->count && all > 0; i++)
    parties->of[i].share /= all;
  if (parties->count) qsort(parties->of, parties->count, sizeof(*parties->of), most_first);
}

static void put_rest_together(struct queue_parties *parties) {
  if (parties->count <= STACKS_MAX) return;
  struct queue_party *last = &parties->of[STACKS_MAX - 1];
  for (size_t i = STACKS_MAX; i < parties->count; i++)
    last->share += parties->of[i].share;
  last->others = parties->count - STACKS_MAX;
  parties->count = STACKS_MAX;
}

static int add_filling_stack(const struct profile *profile, const struct residence_list *list,
                             struct queue_parties *parties) {
  const struct site *site = residences_site(profile, list);
  int error = add(parties, site->stack,
                  (double)(profile_written_blocks(profile, site) + site->folded.blocks));
  /* no other list has this stack: it is the last one */
  if (!error && list->pool) parties->of[parties->count - 1].others = list->pool->count - 1;
  return error;
}

int parties_count(const struct profile *profile, const struct residences *residences,
                  const struct group *group, struct queue *queue) {
  bool pooled = false;
  int error = 0;
  for (size_t i = 0; i < group->count && !error; i++) {
    const struct residence_list *list = &residences->lists[group->lists[i]];
    const struct site *site = residences_site(profile, list);
    if (!group->carries[i]) continue;
    pooled |= list->pool != NULL;
    error = add_all(&queue->filled_by_threads, &site->birth_threads);
    if (!error) error = add_filling_stack(profile, list, &queue->filled_by_stacks);
    if (!error) error = add_all(&queue->drained_by_threads, &site->death_threads);
    if (!error) error = add_all(&queue->drained_by_stacks, &site->death_stacks);
  }
  leave_out_young(&queue->drained_by_threads, &queue->filled_by_threads, never_waited(queue));
  finish(&queue->filled_by_threads);
  finish(&queue->filled_by_stacks);
  finish(&queue->drained_by_threads);
  finish(&queue->drained_by_stacks);
  if (pooled) put_rest_together(&queue->drained_by_stacks);
  return error;
}
