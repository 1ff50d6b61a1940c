/* departures.c - see departures.h. All of it on one list of a thread's arrivals and departures in
 * order of thread and time. */
#include "departures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct happening {
  uint64_t ns : 48;
  uint64_t thread : 15;
  uint64_t departs : 1;
};

static int by_thread_and_time(const void *a, const void *b) {
  const struct happening *x = a, *y = b;
  if (x->thread != y->thread) return x->thread < y->thread ? -1 : 1;
  if (x->ns != y->ns) return x->ns < y->ns ? -1 : 1;
  return (int)x->departs - (int)y->departs;
}

/* Freeing a block takes at most so long when nothing is done in between, the recorder's part
 * included. */
#define FREE_NS 250.0

/* ---- batches ---------------------------------------------------------------------------- */

enum { BINS = 128 };
#define BINS_PER_NAT 5.0 /* of the logarithm of a gap in ns */

struct gaps {
  double counts[BINS];
  double all;
};

static void add_gap(struct gaps *gaps, uint64_t ns) {
  int bin = (int)(log((double)ns + 1) * BINS_PER_NAT);
  gaps->counts[bin < BINS ? bin : BINS - 1]++;
  gaps->all++;
}

struct moments {
  double weight, mean, variance;
};

static struct moments moments_of(const struct gaps *gaps, int from, int to) {
  struct moments moments = {0};
  for (int i = from; i < to; i++) {
    moments.weight += gaps->counts[i];
    moments.mean += gaps->counts[i] * i;
  }
  if (moments.weight <= 0) return moments;
  moments.mean /= moments.weight;
  for (int i = from; i < to; i++)
    moments.variance += gaps->counts[i] * (i - moments.mean) * (i - moments.mean);
  moments.variance /= moments.weight;
  return moments;
}

/* Share of the gaps that lie within batches; 0 when there are no two kinds of gaps. */
static double short_gaps(const struct gaps *gaps) {
  if (gaps->all < 10) return 0;
  double best = -1;
  struct moments low = {0}, high = {0};
  for (int cut = 1; cut < BINS; cut++) {
    struct moments below = moments_of(gaps, 0, cut), above = moments_of(gaps, cut, BINS);
    double apart = above.mean - below.mean;
    double between = below.weight * above.weight * apart * apart;
    if (below.weight > 0 && above.weight > 0 && between > best) {
      best = between;
      low = below;
      high = above;
    }
  }
  if (best < 0) return 0;
  double apart = (high.mean - low.mean) / BINS_PER_NAT;
  double spread = sqrt((low.variance + high.variance) / 2) / BINS_PER_NAT;
  if (apart < log(20) || apart < 2 * spread || low.weight < 0.3 * gaps->all) return 0;
  return low.weight / gaps->all;
}

/* ---- all of it -------------------------------------------------------------------------- */

struct thread_span {
  uint64_t ns;
  int change;
};

static int by_time(const void *a, const void *b) {
  const struct thread_span *x = a, *y = b;
  if (x->ns != y->ns) return x->ns < y->ns ? -1 : 1;
  return y->change - x->change;
}

/* Most threads at work at a time, each from its first to its last arrival (departure). Those with
 * next to nothing of it don't count. */
static int count_threads(const struct happening *happenings, size_t count, size_t all, bool departs,
                         uint32_t *threads) {
  size_t spans = 0, least = all / 50 > 2 ? all / 50 : 2;
  struct thread_span *ends = calloc(2 * (count + 1), sizeof(*ends));
  if (!ends) return -ENOMEM;
  for (size_t i = 0; i < count;) {
    size_t end = i, some = 0;
    uint64_t first = 0, last = 0;
    for (; end < count && happenings[end].thread == happenings[i].thread; end++) {
      if (happenings[end].departs != departs) continue;
      if (some++ == 0) first = happenings[end].ns;
      last = happenings[end].ns;
    }
    if (some >= least) {
      ends[spans++] = (struct thread_span){first, 1};
      ends[spans++] = (struct thread_span){last + 1, -1};
    }
    i = end;
  }
  qsort(ends, spans, sizeof(*ends), by_time);
  int now = 0, most = 0;
  for (size_t i = 0; i < spans; i++) {
    now += ends[i].change;
    most = now > most ? now : most;
  }
  *threads = (uint32_t)most;
  free(ends);
  return 0;
}

static void measure(const struct happening *happenings, size_t count, double blocks, double each,
                    uint64_t last_arrival_ns, struct departures *departures, size_t departed) {
  static const struct gaps none;
  struct gaps gaps = none, later = none; /* up to the last arrival, and after it */
  size_t coupled = 0, following = 0, after = 0, tight = 0, own = 0;
  for (size_t i = 0; i < count;) {
    size_t end = i, arrivals = 0;
    uint64_t first = UINT64_MAX, last = 0;
    for (; end < count && happenings[end].thread == happenings[i].thread; end++)
      if (!happenings[end].departs) {
        arrivals++;
        if (first == UINT64_MAX) first = happenings[end].ns;
        last = happenings[end].ns;
      }
    /* beside: within a tenth of what passes between two arrivals */
    double between = arrivals > 1 ? (double)(last - first) / (double)(arrivals - 1) / each : -1;
    double beside = 0.1 * between;
    bool fills = arrivals > (count - departed) / 50;
    const struct happening *before = NULL;
    for (size_t j = i; j < end; j++) {
      const struct happening *now = &happenings[j];
      if (!now->departs) continue;
      if (before) add_gap(now->ns > last_arrival_ns ? &later : &gaps, now->ns - before->ns);
      if (now->ns > last_arrival_ns) {
        after++;
        tight += before && (double)(now->ns - before->ns) <= FREE_NS * blocks * each;
      }
      if (now->ns > departures->last_ns) departures->last_ns = now->ns;
      before = now;
      own += fills;
      bool follows = j > i && !now[-1].departs && (double)(now->ns - now[-1].ns) <= beside;
      bool leads = j + 1 < end && !now[1].departs && (double)(now[1].ns - now->ns) <= beside;
      coupled += follows || leads;
      following += follows;
    }
    i = end;
  }
  double all = (double)departed;
  if (gaps.all < 20) { /* all of it at the end: that must do */
    for (int i = 0; i < BINS; i++)
      gaps.counts[i] += later.counts[i];
    gaps.all += later.all;
  }
  double within = short_gaps(&gaps);
  departures->batch = departed ? 1 / (1 - within) : NAN;
  departures->coupled_share = departed ? (double)coupled / all : 0;
  departures->following_share = departed ? (double)following / all : 0;
  departures->own_share = departed ? (double)own / all : 0;
  departures->after_share = departed ? (double)after / all : 0;
  departures->tight_share = after ? (double)tight / (double)after : 0;
}

int departures_measure(const struct residence *messages, size_t count, double blocks, double each,
                       struct departures *departures) {
  *departures = (struct departures){0};
  struct happening *happenings = calloc(2 * count + 1, sizeof(*happenings));
  if (!happenings) return -ENOMEM;
  size_t happened = 0, departed = 0, same = 0;
  for (size_t i = 0; i < count; i++) {
    happenings[happened++] =
        (struct happening){.ns = messages[i].birth_ns, .thread = messages[i].birth_thread & 0x7fff};
    if (messages[i].death_ns == RESIDENCE_LIVE) continue;
    departed++;
    same += messages[i].birth_thread == messages[i].death_thread;
    happenings[happened++] = (struct happening){
        .ns = messages[i].death_ns, .thread = messages[i].death_thread & 0x7fff, .departs = 1};
  }
  qsort(happenings, happened, sizeof(*happenings), by_thread_and_time);
  uint64_t last_arrival_ns = count ? messages[count - 1].birth_ns : 0;
  measure(happenings, happened, blocks, each, last_arrival_ns, departures, departed);
  departures->same_thread_share = departed ? (double)same / (double)departed : 0;
  int error = count_threads(happenings, happened, count, false, &departures->producers);
  if (!error) error = count_threads(happenings, happened, departed, true, &departures->consumers);
  free(happenings);
  return error;
}
