/* residences.h - when each block of the candidates came and went: what the diagnosis looks at.
 *
 * 16 bytes a block. Lists grow to RESIDENCES_MAX blocks; one that is longer, or the longest when
 * all together are more than RESIDENCES_TOTAL, is thinned evenly by the order of birth: every
 * second one stays, as often as needed. Pure: events in, lists out. Folded blocks are in no list.
 */
#ifndef DWELL_RESIDENCES_H
#define DWELL_RESIDENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../blocks.h"
#include "../event.h"
#include "../profile.h"
#include "../run_clock.h"
#include "candidates.h"

#define RESIDENCES_MAX (UINT64_C(1) << 22)
#define RESIDENCES_TOTAL (UINT64_C(1) << 23)

/* Times in nanoseconds since the start of the recording: 48 bits are 78 hours, what is later counts
 * as then. Threads by the low 16 bits of their number in the trace: enough to tell apart those of
 * neighbours. */
#define RESIDENCE_LIVE ((UINT64_C(1) << 48) - 1)
struct residence {
  uint64_t birth_ns : 48;
  uint64_t birth_thread : 16;
  uint64_t death_ns : 48; /* RESIDENCE_LIVE: never freed */
  uint64_t death_thread : 16;
};

/* How long it has stayed by then. */
static inline uint64_t residence_ns(const struct residence *residence, uint64_t until_ns) {
  bool over = residence->death_ns != RESIDENCE_LIVE && residence->death_ns < until_ns;
  uint64_t end = over ? residence->death_ns : until_ns;
  return end > residence->birth_ns ? end - residence->birth_ns : 0;
}
/* Of some in order of birth: how many were born up to and including a moment. */
size_t residences_born(const struct residence *of, size_t count, uint64_t ns);

struct fold;

/* Parts of the run, for counts over time. */
#define RESIDENCE_BUCKETS 512
static inline double residences_bucket_ns(uint64_t duration_ns) {
  return (double)(duration_ns + 1) / RESIDENCE_BUCKETS;
}

/* The blocks of one candidate, in order of birth. */
struct residence_list {
  size_t site;             /* index into profile->sites: of a pool its biggest */
  const struct pool *pool; /* the candidate's; NULL: the site alone */
  struct residence *of;
  size_t count, capacity;
  uint64_t births;  /* that were seen; each `every`-th of them is in the list */
  uint64_t every;   /* a power of two */
  double *folded;   /* blocks that were folded, by when the last of a record died: RESIDENCE_BUCKETS
                       equal parts of the run; NULL: none */
  bool temporaries; /* those are not messages, nor are others that were taken out: temporaries.h */
  double when_full; /* that die young, but only since most of the others are there */
  uint64_t taken_out; /* of all that were seen: not in `births` any more */
};

/* Of the blocks that were written: share that is messages, as far as is known. */
static inline double residences_kept(const struct residence_list *list) {
  double all = (double)(list->births + list->taken_out);
  return all > 0 ? (double)list->births / all : 1;
}

/* Folded blocks that were dead by `to`, and not known to be so by `from`. */
double residences_folded(const struct residence_list *list, uint64_t duration_ns, uint64_t from,
                         uint64_t to);

struct residences {
  struct residence_list *lists; /* as the candidates were named */
  size_t count;
  uint64_t duration_ns; /* of the run: what is still live has been so up to then */
};

/* The figures that go with a list: its site's, or its pool's. */
static inline const struct site *residences_site(const struct profile *profile,
                                                 const struct residence_list *list) {
  return list->pool ? &list->pool->sum : &profile->sites[list->site];
}

/* One pass: begin, take all events in order of time, finish. The candidates must outlive the
 * residences. Returns 0 or -ENOMEM; residences_free() in any case. */
struct residence_pass;
int residences_begin(struct residence_pass **pass, const struct profile *profile,
                     const struct run_clock *clock, size_t lane_count,
                     const struct candidates *candidates);
int residences_take(struct residence_pass *pass, const struct event_batch *batch);
/* Folded blocks, at any time; a lane_events_fold with a struct residence_pass. */
int residences_fold(void *pass, const struct fold *fold);
/* Temporaries are taken out. Returns 0 or -ENOMEM. */
int residences_finish(struct residence_pass *pass, struct residences *residences);
void residences_free_pass(struct residence_pass *pass); /* NULL is allowed */
void residences_free(struct residences *residences);

#endif
