/* report_trace.c - the trace itself, as text: is it complete, how much is in it one by one, what is
 * missing. */
#include <stdlib.h>
#include <string.h>

#include "../shim/trace.h"
#include "format.h"
#include "report.h"

enum { MARGIN = 17 };

bool report_is_partial(const struct report *report) {
  const struct run_missing *missing = &report->info->missing;
  return missing->bad_slots || missing->lost_chunks || missing->cut_bytes || missing->bad_records ||
         missing->missing_nodes || missing->dropped_events || report->info->stop ||
         !report->profile->check.agree;
}

/* ---- what is missing -------------------------------------------------------------------- */

static void warn(struct terminal *terminal, uint64_t count, const char *what) {
  if (!count) return;
  char *text;
  if (asprintf(&text, "%s: %s", what, format_count(count).text) < 0) return;
  terminal_to(terminal, MARGIN);
  terminal_wrap(terminal, WARNING, text);
  free(text);
}

static void put_missing(struct terminal *terminal, const struct run_missing *missing) {
  warn(terminal, missing->lost_chunks, "lost chunks of events, so that figures are too low");
  warn(terminal, missing->bad_slots, "damaged slots of the file, left out");
  warn(terminal, missing->bad_folds,
       "counts of folded blocks that can't be true, left out, so that figures are too low");
  warn(terminal, missing->bad_records, "chunks that could not be read to their end");
  warn(terminal, missing->cut_bytes, "bytes behind the last whole slot of the file, left out");
  warn(terminal, missing->missing_nodes, "stacks that are not in the file");
  warn(terminal, missing->unknown_records,
       "records of a kind that this version doesn't know, a newer dwell does");
  warn(terminal, missing->dropped_events, "events that the recorder could not write");
  warn(terminal, missing->skipped_events,
       "events skipped, in signal handlers or before a thread was ready");
  warn(terminal, missing->late_events,
       "events older than the recorder had promised, taken as of when they were read");
  if (missing->calibration) {
    terminal_to(terminal, MARGIN);
    terminal_wrap(terminal, WARNING,
                  "times are a guess: the trace was cut before its clock could be compared");
  }
  warn(terminal, missing->early_events, "allocations made before recording began");
  warn(terminal, missing->incomplete_stacks, "stacks that could not be walked to their root");
  warn(terminal, missing->unprotected_lanes,
       "threads recorded in private memory, which a kill would have lost");
}

static void put_stop(struct terminal *terminal, const struct run_info *info) {
  const char *reason = "for a reason that a newer dwell knows";
  char *text;
  switch (info->stop) {
  case TRACE_NOT_STOPPED:
    return;
  case TRACE_STOP_WRITE:
    reason = strerror((int)info->stop_errno);
    break;
  case TRACE_STOP_LOST:
    reason = "the program took the trace's descriptor";
    break;
  case TRACE_STOP_SECCOMP:
    reason = "the program asked for a system call filter";
    break;
  case TRACE_STOP_MEMORY:
    reason = "no memory for the recorder's tables";
    break;
  case TRACE_STOP_SIZE:
    reason = "the trace has reached its size limit";
    break;
  }
  if (asprintf(&text, "recording stopped early, and figures end there: %s%s",
               info->stop == TRACE_STOP_WRITE ? "the trace could not grow: " : "", reason) < 0)
    return;
  terminal_to(terminal, MARGIN);
  terminal_wrap(terminal, WARNING, text);
  free(text);
}

/* What the user asked to be compared, and what this allocator hides. */
static void put_doubts(struct terminal *terminal, const struct run_info *info) {
  if (info->checked_stacks) {
    terminal_to(terminal, MARGIN);
    terminal_put(terminal, info->differing_stacks ? WARNING : PLAIN,
                 "%s stacks compared with libunwind's: %s differ",
                 format_count(info->checked_stacks).text,
                 format_count(info->differing_stacks).text);
    terminal_end(terminal);
  }
  if (info->new_unseen) {
    char *text;
    if (asprintf(&text,
                 "%s has an operator new of its own, which calls no malloc: what C++ code makes "
                 "with new is not in this trace",
                 info->allocator) < 0)
      return;
    terminal_to(terminal, MARGIN);
    terminal_wrap(terminal, WARNING, text);
    free(text);
  }
}

/* As it was asked for: the recorder has made ticks of it before it knew its clock to the last
 * digit. */
static struct human fold_age(uint64_t ns) {
  uint64_t unit = 1;
  while (ns / unit >= 100)
    unit *= 10;
  uint64_t rounded = (ns + unit / 2) / unit * unit;
  return format_duration((double)rounded);
}

/* How much of what happened is in the trace one by one. */
static void put_folded(struct terminal *terminal, const struct report *report) {
  const struct run_info *info = report->info;
  const struct profile *profile = report->profile;
  if (!profile->folded.blocks) return;
  const struct run_fold_age *ages = info->fold_ages;
  report_label(terminal, MARGIN, "folded");
  terminal_field(terminal, PLAIN, "%s that died young%s%s%s, %s of all",
                 format_blocks(profile->folded.blocks).text, info->fold_age_count ? " (under " : "",
                 info->fold_age_count ? fold_age(ages[0].age_ns).text : "",
                 info->fold_age_count ? ")" : "",
                 format_share((double)profile->folded.blocks, (double)profile->births).text);
  terminal_end(terminal);
  for (size_t i = 1; i < info->fold_age_count; i++) {
    char *text;
    if (asprintf(&text, "from %s on under %s: the trace neared its size limit of %s",
                 format_duration((double)ages[i].since_ns).text, fold_age(ages[i].age_ns).text,
                 format_bytes(info->max_file_bytes).text) < 0)
      return;
    terminal_to(terminal, MARGIN);
    terminal_wrap(terminal, PLAIN, text);
    free(text);
  }
}

static void put_sampled(struct terminal *terminal, const struct profile *profile) {
  char *text;
  if (!profile->sample_bytes) return;
  if (asprintf(&text,
               "figures are estimates from a sample, one byte in %s; in brackets, where the true "
               "ones lie with a probability of 95%%",
               format_bytes(profile->sample_bytes).text) < 0)
    return;
  report_label(terminal, MARGIN, "sampled");
  terminal_wrap(terminal, ACCENT, text);
  free(text);
}

void report_trace(struct terminal *terminal, const struct report *report) {
  const struct run_info *info = report->info;
  const struct profile *profile = report->profile;
  report_label(terminal, MARGIN, "trace");
  if (info->complete)
    terminal_field(terminal, PLAIN, "complete");
  else if (report_is_partial(report))
    terminal_field(terminal, WARNING, "events are missing");
  else
    terminal_field(terminal, PLAIN, "readable, with gaps");
  terminal_field(terminal, PLAIN, "%s events", format_count(profile->events).text);
  if (profile->check.agree)
    terminal_field(terminal, PLAIN, "self-check agrees");
  else if (info->missing.bad_folds)
    terminal_field(terminal, WARNING, "self-check disagrees: folded blocks don't add up");
  else
    terminal_field(terminal, WARNING, "self-check disagrees: %s by pairs, %s by the curve",
                   format_byte_seconds(profile->check.held_by_pairs).text,
                   format_byte_seconds(profile->check.held_by_curve).text);
  terminal_end(terminal);
  put_sampled(terminal, profile);
  put_folded(terminal, report);
  if (info->duration_at_least && info->stop == TRACE_NOT_STOPPED) {
    terminal_to(terminal, MARGIN);
    terminal_wrap(terminal, WARNING,
                  "the end is not recorded; the last event is taken for it (`dwell run` knows it)");
  }
  put_stop(terminal, info);
  put_missing(terminal, &info->missing);
  put_doubts(terminal, info);
  warn(terminal, profile->unmatched_deaths,
       info->forked ? "blocks freed that the parent had allocated before the fork"
                    : "blocks freed whose allocation is not in the trace");
  warn(terminal, profile->order_violations,
       "blocks allocated where one was still live: its death is missing");
}
