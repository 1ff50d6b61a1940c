/* options.h - how commands read their command lines: one way to say what is wrong with a flag. */
#ifndef DWELL_OPTIONS_H
#define DWELL_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "terminal.h"

/* getopt_long() that is silent; options_unknown() then says what it disliked. */
int options_next(int argc, char **argv, const char *letters, const struct option *options);
/* "dwell COMMAND: unknown option ..."; names the remedy. Returns DWELL_USAGE. */
int options_unknown(const char *command, char **argv, const char *letters);
/* "dwell COMMAND: --flag: 'value' is not ...". `expected` says what it should be. Returns
 * DWELL_USAGE. */
int options_bad_value(const char *command, const char *flag, const char *value,
                      const char *expected);

/* A whole number up to `most`; "all" is 0. False when it is none. */
bool options_number(const char *text, uint64_t most, uint64_t *number);
/* The value of --color; 0, or DWELL_USAGE when it was a bad one. */
int options_colour(const char *command, const char *text, enum colour *colour);
/* After the options: the one trace that is named. 0, or DWELL_USAGE. */
int options_trace(const char *command, int argc, char **argv, const char **path);

#endif
