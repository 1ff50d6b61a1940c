/* options.c - see options.h. */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

int options_next(int argc, char **argv, const char *letters, const struct option *options) {
  opterr = 0;
  return getopt_long(argc, argv, letters, options, NULL);
}

int options_unknown(const char *command, char **argv, const char *letters) {
  /* getopt gives the letter of a short option in optopt; of a long one that is known but lacks its
   * value (or has one too many) its val, of an unknown one 0 */
  const char *given = argv[optind > 0 ? optind - 1 : 0];
  bool is_long = strncmp(given, "--", 2) == 0;
  if (optopt && is_long)
    fprintf(stderr, "dwell %s: %s: a value is missing, or one is given that it doesn't take",
            command, given);
  else if (optopt && strchr(letters, optopt))
    fprintf(stderr, "dwell %s: -%c needs a value", command, optopt);
  else if (optopt)
    fprintf(stderr, "dwell %s: unknown option -%c", command, optopt);
  else
    fprintf(stderr, "dwell %s: unknown option %s", command, given);
  fprintf(stderr, "; 'dwell %s --help' lists the options\n", command);
  return DWELL_USAGE;
}

int options_bad_value(const char *command, const char *flag, const char *value,
                      const char *expected) {
  fprintf(stderr, "dwell %s: %s: '%s' is not %s\n", command, flag, value, expected);
  return DWELL_USAGE;
}

bool options_number(const char *text, uint64_t most, uint64_t *number) {
  if (strcmp(text, "all") == 0) {
    *number = 0;
    return true;
  }
  char *end;
  errno = 0;
  if (*text < '0' || *text > '9') return false; /* strtoull would take signs */
  unsigned long long value = strtoull(text, &end, 10);
  *number = value;
  return !*end && !errno && value <= most;
}

int options_colour(const char *command, const char *text, enum colour *colour) {
  static const char *const names[] = {"auto", "always", "never"};
  for (int i = 0; i < 3; i++)
    if (strcmp(text, names[i]) == 0) {
      *colour = (enum colour)i;
      return 0;
    }
  return options_bad_value(command, "--color", text, "one of auto, always, never");
}

int options_trace(const char *command, int argc, char **argv, const char **path) {
  if (optind + 1 != argc) {
    fprintf(stderr, "dwell %s: %s; 'dwell %s --help' shows how\n", command,
            optind == argc ? "name a trace" : "name one trace only", command);
    return DWELL_USAGE;
  }
  *path = argv[optind];
  return 0;
}
