/* recording_options.h - how much `dwell run` records: --exact, --fold, --sample, --max-size, as the
 * recorder's variables. The recorder reads the same texts; here they are checked before a program
 * is started with them. */
#ifndef DWELL_RECORDING_OPTIONS_H
#define DWELL_RECORDING_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts as given; NULL: not given, the environment's variable counts. */
struct recording_options {
  bool exact;
  const char *fold, *sample, *max_size;
};

/* A size as the options take it: a whole number with B (or nothing), K, KiB, M, MiB, G or GiB. */
bool recording_options_size(const char *text, uint64_t *size);

/* NULL when the value is one for this flag; else what it should be, to be said after "give ". */
const char *recording_options_fold_wrong(const char *value);
const char *recording_options_sample_wrong(const char *value);
const char *recording_options_max_size_wrong(const char *value);
/* NULL, or why the options that were given can't go together. */
const char *recording_options_conflict(const struct recording_options *options);

struct recording_variable {
  const char *name, *value;
};
#define RECORDING_VARIABLES_MAX 4
/* The variables to set, also those that must not reach the program from dwell's own environment.
 * Returns how many. */
size_t recording_options_variables(const struct recording_options *options,
                                   struct recording_variable variables[RECORDING_VARIABLES_MAX]);

#endif
