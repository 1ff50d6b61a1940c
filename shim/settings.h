/* settings.h - what the environment asks of the recorder. Read once, before the host can change it.
 */
#ifndef DWELL_SETTINGS_H
#define DWELL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#define PATH_BYTES 4096

/* The highest fold age, asked for or grown to: the histograms of lifetimes don't reach much
 * further. */
#define FOLD_AGE_MAX_NS 1000000000u

enum unwind { UNWIND_MEMOISED, UNWIND_LIBGCC, UNWIND_LIBUNWIND };

struct settings {
  char out[PATH_BYTES]; /* DWELL_OUT: template, made absolute; %p %c %h %% */
  bool children;        /* DWELL_CHILDREN: record forked and exec'ed children */
  bool quiet;           /* DWELL_QUIET: nothing on stderr, ever */
  enum unwind unwind;   /* DWELL_UNWIND: which unwinder walks the stacks */
  bool check_stacks;    /* DWELL_CHECK_STACKS: compare each walk with libunwind's */
  uint32_t depth;       /* DWELL_DEPTH: frames that reports show, 0 all */
  uint64_t fold_age_ns; /* DWELL_FOLD=age[,size]: blocks that died younger and are not bigger are */
  uint64_t fold_bytes;  /* folded; age 0: none are (DWELL_EXACT, DWELL_SAMPLE) */
  uint64_t sample_bytes; /* DWELL_SAMPLE: mean bytes between picked ones; 0: all is recorded */
  uint64_t max_bytes;    /* DWELL_MAX_SIZE of the trace; 0: none */
  uint64_t session;      /* DWELL_SESSION: set by `dwell run`, 0 none */
};
extern struct settings settings;

/* Reads the environment; a wrong value gets one line on stderr and the default. */
void settings_read(void);

/* One line on stderr, "dwell: ...", unless quiet, or stderr is not what it was at the start, or
 * can't take it now. Only between process_calls_begin() and _end(), since a write may raise
 * signals. */
void settings_remember_stderr(void);
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
