/* harness.h - runs a tiny program under the real libdwell.so and opens what it recorded.
 *
 * A trial has a temporary directory of its own, which is its working directory and gets its traces;
 * its environment is PATH, LD_PRELOAD, DWELL_OUT and what the test adds; of descriptors it has 0-2.
 * What goes wrong in the harness itself fails the test at once. What is built is looked for in
 * $DWELL_BUILD, or build/.
 */
#ifndef DWELL_TESTS_HARNESS_H
#define DWELL_TESTS_HARNESS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "viewer/symbols.h"
#include "viewer/trace_file.h"

#define TRIAL_STRINGS 8

struct trial_setup {
  const char *program;                  /* in build/tests/programs, or an absolute path */
  const char *arguments[TRIAL_STRINGS]; /* after argv[0] */
  const char *variables[TRIAL_STRINGS]; /* NAME=VALUE, or NAME to take one away */
  const char *preload;                  /* a library between the recorder and libc, in both runs */
  bool bare;                            /* without the recorder */
};

struct trial {
  char directory[PATH_MAX];
  pid_t pid;
  int status; /* as wait(2) has it */
  char *out, *err;
  char **traces; /* paths of the files in the directory that may be traces, by name */
  size_t trace_count;
};

/* The absolute path of something that was built: built("libdwell.so"). One static buffer a call
 * site would be too few: malloc'ed, never freed. */
const char *built(const char *name);

struct trial *trial_run(const struct trial_setup *setup);
/* The same, and once more without the recorder: output and status must be the same. */
struct trial *trial_record(const struct trial_setup *setup);
/* Removes its directory. */
void trial_free(struct trial *trial);

#define TRIAL(...) trial_record(&(struct trial_setup){__VA_ARGS__})

size_t lines(const char *text);
/* Whether `make stress` runs the test ($DWELL_STRESS is set): what is a matter of numbers is then
 * done with large ones. */
bool stressing(void);
/* The size of the only trace of a trial. */
uint64_t trial_trace_bytes(const struct trial *trial);

struct recording {
  struct trace_file *file;
  const struct run_info *info;
  struct profile *profile;
  struct symbols *symbols;
};

/* Opens and profiles; the report's own checks must hold: pairs against curve, births and deaths of
 * an address alternate, nothing damaged. */
struct recording *recording_open(const char *path);
/* The only trace of a trial. */
struct recording *recording_only(const struct trial *trial);
/* The trace of a process; `which` 0 is the first that it began, 1 the next (by exec). */
struct recording *recording_of(const struct trial *trial, pid_t pid, unsigned which);
void recording_free(struct recording *recording);

/* All sites whose blocks have exactly that size, together. */
struct tally {
  size_t sites;
  uint64_t births, deaths, handoffs, at_end;
  const struct site *site; /* the last of them; NULL: none */
};
struct tally recording_tally(const struct recording *recording, uint64_t size);
/* The site with these totals (births and reallocations together); fails the test without one. */
const struct site *recording_site(const struct recording *recording, uint64_t blocks,
                                  uint64_t bytes);
/* Whether a function of that name is on the stack. */
bool recording_stack_has(const struct recording *recording, uint32_t stack, const char *function);
/* Whether blocks of the site were born (died) in a thread of that name, all of them or none;
 * several names fail. */
const char *recording_birth_thread(const struct recording *recording, const struct site *site);
const char *recording_death_thread(const struct recording *recording, const struct site *site);

#endif
