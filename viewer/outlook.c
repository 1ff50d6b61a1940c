/* outlook.c - see outlook.h. */
#include "outlook.h"

#include <errno.h>
#include <stdlib.h>

static const uint64_t usual[] = {8, 64, 512, 4096};
enum { USUAL = sizeof usual / sizeof *usual };

/* Those that change something, with the recommended one in its place. */
static size_t choose(const struct outlook *outlook, uint64_t recommended, uint64_t *bounds) {
  size_t count = 0;
  for (int i = 0; i < USUAL; i++) {
    if (recommended && recommended <= usual[i]) bounds[count++] = recommended;
    bool changes = (double)usual[i] < outlook->recorded.peak_messages;
    if (changes && usual[i] != recommended) bounds[count++] = usual[i];
    if (recommended <= usual[i]) recommended = 0;
  }
  if (recommended) bounds[count++] = recommended;
  return count;
}

static int predict(struct outlook *outlook, uint64_t duration_ns,
                   const struct outlook_options *options) {
  const struct queue *queue = outlook->queue;
  uint64_t chosen[USUAL + 1], recommended = whatif_recommend(queue, duration_ns);
  const uint64_t *bounds = options->bound_count ? options->bounds : chosen;
  size_t count = options->bound_count ? options->bound_count : choose(outlook, recommended, chosen);
  outlook->bounds = calloc(count + 1, sizeof *outlook->bounds);
  if (!outlook->bounds) return -ENOMEM;
  outlook->bound_count = count;
  int error = whatif_predict_each(queue, duration_ns, bounds, count, outlook->bounds);
  if (error || !recommended) return error;
  for (size_t i = 0; i < count; i++)
    if (bounds[i] == recommended) outlook->recommended = outlook->bounds[i];
  if (outlook->recommended.bound) return 0;
  return whatif_predict(queue, duration_ns, recommended, &outlook->recommended);
}

static int receive_many(struct outlook *outlook, uint64_t duration_ns) {
  const struct queue *queue = outlook->queue;
  outlook->batching = whatif_batching(queue);
  outlook->can_receive = outlook->batching.known || !(outlook->doubts & WHATIF_BATCHES);
  if (!outlook->can_receive) return 0;
  int error = whatif_receive(queue, duration_ns, outlook->receive, 1, &outlook->per_batch);
  if (error) return error;
  return whatif_receive(queue, duration_ns, outlook->receive, 0, &outlook->per_message);
}

int outlook_make(const struct diagnosis *diagnosis, const struct queue *queue,
                 const struct outlook_options *options, struct outlook *outlook) {
  uint64_t duration_ns = diagnosis->duration_ns;
  *outlook = (struct outlook){.queue = queue, .receive = options->receive};
  int error = whatif_recorded(queue, duration_ns, &outlook->recorded);
  if (error) return error == -ENODATA ? 0 : error;
  outlook->departs = true;
  outlook->doubts = whatif_doubts(diagnosis, queue);
  if (outlook->doubts & WHATIF_NOT_REPRODUCED) return 0;
  error = predict(outlook, duration_ns, options);
  if (!error && options->receive) error = receive_many(outlook, duration_ns);
  return error;
}

void outlook_free(struct outlook *outlook) {
  free(outlook->bounds);
  *outlook = (struct outlook){0};
}
