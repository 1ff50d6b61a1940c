/* whatif_batches.c - see whatif_batches.h. */
#include "whatif_batches.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  THREADS = 1 << 16,
  /* The messages of a batch are freed one right after the other; from batch to batch there is a
   * service in between. The line is drawn where nothing should be. */
  APART = 16,
  FIT_BATCHES = 4, /* least to tell anything from */
};
#define FIT_ERROR 0.2  /* of a mean service: the standard error of what is fixed, at most */
#define ONE_BY_ONE 1.2 /* messages that depart at once, mean; below that it's chance */

struct worker {
  uint64_t last_ns;  /* its last departure; 0: none */
  uint64_t begin_ns; /* when it took the batch that it is at */
  uint32_t batch;
};

static int compare_deaths(const void *a, const void *b, void *context) {
  const struct residence *messages = context;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  uint64_t x_ns = messages[x].death_ns, y_ns = messages[y].death_ns;
  if (x_ns != y_ns) return x_ns < y_ns ? -1 : 1;
  return x < y ? -1 : x > y;
}

static void sort_by_death(const struct queue *queue, struct batches *batches) {
  const struct residence *messages = queue->messages;
  bool sorted = true;
  for (size_t i = 0; i < queue->message_count; i++) {
    if (messages[i].death_ns == RESIDENCE_LIVE) continue;
    uint32_t *place = &batches->by_death[batches->departed++];
    *place = (uint32_t)i;
    if (batches->departed > 1 && compare_deaths(place - 1, place, (void *)messages) > 0)
      sorted = false;
  }
  if (!sorted)
    qsort_r(batches->by_death, batches->departed, sizeof(uint32_t), compare_deaths,
            (void *)messages);
}

/* Departures of one thread that are no further apart are of one batch. Negative: none are. */
static double apart_ns(const struct queue *queue, const struct batches *batches,
                       struct worker *workers) {
  double batch = queue->batch / (double)(queue->every ? queue->every : 1), busy_ns = 0;
  if (!(batch >= ONE_BY_ONE)) return -1;
  for (size_t k = 0; k < batches->departed; k++) {
    const struct residence *message = &queue->messages[batches->by_death[k]];
    struct worker *worker = &workers[message->death_thread];
    if (worker->last_ns && message->birth_ns <= worker->last_ns)
      busy_ns += (double)(message->death_ns - worker->last_ns);
    worker->last_ns = message->death_ns;
  }
  return busy_ns * batch / (double)batches->departed / APART;
}

/* Since when a thread can have been free at the earliest, by the messages that it takes, for
 * threads that have freed none before: in the order of arrival a message is taken only when all
 * before it are, and all of those but one for each other consumer have departed. So: the c-th last
 * departure of what came before, from a heap of the c last ones (Kiefer and Wolfowitz, 1955). */
static bool find_floors(const struct queue *queue, size_t consumers, uint64_t *floors_ns) {
  uint64_t *heap = calloc(consumers, sizeof(*heap)); /* the earliest first */
  for (size_t i = 0; heap && i < queue->message_count; i++) {
    uint64_t death_ns = queue->messages[i].death_ns;
    floors_ns[i] = heap[0];
    if (death_ns == RESIDENCE_LIVE || death_ns <= heap[0]) continue;
    size_t at = 0, child;
    while ((child = 2 * at + 1) < consumers) {
      if (child + 1 < consumers && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= death_ns) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = death_ns;
  }
  bool memory = heap != NULL;
  free(heap);
  return memory;
}

/* In the queue before that moment: born, and no sender can still have had it in hand. */
static bool waited_before(const struct queue *queue, const struct batches *batches, size_t place,
                          uint64_t ns) {
  size_t later = place + batches->senders;
  return later < queue->message_count && queue->messages[later].birth_ns < ns;
}

/* Its batch is the one before when it was freed right after that; also when it waited already as
 * that was taken, and a batch is usually larger: a consumer leaves nothing that it may take, so
 * that the thread was merely interrupted between two frees. */
static bool belongs(const struct queue *queue, const struct batches *batches, size_t place,
                    const struct worker *worker, double apart_ns, uint32_t usual) {
  const struct residence *message = &queue->messages[place];
  if (!worker->last_ns || apart_ns < 0 || message->birth_ns > worker->last_ns) return false;
  if ((double)(message->death_ns - worker->last_ns) <= apart_ns) return true;
  return batches->served[worker->batch].messages < usual &&
         waited_before(queue, batches, place, worker->begin_ns);
}

static void find(const struct queue *queue, struct batches *batches, struct worker *workers,
                 const uint64_t *floors_ns, double apart_ns, uint32_t usual) {
  memset(workers, 0, THREADS * sizeof(*workers));
  batches->count = batches->largest = 0;
  for (size_t k = 0; k < batches->departed; k++) {
    uint32_t place = batches->by_death[k];
    const struct residence *message = &queue->messages[place];
    struct worker *worker = &workers[message->death_thread];
    struct served *served = &batches->served[worker->batch];
    if (!belongs(queue, batches, place, worker, apart_ns, usual)) {
      uint64_t free_ns = worker->last_ns ? worker->last_ns : floors_ns[place];
      worker->begin_ns = free_ns > message->birth_ns ? free_ns : message->birth_ns;
      worker->batch = (uint32_t)batches->count++;
      served = &batches->served[worker->batch];
      served->messages = 0;
    }
    uint64_t begin_ns = worker->begin_ns;
    served->service_ns = message->death_ns > begin_ns ? message->death_ns - begin_ns : 0;
    if (++served->messages > batches->largest) batches->largest = served->messages;
    batches->of[place] = worker->batch;
    worker->last_ns = message->death_ns;
  }
}

static size_t count_senders(const struct queue *queue) {
  bool *seen = calloc(THREADS, 1);
  size_t count = 0;
  for (size_t i = 0; seen && i < queue->message_count; i++) {
    count += !seen[queue->messages[i].birth_thread];
    seen[queue->messages[i].birth_thread] = true;
  }
  free(seen);
  return count;
}

/* How many messages departed in batches of each size; to be freed, NULL without memory. */
static uint32_t *messages_by_size(const struct batches *batches) {
  uint32_t *messages = calloc(batches->largest + 1, sizeof(*messages));
  for (size_t i = 0; messages && i < batches->count; i++)
    messages[batches->served[i].messages] += batches->served[i].messages;
  return messages;
}

/* The size that most messages departed in. */
static uint32_t usual_size(const struct batches *batches) {
  uint32_t *messages = messages_by_size(batches), usual = 0;
  for (uint32_t size = 1; messages && size <= batches->largest; size++)
    if (messages[size] >= messages[usual]) usual = size;
  free(messages);
  return usual;
}

/* The size that a batch may have: the largest but for those with less than a hundredth of the
 * messages, which may be two that looked like one. */
static uint32_t limit_of(const struct batches *batches) {
  uint32_t *messages = messages_by_size(batches), limit = batches->largest;
  double most = 0;
  while (messages && limit > 1 && (most += messages[limit]) < 0.01 * (double)batches->departed)
    limit--;
  free(messages);
  return limit;
}

int batches_find(const struct queue *queue, struct batches *batches) {
  size_t room = queue->message_count + 1;
  *batches = (struct batches){.by_death = calloc(room, sizeof(uint32_t)),
                              .of = calloc(room, sizeof(uint32_t)),
                              .served = calloc(room, sizeof(struct served))};
  struct worker *workers = calloc(THREADS, sizeof(*workers));
  uint64_t *floors_ns = calloc(room, sizeof(*floors_ns));
  bool memory = batches->by_death && batches->of && batches->served && workers && floors_ns &&
                find_floors(queue, batches_consumers(queue), floors_ns);
  if (memory) {
    batches->senders = count_senders(queue);
    sort_by_death(queue, batches);
    double apart = apart_ns(queue, batches, workers);
    find(queue, batches, workers, floors_ns, apart, 0);
    if (apart >= 0) find(queue, batches, workers, floors_ns, apart, usual_size(batches));
    batches->largest = limit_of(batches);
  }
  free(workers);
  free(floors_ns);
  return memory ? 0 : -ENOMEM;
}

void batches_free(struct batches *batches) {
  free(batches->by_death);
  free(batches->of);
  free(batches->served);
  *batches = (struct batches){0};
}

size_t batches_consumers(const struct queue *queue) {
  return queue->consumers ? queue->consumers : 1;
}

/* Standard error of the part that is fixed: from the scatter about the line, and how far its sizes
 * are apart. */
static double error_of(const struct batches *batches, double fixed_ns, double each_ns,
                       double sum_xx, double spread) {
  double squares = 0, n = (double)batches->count;
  for (size_t i = 0; i < batches->count; i++) {
    const struct served *served = &batches->served[i];
    double off = (double)served->service_ns - fixed_ns - each_ns * served->messages;
    squares += off * off;
  }
  return sqrt(squares / (n - 2) * sum_xx / (n * spread));
}

bool batches_fit(const struct batches *batches, double *fixed_ns, double *each_ns) {
  double n = (double)batches->count, sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
  for (size_t i = 0; i < batches->count; i++) {
    double x = batches->served[i].messages, y = (double)batches->served[i].service_ns;
    sum_x += x;
    sum_y += y;
    sum_xx += x * x;
    sum_xy += x * y;
  }
  double spread = sum_xx - sum_x * sum_x / n; /* sum of squares about the mean */
  if (batches->count < FIT_BATCHES || spread <= 0) return false;
  double each = (sum_xy - sum_x * sum_y / n) / spread;
  if (each < 0) each = 0;
  double fixed = (sum_y - each * sum_x) / n;
  if (fixed < 0) {
    fixed = 0;
    each = sum_xy / sum_xx;
  }
  if (error_of(batches, fixed, each, sum_xx, spread) > FIT_ERROR * sum_y / n) return false;
  *fixed_ns = fixed;
  *each_ns = each;
  return true;
}
