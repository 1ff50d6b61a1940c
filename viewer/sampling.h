/* sampling.h - what a sample says of the whole: weights of blocks, and how sure their sums are.
 *
 * A block whose largest size so far is s is in the sample with probability p = 1 - e^(-s / R), and
 * counts 1/p times (Horvitz and Thompson 1952). A block that grows is looked at again: what is
 * counted from then on counts by its larger size. Weights are in units of 1/SAMPLING_UNIT, so that
 * all sums are integers as those of an exact trace. Beside them go the estimated variances:
 *
 *   of a sum of y over blocks              y^2 (1 - p) / p^2 for each block
 *   of a sum of several y of one block     y (1/p - 1) (2 c + y/p), c being what the block has
 *                                          added before: what is in the sample once stays in it
 *
 * and the 95% intervals are those of Fay and Feuer (Statistics in Medicine 16, 1997, 791-801) for
 * weighted sums of Poisson counts, which hold for few blocks too. The peak is the largest of many
 * estimates, one for each time that the heap was renewed: chance has raised it, and the lower end
 * of its interval allows for that as for as many comparisons (Bonferroni).
 */
#ifndef DWELL_SAMPLING_H
#define DWELL_SAMPLING_H

#include <stddef.h>
#include <stdint.h>

#include "profile.h"

#define SAMPLING_UNIT 1024u

/* What is kept of a live block besides struct block, whose `thread` is this one's index. */
struct sampled_block {
  uint32_t thread; /* of its birth */
  uint32_t next;   /* index + 1 of the next free one */
  uint64_t largest;
  uint64_t weight;            /* in units */
  double times;               /* 1/p, the same as a number */
  uint64_t since_ticks;       /* has had its present size since then */
  double blocks, bytes, held; /* what it has added to its site's sums (held: byte-ticks) */
};

struct sampled_sum {
  double variance;
  double heaviest; /* most that one block stands for beside itself */
};

struct sampled_site {
  struct sampled_sum total_blocks, total_bytes, held;
  double curr_blocks, curr_bytes;       /* variances of what is live now, */
  double at_peak_blocks, at_peak_bytes; /* and was at the peak */
};

struct sampling {
  double mean_bytes; /* R */
  struct sampled_block *blocks;
  size_t block_count, block_capacity;
  uint32_t free; /* index + 1; 0: none */
  struct sampled_site *sites;
  size_t site_capacity;
};

struct sampling *sampling_new(uint64_t mean_bytes);
void sampling_free(struct sampling *sampling);

/* A block of so many bytes (at least 1) is in the sample from now on. Returns 0 or -ENOMEM. */
int sampling_enter(struct sampling *sampling, size_t site, uint64_t bytes, uint32_t thread,
                   uint64_t ticks, uint32_t *index);
void sampling_resize(struct sampling *sampling, size_t site, uint32_t index, uint64_t old_bytes,
                     uint64_t new_bytes, uint64_t ticks);
/* It has had `bytes` up to now; what it held is complete. */
void sampling_lived(struct sampling *sampling, size_t site, uint32_t index, uint64_t bytes,
                    uint64_t ticks);
/* It is not live any more. To be called after sampling_lived(). */
void sampling_leave(struct sampling *sampling, size_t site, uint32_t index, uint64_t bytes);
/* What is live now was so at the peak. */
void sampling_save_at_peak(struct sampling *sampling, size_t site);

/* From sums in units to figures, for a site or the whole. */
uint64_t sampling_figure(uint64_t units);
/* The interval of an estimated sum, which is the largest of so many (1: of one). */
struct range sampling_range(double sum, struct sampled_sum spread, double of_many);
/* The intervals of a profile and its sites, whose figures are final. `held_scale`: byte-seconds of
 * a byte-tick. Returns 0 or -ENOMEM. */
int sampling_finish(const struct sampling *sampling, struct profile *profile, double held_scale);

#endif
