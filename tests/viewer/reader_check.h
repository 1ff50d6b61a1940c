/* reader_check.h - reads any file as a trace and holds the result against what must always hold. */
#ifndef TESTS_READER_CHECK_H
#define TESTS_READER_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* What a report would show first. */
struct reader_figures {
  bool opened;   /* else there was a message */
  bool complete; /* as the reader says */
  uint64_t births, deaths, reallocations, total_bytes, peak_bytes, end_bytes, sites;
  uint64_t duration_ns;
  double held_byte_seconds;
};

/* Opens, profiles with a timeline, looks at every name, stack and figure, and closes. Aborts, with
 * the reason on stderr, when the figures contradict each other or an error has no message. */
struct reader_figures reader_check(const char *path);
bool reader_figures_equal(const struct reader_figures *a, const struct reader_figures *b);

#endif
