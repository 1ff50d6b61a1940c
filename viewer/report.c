/* report.c - what all reports need: a trace opened and read, an output ended; see report.h. */
#include "report.h"

#include <errno.h>
#include <string.h>

#include "commands.h"
#include "format.h"

int report_open(struct report *report, const char *command, const char *path,
                struct timeline *timeline) {
  char message[512];
  *report = (struct report){0};
  int error = trace_file_open(path, &report->file, message);
  if (error) {
    fprintf(stderr, "dwell %s: %s\n", command, message);
    return error == -ENOMEM ? DWELL_FAILED : DWELL_UNREADABLE;
  }
  struct progress progress = progress_begin("reading");
  struct profile *profile = NULL;
  error = trace_file_profile(report->file, &profile, timeline, progress_show, &progress);
  progress_end(&progress);
  report->profile = profile;
  if (!error && !(report->symbols = symbols_open(report->file))) error = -ENOMEM;
  if (error) {
    fprintf(stderr, "dwell %s: %s: %s\n", command, path, strerror(-error));
    report_close(report);
    return error == -ENOMEM ? DWELL_FAILED : DWELL_UNREADABLE;
  }
  report->info = trace_file_info(report->file);
  return DWELL_OK;
}

void report_close(struct report *report) {
  symbols_close(report->symbols);
  if (report->profile) profile_free((struct profile *)report->profile);
  trace_file_close(report->file);
  *report = (struct report){0};
}

int report_finish(const char *command, FILE *out, int result) {
  if (fflush(out) == 0 && !ferror(out)) return result;
  fprintf(stderr, "dwell %s: the report can't be written: %s\n", command, strerror(errno));
  return DWELL_FAILED;
}

int report_no_memory(const char *command) {
  fprintf(stderr, "dwell %s: no memory\n", command);
  return DWELL_FAILED;
}

uint64_t report_percentile_ns(const struct site *site, double p) {
  uint64_t middle = histogram_percentile(&site->lifetimes, p); /* of a bucket: may pass the max */
  return middle < site->lifetime_max_ns ? middle : site->lifetime_max_ns;
}

const struct intervals *report_intervals(const struct report *report, const struct site *site) {
  const struct profile *profile = report->profile;
  return profile->site_intervals ? &profile->site_intervals[site - profile->sites] : NULL;
}

void report_bytes_range(struct terminal *terminal, struct range range) {
  terminal_put(terminal, DIM, " (%s to %s)", format_bytes((uint64_t)(range.low + 0.5)).text,
               format_bytes((uint64_t)(range.high + 0.5)).text);
}

void report_held_range(struct terminal *terminal, struct range range) {
  terminal_put(terminal, DIM, " (%s to %s)", format_byte_seconds(range.low).text,
               format_byte_seconds(range.high).text);
}
