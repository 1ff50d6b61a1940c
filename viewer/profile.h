/* profile.h - the figures: what became of a run's blocks, in total and site by site.
 *
 * Pure: events in, figures out; nothing here reads files or symbols. All times are nanoseconds
 * since the start of the recording, all sizes requested bytes. A request of 0 bytes counts as 1,
 * and a realloc counts as one more block and its whole new size in the totals, as Valgrind's DHAT
 * has it.
 */
#ifndef DWELL_PROFILE_H
#define DWELL_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"

struct figure {
  uint64_t blocks, bytes;
};

/* How many of a site's blocks belong to one thread name or one stack. */
struct share {
  uint32_t id; /* thread: index for trace_file_thread_name(); stack: node id */
  uint64_t blocks, bytes;
};
struct shares {
  struct share *of; /* most blocks first */
  size_t count;
};

/* What a sample leaves open: with a probability of 95% the true figure is in it. */
struct range {
  double low, high;
};
struct intervals {
  struct range total_blocks, total_bytes, at_peak_blocks, at_peak_bytes, at_end_blocks,
      at_end_bytes, held_byte_seconds;
};

/* One distinct allocation stack. (What every event touches stands first.) */
struct site {
  uint32_t stack; /* node id of the birth stack; also the site's id in reports */
  uint64_t births;
  uint64_t reallocations; /* of its blocks */
  uint64_t deaths;
  uint64_t handoffs;     /* deaths by another thread than the birth's */
  struct figure curr;    /* live now */
  struct figure total;   /* births and reallocations */
  struct figure max;     /* the site's own maximum of bytes, and the blocks at that moment */
  struct figure at_peak; /* when the whole process had most bytes (t-gmax) */
  /* Lifetimes of all its blocks; one never freed counts to the end of the run. Those of folded ones
   * are known to a quarter of an octave: they stand in the middle of it. */
  struct histogram lifetimes;
  struct figure at_end; /* never freed */
  struct figure folded; /* of births and deaths: blocks that died young, and were only counted */
  double held_byte_seconds; /* integral of the site's live bytes over time */
  uint64_t first_birth_ns, last_birth_ns;
  double lifetime_sum_ns;
  uint64_t lifetime_max_ns; /* at least: of folded blocks the least that is certain */
  /* By thread name. Of a sampled block that was picked when it grew: who made it grow. */
  struct shares birth_threads, death_threads;
  struct shares death_stacks, resize_stacks; /* by stack; of folded blocks it is not known */
};

struct self_check {
  double held_by_pairs; /* sum of size x time over paired blocks, byte-seconds */
  double held_by_curve; /* integral of live bytes from the raw events, without pairing */
  bool agree;           /* to the last byte-tick, and what was folded adds up */
};

struct profile {
  struct site *sites; /* in no order; reports sort an index of their own */
  size_t site_count;
  uint64_t events; /* records read: births, deaths, reallocations */
  uint64_t births, deaths, reallocations;
  uint64_t birth_bytes, death_bytes; /* requested; death_bytes: sizes at the death */
  uint64_t realloc_bytes_grown, realloc_bytes_shrunk; /* sums of the differences */
  struct figure total, peak, at_end;
  struct figure folded; /* of births and deaths */
  /* The true peak lies between `peak` and that plus this: folded blocks are in no curve. The same
   * goes for at_peak and max of a site. */
  struct figure peak_uncertainty;
  uint64_t peak_time_ns;
  double held_byte_seconds;
  uint64_t duration_ns;
  /* Deaths, and reallocs, of blocks whose birth is not in the trace. Such a realloc counts as a
   * birth besides, on the site of its own stack: births + reallocations = total.blocks always. */
  uint64_t unmatched_deaths;
  /* A birth at an address that was taken: the old block's death is missing, it is closed at that
   * moment. births = deaths + order_violations + at_end.blocks. */
  uint64_t order_violations;
  struct self_check check;
  /* Sampled: all figures are estimates (but events, and the self-check, which is of the sample).
   * sample_bytes 0: not sampled, and no intervals. */
  uint64_t sample_bytes;
  struct intervals intervals;       /* at_peak_*: of peak */
  struct intervals *site_intervals; /* as sites; NULL */
  uint32_t *site_index; /* by stack id: index of the site + 1; for profile_find_site() */
  size_t site_index_count;
};

/* How many blocks of a site were written to the trace: all but folded ones. Of a sample: how many
 * there are for those in it, whether they were picked when they were born or when they grew; each
 * counts by its largest size. */
static inline uint64_t profile_written_blocks(const struct profile *profile,
                                              const struct site *site) {
  return profile->sample_bytes ? site->deaths + site->at_end.blocks
                               : site->births - site->folded.blocks;
}

/* Index of a site by its id (the birth stack), or SIZE_MAX. */
size_t profile_find_site(const struct profile *profile, uint32_t stack);
void profile_free(struct profile *profile); /* NULL is allowed */

/* The timeline of one site, filled during a pass when asked for: live bytes and blocks (the mean
 * over each of TIMELINE_BUCKETS equal parts of the run), births and deaths in each part. */
#define TIMELINE_BUCKETS 64
struct timeline {
  uint32_t stack; /* which site */
  double mean_bytes[TIMELINE_BUCKETS], mean_blocks[TIMELINE_BUCKETS];
  double births[TIMELINE_BUCKETS], deaths[TIMELINE_BUCKETS];
};

#endif
