/* outlook.c - see outlook.h. */
#include "outlook.h"

#include <errno.h>
#include <stdlib.h>

static const uint64_t usual[] = {8, 64, 512, 4096};
enum { USUAL = sizeof usual / sizeof *usual };

static int add(struct outlook *outlook, uint64_t duration_ns, uint64_t bound) {
  int error =
      whatif_predict(outlook->queue, duration_ns, bound, &outlook->bounds[outlook->bound_count]);
  if (!error) outlook->bound_count++;
  return error;
}

/* Those that change something, with the recommended one in its place. */
static int add_usual(struct outlook *outlook, uint64_t duration_ns) {
  uint64_t recommended = outlook->recommended.bound;
  int error = 0;
  for (int i = 0; i < USUAL && !error; i++) {
    if (recommended && recommended < usual[i]) {
      outlook->bounds[outlook->bound_count++] = outlook->recommended;
      recommended = 0;
    }
    if (recommended == usual[i]) recommended = 0;
    if ((double)usual[i] < outlook->recorded.peak_messages)
      error = add(outlook, duration_ns, usual[i]);
  }
  if (recommended && !error) outlook->bounds[outlook->bound_count++] = outlook->recommended;
  return error;
}

static int recommend(struct outlook *outlook, uint64_t duration_ns) {
  uint64_t bound = whatif_recommend(outlook->queue, duration_ns);
  return bound ? whatif_predict(outlook->queue, duration_ns, bound, &outlook->recommended) : 0;
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
  outlook->bounds = calloc(options->bound_count + USUAL + 1, sizeof *outlook->bounds);
  if (!outlook->bounds) return -ENOMEM;
  int error = whatif_recorded(queue, duration_ns, &outlook->recorded);
  if (error) return error == -ENODATA ? 0 : error;
  outlook->departs = true;
  outlook->doubts = whatif_doubts(diagnosis, queue);
  error = recommend(outlook, duration_ns);
  for (size_t i = 0; i < options->bound_count && !error; i++)
    error = add(outlook, duration_ns, options->bounds[i]);
  if (!error && options->bound_count == 0) error = add_usual(outlook, duration_ns);
  if (!error && options->receive) error = receive_many(outlook, duration_ns);
  return error;
}

void outlook_free(struct outlook *outlook) {
  free(outlook->bounds);
  *outlook = (struct outlook){0};
}
