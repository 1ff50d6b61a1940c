/* order.c - see order.h. */
#include "order.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct departure {
  uint64_t death_ns;
  size_t arrival; /* the how-manieth to arrive, of those that departed */
  uint16_t thread;
};
enum { THREADS = 1 << 16 };

static int compare_departures(const void *a, const void *b) {
  const struct departure *x = a, *y = b;
  if (x->death_ns != y->death_ns) return x->death_ns < y->death_ns ? -1 : 1;
  return (x->arrival > y->arrival) - (x->arrival < y->arrival);
}

/* Of departures in order: share that came after all that the same thread took out before. */
static int by_consumer(const struct departure *departures, size_t count, double *share) {
  size_t *next = calloc(THREADS, sizeof(*next)), ordered = 0;
  if (!next) return -ENOMEM;
  for (size_t i = 0; i < count; i++) {
    size_t *least = &next[departures[i].thread];
    if (departures[i].arrival < *least) continue;
    ordered++;
    *least = departures[i].arrival + 1;
  }
  if (count) *share = (double)ordered / (double)count;
  free(next);
  return 0;
}

int order_measure(const struct residence *messages, size_t count, size_t slack,
                  struct order *order) {
  *order = (struct order){.rank_correlation = NAN, .in_order = NAN, .by_consumer = NAN};
  struct departure *departures = calloc(count + 1, sizeof(*departures));
  if (!departures) return -ENOMEM;
  size_t departed = 0, live_before = 0, live = 0;
  for (size_t i = 0; i < count; i++) {
    if (messages[i].death_ns == RESIDENCE_LIVE) {
      live++;
      continue;
    }
    live_before = live;
    departures[departed] =
        (struct departure){messages[i].death_ns, departed, messages[i].death_thread};
    departed++;
  }
  qsort(departures, departed, sizeof(*departures), compare_departures);
  double squares = 0;
  size_t ordered = 0;
  for (size_t place = 0; place < departed; place++) {
    double moved = (double)departures[place].arrival - (double)place;
    squares += moved * moved;
    /* moved ahead by so many: at least so many that came earlier were still there */
    ordered += moved <= (double)slack;
  }
  double n = (double)departed;
  order->departed = departed;
  if (departed) {
    order->in_order = (double)ordered / n;
    order->left_behind = (double)live_before / (double)(live_before + departed);
  }
  if (departed > 2) order->rank_correlation = 1 - 6 * squares / (n * (n * n - 1));
  int error = by_consumer(departures, departed, &order->by_consumer);
  free(departures);
  return error;
}
