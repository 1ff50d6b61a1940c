/* parties.c - see parties.h. */
#include "parties.h"

#include <errno.h>
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
  finish(&queue->filled_by_threads);
  finish(&queue->filled_by_stacks);
  finish(&queue->drained_by_threads);
  finish(&queue->drained_by_stacks);
  return error;
}
