/* report.c - what all reports need: a trace opened and read, an output ended; see report.h. */
#include "report.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "diagnosis/whatif.h"
#include "format.h"

#define BOUND_UNASKED UINT64_MAX
#define DOUBTS_UNASKED UINT_MAX

int report_open_figures(struct report *report, const char *command, const char *path,
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

int report_diagnose(struct report *report) {
  struct diagnosis *diagnosis = calloc(1, sizeof *diagnosis);
  struct residences residences = {0};
  struct candidates candidates = {0};
  struct stack_tree tree = trace_file_stacks(report->file);
  int error = diagnosis ? candidates_choose(report->profile, &tree, &candidates) : -ENOMEM;
  report->diagnosis = diagnosis;
  if (!error) {
    struct progress progress = progress_begin("looking for queues");
    error = trace_file_residences(report->file, report->profile, &candidates, &residences,
                                  progress_show, &progress);
    progress_end(&progress);
  }
  if (!error) error = diagnosis_make(report->profile, &residences, diagnosis);
  if (!error) {
    report->bounds = malloc((diagnosis->count + 1) * sizeof *report->bounds);
    report->doubts = malloc((diagnosis->count + 1) * sizeof *report->doubts);
  }
  if (!error && (!report->bounds || !report->doubts)) error = -ENOMEM;
  for (size_t i = 0; !error && i < diagnosis->count; i++)
    report->bounds[i] = BOUND_UNASKED, report->doubts[i] = DOUBTS_UNASKED;
  residences_free(&residences);
  candidates_free(&candidates);
  if (error) report_forget_diagnosis(report);
  return error;
}

void report_forget_diagnosis(struct report *report) {
  if (report->diagnosis) diagnosis_free((struct diagnosis *)report->diagnosis);
  free((struct diagnosis *)report->diagnosis);
  free(report->bounds);
  free(report->doubts);
  report->diagnosis = NULL;
  report->bounds = NULL;
  report->doubts = NULL;
}

int report_open(struct report *report, const char *command, const char *path,
                struct timeline *timeline) {
  int result = report_open_figures(report, command, path, timeline);
  if (result) return result;
  int error = report_diagnose(report);
  if (!error) return DWELL_OK;
  fprintf(stderr, "dwell %s: %s: %s\n", command, path, strerror(-error));
  report_close(report);
  return error == -ENOMEM ? DWELL_FAILED : DWELL_UNREADABLE;
}

void report_close(struct report *report) {
  report_forget_diagnosis(report);
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

/* A search that replays the queue many times: done once. */
uint64_t report_recommended_bound(const struct report *report, const struct queue *queue) {
  if (queue->kind != QUEUE_UNBOUNDED && queue->kind != QUEUE_BOUNDED) return 0;
  /* the replay makes senders wait, and these don't */
  if (queue->policy == POLICY_DROP_NEWEST || queue->policy == POLICY_DROP_OLDEST) return 0;
  size_t index = (size_t)(queue - report->diagnosis->queues);
  if (report->bounds && report->bounds[index] != BOUND_UNASKED) return report->bounds[index];
  uint64_t bound = whatif_recommend(queue, report->diagnosis->duration_ns);
  /* one that saves less than half is no advice */
  if (2 * (double)bound > queue->peak_messages) bound = 0;
  if (report->bounds) report->bounds[index] = bound;
  return bound;
}

/* They replay it, too. */
unsigned report_doubts(const struct report *report, const struct queue *queue) {
  size_t index = (size_t)(queue - report->diagnosis->queues);
  if (report->doubts && report->doubts[index] != DOUBTS_UNASKED) return report->doubts[index];
  unsigned doubts = whatif_doubts(report->diagnosis, queue);
  if (report->doubts) report->doubts[index] = doubts;
  return doubts;
}

const struct queue *report_find_queue(const struct report *report, uint64_t id) {
  for (size_t i = 0; report->diagnosis && i < report->diagnosis->count; i++)
    if (report->diagnosis->queues[i].id == id) return &report->diagnosis->queues[i];
  return NULL;
}
