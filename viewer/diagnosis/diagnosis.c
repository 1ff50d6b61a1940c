/* diagnosis.c - from residences to verdicts: groups the sites, measures each group, has it judged,
 * and writes down the figures; see diagnosis.h.
 */
#include "diagnosis.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "grouping.h"

/* Fewer messages than these say nothing. */
enum { MESSAGES_MIN = 20 };

/* What is neither a queue nor grows is left out below this share of the peak and of what is held.
 */
#define SHARE_MIN 0.001

const char *queue_kind_name(enum queue_kind kind) {
  static const char *const names[QUEUE_KINDS] = {
      [QUEUE_UNBOUNDED] = "unbounded-queue",
      [QUEUE_STALLED] = "stalled-or-leak",
      [QUEUE_BOUNDED] = "bounded-queue",
      [QUEUE_BURST] = "burst",
      [QUEUE_CACHE] = "cache-or-pool",
      [QUEUE_STARTUP] = "startup",
      [QUEUE_CHURN] = "churn",
      [QUEUE_UNKNOWN] = "unknown",
  };
  return names[kind];
}

const char *queue_policy_name(enum queue_policy policy) {
  static const char *const names[] = {NULL, "blocking", "drop-newest", "drop-oldest"};
  return names[policy];
}

const char *phase_kind_name(enum phase_kind kind) {
  static const char *const names[] = {"fill", "plateau", "drain"};
  return names[kind];
}

/* ---- messages --------------------------------------------------------------------------- */

static int by_birth(const void *a, const void *b) {
  const struct residence *x = a, *y = b;
  if (x->birth_ns != y->birth_ns) return x->birth_ns < y->birth_ns ? -1 : 1;
  return 0;
}

/* How many there are when each `every`-th is taken. */
static uint64_t count_messages(const struct residences *residences, const struct group *group,
                               uint64_t every) {
  uint64_t count = 0;
  for (size_t i = 0; i < group->count; i++) {
    const struct residence_list *list = &residences->lists[group->lists[i]];
    if (group->carries[i]) count += (list->count * list->every + every - 1) / every;
  }
  return count;
}

/* All carriers' blocks in one order of birth, thinned alike. */
static int gather(const struct residences *residences, const struct group *group,
                  struct queue *queue) {
  size_t carriers = 0;
  queue->every = 1;
  for (size_t i = 0; i < group->count; i++) {
    const struct residence_list *list = &residences->lists[group->lists[i]];
    if (!group->carries[i]) continue;
    carriers++;
    if (list->every > queue->every) queue->every = list->every;
  }
  while (count_messages(residences, group, queue->every) > RESIDENCES_MAX)
    queue->every *= 2;
  queue->messages = calloc(count_messages(residences, group, queue->every) + carriers + 1,
                           sizeof(*queue->messages));
  if (!queue->messages) return -ENOMEM;
  for (size_t i = 0; i < group->count; i++) {
    const struct residence_list *list = &residences->lists[group->lists[i]];
    if (!group->carries[i]) continue;
    for (size_t j = 0; j < list->count; j += queue->every / list->every)
      queue->messages[queue->message_count++] = list->of[j];
  }
  if (carriers > 1)
    qsort(queue->messages, queue->message_count, sizeof(*queue->messages), by_birth);
  return 0;
}

/* ---- one group -------------------------------------------------------------------------- */

static bool matters(const struct profile *profile, const struct queue *queue) {
  switch (queue->kind) {
  case QUEUE_UNBOUNDED:
  case QUEUE_BOUNDED:
    return true;
  case QUEUE_STALLED: /* every program has tables that grow a little */
    return queue->peak_bytes >= 0.01 * (double)profile->peak.bytes;
  default:
    return queue->peak_bytes >= SHARE_MIN * (double)profile->peak.bytes ||
           queue->held_byte_seconds >= SHARE_MIN * profile->held_byte_seconds;
  }
}

static void free_queue(struct queue *queue) {
  for (size_t i = 0; i < queue->site_count; i++)
    free(queue->sites[i].others);
  free(queue->sites);
  free(queue->filled_by_threads.of);
  free(queue->filled_by_stacks.of);
  free(queue->drained_by_threads.of);
  free(queue->drained_by_stacks.of);
  free(queue->phases);
  free(queue->messages);
  *queue = (struct queue){0};
}

/* Small change that was looked at only because it might have been a part of something. */
static bool went_along_with_none(const struct residences *residences, const struct group *group) {
  for (size_t i = 0; i < group->count; i++) {
    const struct pool *pool = residences->lists[group->lists[i]].pool;
    if (!pool || !pool->goes_along) return false;
  }
  return true;
}

static int judge(const struct profile *profile, const struct residences *residences,
                 const struct group *group, struct queue *queue) {
  *queue = (struct queue){.estimated = profile->sample_bytes != 0};
  if (went_along_with_none(residences, group)) return 0;
  int error = gather(residences, group, queue);
  if (error || queue->message_count < MESSAGES_MIN) return error;
  return describe_group(profile, residences, group, queue);
}

/* ---- all of them ------------------------------------------------------------------------ */

static int worst_first(const void *a, const void *b) {
  const struct queue *x = a, *y = b;
  if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
  if (x->peak_bytes != y->peak_bytes) return x->peak_bytes > y->peak_bytes ? -1 : 1;
  return x->sites[0].site < y->sites[0].site ? -1 : 1;
}

int diagnosis_make(const struct profile *profile, const struct residences *residences,
                   struct diagnosis *diagnosis) {
  struct grouping grouping;
  *diagnosis = (struct diagnosis){.duration_ns = residences->duration_ns};
  int error = grouping_make(profile, residences, &grouping);
  diagnosis->queues = error ? NULL : calloc(grouping.count + 1, sizeof(struct queue));
  if (!error && !diagnosis->queues) error = -ENOMEM;
  for (size_t i = 0; i < grouping.count && !error; i++) {
    struct queue *queue = &diagnosis->queues[diagnosis->count];
    error = judge(profile, residences, &grouping.groups[i], queue);
    if (!error && queue->message_count >= MESSAGES_MIN && matters(profile, queue))
      diagnosis->count++;
    else
      free_queue(queue);
  }
  grouping_free(&grouping);
  if (error) {
    diagnosis_free(diagnosis);
    return error;
  }
  qsort(diagnosis->queues, diagnosis->count, sizeof(struct queue), worst_first);
  for (size_t i = 0; i < diagnosis->count; i++)
    diagnosis->queues[i].id = (uint32_t)i + 1;
  return 0;
}

void diagnosis_free(struct diagnosis *diagnosis) {
  for (size_t i = 0; i < diagnosis->count; i++)
    free_queue(&diagnosis->queues[i]);
  free(diagnosis->queues);
  *diagnosis = (struct diagnosis){0};
}
