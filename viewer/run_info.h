/* run_info.h - what a trace says of its run besides events: the head, the ending, what is missing.
 *
 * Filled by the reader, read by the reports. Strings live as long as the struct trace they came
 * from. */
#ifndef DWELL_RUN_INFO_H
#define DWELL_RUN_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../shim/trace.h"

enum run_ending {
  RUN_ENDED_UNKNOWN,    /* no word of it: killed, left by a raw system call, or the file was cut */
  RUN_ENDED_RUNNING,    /* the process is alive: this is a snapshot */
  RUN_ENDED_EXIT,       /* exit() or return from main; status may be known */
  RUN_ENDED_UNDER_EXIT, /* _exit() */
  RUN_ENDED_EXEC,       /* replaced by another program */
  RUN_ENDED_SIGNAL,     /* status is the signal */
};

/* What of the recording is missing. All zero (incomplete_stacks aside, whose events are there): the
 * trace is complete. Known in full after trace_file_profile(). */
struct run_missing {
  uint64_t bad_slots;       /* slots that are neither chunk nor lane nor hole: torn or damaged */
  uint64_t lost_chunks;     /* chunks and lanes that must have been in the file and are not */
  uint64_t cut_bytes;       /* bytes after the last whole slot */
  uint64_t bad_records;     /* chunks whose records could not be decoded to the end */
  uint64_t bad_folds;       /* counts of folded blocks that can't be true, left out */
  uint64_t unknown_records; /* records of a type that this version does not know */
  uint64_t dropped_events;  /* the recorder could not write them */
  uint64_t skipped_events;  /* inside the recorder's own work */
  uint64_t early_events;    /* before recording began */
  uint64_t incomplete_stacks;
  uint64_t missing_nodes; /* stacks that name a node that is not in the file */
  uint64_t unprotected_lanes;
  uint64_t late_events;    /* older than their chunks promised: taken as of when they were read */
  uint64_t missing_births; /* deaths (reallocs) without a birth, in a trace not begun by fork */
  uint64_t missing_deaths; /* births at an address that was taken */
  uint64_t calibration;    /* 1: no second pair of ticks and time; times are a guess */
};

/* From then on blocks that died younger than this could be folded. */
struct run_fold_age {
  uint64_t since_ns, age_ns;
};
#define RUN_FOLD_AGES (1 + TRACE_GROWTHS)

struct run_info {
  const char *path;
  const char *executable, *program, *directory, *host, *unwinder, *allocator, *parent_trace;
  const char *const *argv; /* argc strings */
  size_t argc;
  uint64_t pid, parent_pid, session;
  uint64_t start_realtime_ns;
  bool forked, exact;
  uint32_t depth; /* frames to show, 0 all */
  enum run_ending ending;
  int64_t status;             /* exit status or signal, -1 unknown */
  uint64_t duration_ns;       /* start of recording to the end */
  bool duration_at_least;     /* no end is known: duration_ns is that of the last event */
  uint64_t max_rss_bytes;     /* 0 unknown */
  uint64_t rss_at_peak_bytes; /* the RSS sample nearest to the heap's peak, 0 unknown */
  uint64_t rss_samples;
  uint32_t stop; /* enum trace_stop of shim/trace.h */
  uint64_t stop_errno;
  uint64_t checked_stacks, differing_stacks;    /* DWELL_CHECK_STACKS: compared with libunwind's */
  struct run_fold_age fold_ages[RUN_FOLD_AGES]; /* the first since the start */
  size_t fold_age_count;                        /* 0: nothing is folded */
  uint64_t fold_bytes;                          /* bigger blocks are not folded */
  uint64_t sample_bytes;   /* one byte in so many is sampled; 0: all are there */
  uint64_t max_file_bytes; /* 0: no limit */
  bool new_unseen; /* C++'s operator new is the allocator's own: what it makes is not seen */
  struct run_missing missing;
  bool complete; /* nothing is missing and the end is known */
};

#endif
