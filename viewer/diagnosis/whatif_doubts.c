/* whatif_doubts.c - what the model of whatif.h can't know of, as far as the record shows it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "quantile.h"
#include "whatif.h"
#include "whatif_batches.h"

enum { THREADS = 1 << 16 };

/* ---- arrivals by a clock ---------------------------------------------------------------- */

enum {
  CLOCK_STEPS = 16,    /* gaps in a row that are looked at together */
  CLOCK_WINDOWS = 8,   /* of these, from one sender, to tell anything */
  CLOCK_GAP_NS = 20000 /* mean; a timer is no finer */
};
#define CLOCK_REGULAR 0.5 /* standard deviation over mean of the gaps */
/* When each gap is as it happens to be, 16 in a row vary as much as 16 times one (or more, when a
 * sender is slow for a while). When delays are made up for, hardly more than one. */
#define CLOCK_MADE_UP 0.4

struct sender {
  uint64_t last_ns, window_ns;
  uint32_t sent;
  double gap, gaps, squares;                     /* the first; sums of what others are more */
  double window, windows, window_squares, count; /* the same of windows */
};

static double variance(double count, double sum, double squares) {
  return squares / count - sum / count * (sum / count);
}

static void note_gap(struct sender *sender, uint64_t birth_ns) {
  if (sender->sent == 1) sender->gap = (double)(birth_ns - sender->last_ns);
  double more = (double)(birth_ns - sender->last_ns) - sender->gap;
  sender->gaps += more;
  sender->squares += more * more;
  if (sender->sent % CLOCK_STEPS) return;
  double window = (double)(birth_ns - sender->window_ns);
  if (sender->count++ == 0) sender->window = window;
  sender->windows += window - sender->window;
  sender->window_squares += (window - sender->window) * (window - sender->window);
  sender->window_ns = birth_ns;
}

static bool keeps_to_a_clock(const struct sender *sender) {
  if (sender->count < CLOCK_WINDOWS) return false;
  double gaps = sender->sent - 1, mean_ns = sender->gap + sender->gaps / gaps;
  double one = variance(gaps, sender->gaps, sender->squares);
  double row = variance(sender->count, sender->windows, sender->window_squares);
  return mean_ns >= CLOCK_GAP_NS && one <= CLOCK_REGULAR * CLOCK_REGULAR * mean_ns * mean_ns &&
         row <= CLOCK_MADE_UP * CLOCK_STEPS * one;
}

/* Most messages come by a clock. */
static bool is_open_loop(const struct queue *queue) {
  struct sender *senders = calloc(THREADS, sizeof(*senders));
  if (!senders) return false;
  for (size_t i = 0; i < queue->message_count; i++) {
    uint64_t birth_ns = queue->messages[i].birth_ns;
    struct sender *sender = &senders[queue->messages[i].birth_thread];
    if (sender->sent)
      note_gap(sender, birth_ns);
    else
      sender->window_ns = birth_ns;
    sender->last_ns = birth_ns;
    sender->sent++;
  }
  size_t by_clock = 0;
  for (size_t i = 0; i < THREADS; i++)
    if (keeps_to_a_clock(&senders[i])) by_clock += senders[i].sent;
  free(senders);
  return by_clock * 2 > queue->message_count;
}

/* ---- cycles ----------------------------------------------------------------------------- */

/* A hundredth of the messages, or more: who takes part. */
#define TAKES_PART 0.01

struct thread_counts {
  uint32_t arrivals, departures, early; /* early: departures before the last arrival */
};

struct party {
  bool fills, drains;
};

/* By thread, what it does to the queue. One that only clears what was left at the end does not
 * drain it, unless that is most of all. */
static bool find_parties(const struct queue *queue, struct party *parties) {
  struct thread_counts *counts = calloc(THREADS, sizeof(*counts));
  if (!counts || queue->message_count == 0) {
    free(counts);
    return false;
  }
  uint64_t last_ns = queue->messages[queue->message_count - 1].birth_ns;
  double arrivals = (double)queue->message_count, departures = 0;
  for (size_t i = 0; i < queue->message_count; i++) {
    const struct residence *message = &queue->messages[i];
    counts[message->birth_thread].arrivals++;
    if (message->death_ns == RESIDENCE_LIVE) continue;
    counts[message->death_thread].departures++;
    counts[message->death_thread].early += message->death_ns < last_ns;
    departures++;
  }
  for (size_t i = 0; i < THREADS; i++) {
    parties[i].fills = counts[i].arrivals > TAKES_PART * arrivals;
    parties[i].drains =
        counts[i].early > TAKES_PART * departures || counts[i].departures * 2 > departures;
  }
  free(counts);
  return true;
}

/* Threads that wait, in the end, for those who fill `queue`: who drains it, and whoever drains what
 * such threads fill. */
static bool is_cycle(const struct diagnosis *diagnosis, const struct queue *queue) {
  size_t size = THREADS * sizeof(struct party);
  struct party *own = calloc(1, size), *other = calloc(1, size);
  bool *reached = calloc(THREADS, 1), *seen = calloc(diagnosis->count + 1, 1);
  bool cycle = false, grows = own && other && reached && seen && find_parties(queue, own);
  for (size_t i = 0; grows && i < THREADS; i++)
    reached[i] = own[i].drains;
  while (grows) {
    grows = false;
    for (size_t q = 0; q < diagnosis->count; q++) {
      bool fed = false;
      if (seen[q] || &diagnosis->queues[q] == queue) continue;
      memset(other, 0, size);
      if (!find_parties(&diagnosis->queues[q], other)) continue;
      for (size_t i = 0; i < THREADS; i++)
        fed |= other[i].fills && reached[i];
      if (!fed) continue;
      for (size_t i = 0; i < THREADS; i++)
        reached[i] |= other[i].drains;
      seen[q] = grows = true;
    }
  }
  for (size_t i = 0; own && reached && i < THREADS; i++)
    cycle |= own[i].fills && reached[i];
  free(own);
  free(other);
  free(reached);
  free(seen);
  return cycle;
}

/* ---- consumers -------------------------------------------------------------------------- */

enum { SERVICES_LEAST = 20 }; /* on each side, to compare */
#define SLOWER 1.1            /* medians */

/* Services while the senders were at work, and when they had ended. */
static bool is_slower_beside_senders(const struct queue *queue, const struct batches *batches) {
  uint64_t *beside = calloc(batches->count + 1, sizeof(*beside));
  uint64_t *alone = calloc(batches->count + 1, sizeof(*alone));
  size_t beside_count = 0, alone_count = 0;
  double fixed = 1, each = 0;
  if (batches->largest > 1) batches_fit(batches, &fixed, &each);
  uint64_t last_ns = queue->messages[queue->message_count - 1].birth_ns;
  for (size_t k = 0; beside && alone && k < batches->departed; k++) {
    uint32_t place = batches->by_death[k];
    const struct served *served = &batches->served[batches->of[place]];
    uint64_t death_ns = queue->messages[place].death_ns;
    double unit = fixed + each * served->messages;
    uint64_t service = (uint64_t)((double)served->service_ns * 1024 / (unit > 0 ? unit : 1));
    if (k > 0 && batches->of[batches->by_death[k - 1]] == batches->of[place]) continue;
    if (death_ns <= last_ns)
      beside[beside_count++] = service;
    else if (death_ns - last_ns >= served->service_ns)
      alone[alone_count++] = service;
  }
  bool slower = beside_count >= SERVICES_LEAST && alone_count >= SERVICES_LEAST &&
                (double)quantile_find(beside, beside_count, 0.5) >
                    SLOWER * (double)quantile_find(alone, alone_count, 0.5);
  free(beside);
  free(alone);
  return slower;
}

#define OUT_OF_ORDER 0.05 /* of the departures */

/* With c consumers and batches, a message may overtake those that were taken with it or are in
 * other hands; not one that came before all these. */
static bool is_out_of_order(const struct queue *queue) {
  double batch = queue->batch / (double)(queue->every ? queue->every : 1);
  size_t slack = batches_consumers(queue) * (size_t)(batch > 1 ? batch + 0.5 : 1);
  size_t overtaking = 0, compared = 0;
  for (size_t i = slack; i < queue->message_count; i++) {
    const struct residence *before = &queue->messages[i - slack], *message = &queue->messages[i];
    if (before->death_ns == RESIDENCE_LIVE || message->death_ns == RESIDENCE_LIVE) continue;
    compared++;
    overtaking += message->death_ns < before->death_ns;
  }
  return (double)overtaking > OUT_OF_ORDER * (double)compared;
}

#define NEVER_DEPARTED 0.01

unsigned whatif_doubts(const struct diagnosis *diagnosis, const struct queue *queue) {
  struct batches batches;
  unsigned doubts = 0;
  double count = (double)queue->message_count, fixed, each;
  if (!batches_find(queue, &batches) && batches.departed > 0) {
    if (is_slower_beside_senders(queue, &batches)) doubts |= WHATIF_SHARED_CPU;
    if ((double)batches.departed < (1 - NEVER_DEPARTED) * count) doubts |= WHATIF_LIVE;
    if (batches.largest > 1 && !batches_fit(&batches, &fixed, &each)) doubts |= WHATIF_BATCHES;
    struct reproduction reproduction;
    if (whatif_reproduce(queue, &reproduction) == -ENODATA) doubts |= WHATIF_NOT_REPRODUCED;
  }
  batches_free(&batches);
  if (is_open_loop(queue)) doubts |= WHATIF_OPEN_LOOP;
  if (is_cycle(diagnosis, queue)) doubts |= WHATIF_CYCLE;
  if (is_out_of_order(queue)) doubts |= WHATIF_NOT_FIFO;
  if (queue->every > 1 || queue->estimated) doubts |= WHATIF_THINNED;
  return doubts;
}
