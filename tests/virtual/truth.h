/* truth.h - what a virtual process itself logged of one of its queues (or of what only looks like
 * one): the verdict is held against this, never against nominal rates. */
#ifndef TESTS_TRUTH_H
#define TESTS_TRUTH_H

#include "viewer/diagnosis/diagnosis.h"
#include "world.h"

/* Kinds as a set; "no verdict at all" is one of them. */
#define KIND(k) (1u << (k))
#define KIND_SILENT KIND(QUEUE_KINDS)

struct stay {
  uint64_t arrival_ns, departure_ns; /* WORLD_NEVER: never left */
  uint8_t from, to;                  /* threads */
};

#define TRUTH_SITES 3
struct truth {
  const char *label;
  unsigned kinds;              /* a set: all are right; */
  unsigned kinds_sampled;      /* in a sample these, too */
  uint32_t sites[TRUTH_SITES]; /* birth stacks of what a message is made of; the first has a block
                                  for each message (or for each `messages_per_block`) */
  unsigned site_count;
  bool grown;     /* a message's payload grows: in a sample most are picked at that place */
  bool scattered; /* each of `sites` is one of hundreds of stacks */
  bool unrelated; /* they are many things, not one: no figures are right or wrong */
  double messages_per_block;
  bool rates; /* rho, and who fills and drains, are to be right */
  enum queue_policy policy;
  double bound, in_hand; /* messages */
  uint64_t fill_from_ns; /* when it began to fill; 0: with the first message */
  struct stay *stays;
  size_t count, capacity;
  double turned_away, thrown_away;
  double drafts;    /* blocks of the first site, made and freed, that no message was made of */
  double waited_ns; /* for room, all senders together */
  unsigned passers; /* set of threads, by number: those that put it there, if others made it */
  double batches, batched; /* what was freed together: how often, and how many */

  /* By truth_finish(). */
  double arrived, departed; /* messages in all */
  /* From the beginning of the fill to the last arrival. */
  double arrival_rate, departure_rate, rho;
  double slope;               /* of residence over arrival, of what departed in that time */
  double most;                /* highest level */
  uint64_t finish_ns;         /* last departure */
  unsigned fillers, drainers; /* sets of threads, by number */
};

/* A message is born now; returns its number. */
size_t truth_arrive(struct truth *truth, const struct world *world);
void truth_depart(struct truth *truth, const struct world *world, size_t message);
void truth_finish(struct truth *truth);

#endif
