/* diagnosis.h - which memory is held in a queue, by whom, and what a bound would do: the verdicts.
 *
 * Pure: a profile and the residences of its candidate sites in, verdicts out. A site by itself is
 * seldom a queue: a message is often several blocks (payload, struct, list node), born together and
 * freed together. Such sites are one group, and a group is what is judged. Words: arrival,
 * departure and residence are a message's birth, death and lifetime.
 *
 * What is not known is NAN, or 0 where 0 can't be a value (rates of what never was are 0).
 */
#ifndef DWELL_DIAGNOSIS_H
#define DWELL_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../profile.h"
#include "residences.h"

/* Worst first. */
enum queue_kind {
  QUEUE_UNBOUNDED, /* more arrives than departs, first in first out: it grows while that lasts */
  QUEUE_STALLED,   /* nothing, or hardly anything, is ever freed, and more arrives: a queue that
                      nobody drains, a growing collection, or a leak: births and deaths can't tell */
  QUEUE_BOUNDED,   /* pinned at a level, first in first out */
  QUEUE_BURST,     /* fills up and empties again: healthy */
  QUEUE_CACHE,     /* stays at a level, but what leaves is not what came first, or is pushed out by
                      what comes */
  QUEUE_STARTUP,   /* came at the start, and stayed */
  QUEUE_CHURN,     /* short lives, few at a time */
  QUEUE_UNKNOWN,   /* none of these; the evidence says why */
  QUEUE_KINDS
};
/* As in JSON: "unbounded-queue", "stalled-or-leak", "bounded-queue", "burst", "cache-or-pool",
 * "startup", "churn", "unknown". */
const char *queue_kind_name(enum queue_kind kind);

/* What a bounded queue does with more than it can hold. */
enum queue_policy {
  POLICY_NONE,        /* not bounded */
  POLICY_BLOCKING,    /* the sender waits (or sends no more until there is room) */
  POLICY_DROP_NEWEST, /* what comes is turned away: freed at once by who made it */
  POLICY_DROP_OLDEST, /* what waited longest is thrown away to make room */
};
const char *queue_policy_name(enum queue_policy policy); /* "blocking", ...; NULL for none */

enum phase_kind { PHASE_FILL, PHASE_PLATEAU, PHASE_DRAIN };
const char *phase_kind_name(enum phase_kind kind); /* "fill", "plateau", "drain" */

/* A stretch of time in which a group's level moves along one line. */
struct phase {
  enum phase_kind kind;
  uint64_t begin_ns, end_ns;
  double begin_messages, end_messages; /* the line's ends */
  double arrivals, departures;         /* messages in it */
  double arrival_rate, departure_rate; /* a second */
  double rho;                          /* arrivals over departures; INFINITY without departures */
  double residence_slope; /* of residence over time of arrival, for what arrived in it; NAN: fewer
                             than a few have departed */
};

/* One site; or a pool of several (candidates.h), whose figures are sums. */
struct queue_site {
  size_t site;               /* index into profile->sites: of a pool its biggest */
  bool carries;              /* one of the sites that messages are counted by */
  double blocks_per_message; /* 1; less when a block serves many messages */
  double bytes_per_message;  /* its share of what a message costs */
  double folded;             /* blocks that were folded, and */
  double taken_out;          /* written ones that are temporaries (temporaries.h), */
  bool temporaries;          /* as its folded ones are as well */
  double when_full;          /* blocks that die young, but only since the queue is full */
  size_t *others;            /* of a pool the other members; owned */
  size_t other_count;
};

/* A share of the messages; the sum over all is 1. */
struct queue_party {
  uint32_t id; /* threads: index for trace_file_thread_name(); stacks: node id */
  double share;
  size_t others; /* stacks of a pool: so many more have a part in the share */
};
struct queue_parties {
  struct queue_party *of; /* most first; of a pool's stacks the rest together is last */
  size_t count;
};

/* How the figures were read: what a sceptic checks. All shares are 0..1. */
struct queue_evidence {
  double in_order; /* share of the departures that overtook nobody: 1 is first in first out */
  double in_order_by_consumer; /* the same among those that one thread took out: 1, and `in_order`
                                  isn't: each consumer has a line of its own */
  double rank_correlation;     /* of birth and death order (Spearman), -1..1 */
  double handoff_share;
  double departed_share; /* of the arrivals */
  double at_top_share;   /* of the time between reaching the top and the last arrival: share spent
                            within 10% of the top level */
  double low_messages, top_messages; /* least level after the fill began, and the highest */
  double growth;                     /* level at the last arrival over the top level */
  double coupled_share; /* of the departures: an arrival by the same thread directly beside it */
  double residence_variation, level_variation; /* standard deviation over mean */
  double littles_law; /* mean level over arrival rate x mean residence: 1 (a self-check) */
};

#define QUEUE_PICTURE 64 /* columns of the pictures */

struct queue {
  uint32_t id; /* 1.. in the order of the report: what --queue takes */
  enum queue_kind kind;
  double confidence;        /* 0..1 */
  struct queue_site *sites; /* carriers first, then by bytes */
  size_t site_count;
  bool estimated; /* from a sample */
  uint64_t every; /* the analysis saw each so-manieth message: 1 all */

  double bytes_per_message, blocks_per_message;
  double arrivals; /* those that were let in */
  double departures, at_end_messages;
  double peak_messages, peak_bytes; /* of this group */
  uint64_t peak_ns;
  double at_peak_bytes; /* its bytes when the whole process had most */
  double at_end_bytes;
  double held_byte_seconds;

  /* While it filled (or, without a fill, from the first to the last arrival). */
  uint64_t measured_from_ns, measured_to_ns;
  double arrival_rate, departure_rate; /* messages a second */
  double rho;                          /* arrival rate over departure rate */
  double residence_slope;  /* seconds that a message stays longer for each second of running */
  double residence_now_ns; /* of the last that departed; or the age of the oldest that waits, if
                              that is more */
  double residence_p50_ns, residence_p99_ns, residence_max_ns; /* Kaplan-Meier: live ones count as
                                                                  "at least"; NAN: not reached */
  double standing_messages, standing_bytes; /* least level over the measured time, once begun */

  double bound; /* messages, in hand included; 0: none was seen */
  double bound_bytes;
  enum queue_policy policy;
  double turned_away, thrown_away; /* messages lost by the policies to drop */

  double batch;       /* messages that depart at once, mean; 1: one by one */
  uint32_t consumers; /* threads that drain at a time, at most */
  struct queue_parties filled_by_threads, filled_by_stacks, drained_by_threads, drained_by_stacks;

  struct phase *phases;
  size_t phase_count;
  struct queue_evidence evidence;

  /* For the pictures: over [0, duration) in equal parts. */
  double arrived[QUEUE_PICTURE], departed[QUEUE_PICTURE]; /* messages, up to the end of each part */
  double residence[QUEUE_PICTURE];   /* mean residence, ns, of what arrived in it; NAN none. What is
                                        live counts up to the end. */
  bool residence_cut[QUEUE_PICTURE]; /* most of what arrived in it was never freed */

  /* The messages that were looked at, in order of arrival: for what-if. Owned. */
  struct residence *messages;
  size_t message_count;
};

struct diagnosis {
  struct queue *queues; /* worst first: by kind, then by peak bytes */
  size_t count;
  uint64_t duration_ns;
};

/* Judges. `residences` must be of the candidates. Returns 0 or -ENOMEM; diagnosis_free() in any
 * case. */
int diagnosis_make(const struct profile *profile, const struct residences *residences,
                   struct diagnosis *diagnosis);
void diagnosis_free(struct diagnosis *diagnosis);

#endif
