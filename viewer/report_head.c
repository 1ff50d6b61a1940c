/* report_head.c - the run as a whole, as text: how it ended, what the heap did, what is missing. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* ---- the run ---------------------------------------------------------------------------- */

static void put_command(struct terminal *terminal, const struct run_info *info) {
  terminal_put(terminal, STRONG, "dwell");
  terminal_put(terminal, PLAIN, "  ");
  if (!info->argc)
    terminal_put(terminal, STRONG, "%s", *info->executable ? info->executable : info->path);
  for (size_t i = 0; i < info->argc; i++)
    terminal_put(terminal, STRONG, "%s%s", i ? " " : "", info->argv[i]);
  terminal_end(terminal);
}

static void put_ending(struct terminal *terminal, const struct run_info *info) {
  switch (info->ending) {
  case RUN_ENDED_EXIT:
  case RUN_ENDED_UNDER_EXIT:
    if (info->status >= 0)
      terminal_field(terminal, info->status ? WARNING : PLAIN, "%s with status %" PRId64,
                     info->ending == RUN_ENDED_EXIT ? "exited" : "_exit", info->status);
    else
      terminal_field(terminal, PLAIN, "exited");
    break;
  case RUN_ENDED_SIGNAL: {
    const char *name = sigabbrev_np((int)info->status);
    if (name)
      terminal_field(terminal, WARNING, "killed by SIG%s", name);
    else
      terminal_field(terminal, WARNING, "killed by signal %" PRId64, info->status);
    break;
  }
  case RUN_ENDED_EXEC:
    terminal_field(terminal, PLAIN, "replaced by exec; the new program has a trace of its own");
    break;
  case RUN_ENDED_RUNNING:
    terminal_field(terminal, WARNING, "still running: a snapshot");
    break;
  default:
    terminal_field(terminal, WARNING, "how it ended is not known");
    break;
  }
}

static void put_run(struct terminal *terminal, const struct run_info *info,
                    const struct profile *profile) {
  report_label(terminal, MARGIN, "run");
  terminal_field(terminal, PLAIN, "%s%s", info->duration_at_least ? "at least " : "",
                 format_duration((double)profile->duration_ns).text);
  put_ending(terminal, info);
  terminal_field(terminal, PLAIN, "pid %" PRIu64, info->pid);
  time_t seconds = (time_t)(info->start_realtime_ns / 1000000000u);
  struct tm local;
  char date[32];
  if (info->start_realtime_ns && localtime_r(&seconds, &local) &&
      strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &local))
    terminal_field(terminal, DIM, "%s", date);
  terminal_end(terminal);
}

/* ---- the heap --------------------------------------------------------------------------- */

static void put_counter(struct terminal *terminal, const char *label, uint64_t count,
                        const char *detail) {
  report_label(terminal, MARGIN, label);
  terminal_put(terminal, PLAIN, "%14s", format_count(count).text);
  if (*detail) terminal_put(terminal, PLAIN, "   %s", detail);
  terminal_end(terminal);
}

static void put_counters(struct terminal *terminal, const struct profile *profile) {
  char detail[160];
  put_counter(terminal, "allocations", profile->births, format_bytes(profile->birth_bytes).text);
  put_counter(terminal, "deallocations", profile->deaths, format_bytes(profile->death_bytes).text);
  snprintf(detail, sizeof detail, "%s grown, %s shrunk",
           format_bytes(profile->realloc_bytes_grown).text,
           format_bytes(profile->realloc_bytes_shrunk).text);
  put_counter(terminal, "reallocations", profile->reallocations,
              profile->reallocations ? detail : "");
}

static void put_levels(struct terminal *terminal, const struct profile *profile) {
  report_label(terminal, MARGIN, "peak");
  terminal_field(terminal, STRONG, "%s", format_bytes(profile->peak.bytes).text);
  terminal_field(terminal, PLAIN, "in %s", format_blocks(profile->peak.blocks).text);
  if (profile->peak.blocks)
    terminal_field(terminal, PLAIN, "at %s (%s of the run)",
                   format_duration((double)profile->peak_time_ns).text,
                   format_share((double)profile->peak_time_ns, (double)profile->duration_ns).text);
  terminal_end(terminal);

  report_label(terminal, MARGIN, "at the end");
  if (profile->at_end.blocks) {
    terminal_field(terminal, PLAIN, "%s", format_bytes(profile->at_end.bytes).text);
    terminal_field(terminal, PLAIN, "in %s, never freed",
                   format_blocks(profile->at_end.blocks).text);
  } else {
    terminal_field(terminal, PLAIN, "nothing: every block was freed");
  }
  terminal_end(terminal);

  report_label(terminal, MARGIN, "held");
  terminal_field(terminal, STRONG, "%s", format_byte_seconds(profile->held_byte_seconds).text);
  if (profile->duration_ns)
    terminal_field(
        terminal, PLAIN, "on average %s live",
        format_bytes((uint64_t)(profile->held_byte_seconds / ((double)profile->duration_ns / 1e9)))
            .text);
  terminal_end(terminal);
}

/* The gap is what the heap's blocks don't explain: code, stacks, the allocator's own room. */
static void put_rss(struct terminal *terminal, const struct run_info *info,
                    const struct profile *profile) {
  report_label(terminal, MARGIN, "resident set");
  if (!info->max_rss_bytes && !info->rss_at_peak_bytes) {
    terminal_field(terminal, DIM, "not known: `dwell run` samples it");
    terminal_end(terminal);
    return;
  }
  if (info->max_rss_bytes)
    terminal_field(terminal, PLAIN, "%s at most", format_bytes(info->max_rss_bytes).text);
  uint64_t rss = info->rss_at_peak_bytes ? info->rss_at_peak_bytes : info->max_rss_bytes;
  if (info->rss_at_peak_bytes)
    terminal_field(terminal, PLAIN, "%s at the heap's peak", format_bytes(rss).text);
  if (rss >= profile->peak.bytes)
    terminal_field(terminal, PLAIN, "%s more than the heap's blocks",
                   format_bytes(rss - profile->peak.bytes).text);
  else
    terminal_field(terminal, PLAIN, "%s less than the heap's blocks: not all were touched",
                   format_bytes(profile->peak.bytes - rss).text);
  terminal_end(terminal);
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
    terminal_wrap(terminal, WARNING, "the clock was calibrated only once: times are a guess");
  }
  warn(terminal, missing->early_events, "allocations made before recording began");
  warn(terminal, missing->incomplete_stacks, "stacks that could not be walked to their root");
  warn(terminal, missing->unprotected_lanes,
       "threads recorded in private memory, which a kill would have lost");
  warn(terminal, missing->late_events,
       "events that came later than their place in the file allows");
  if (missing->calibration) {
    terminal_to(terminal, MARGIN);
    terminal_wrap(terminal, WARNING,
                  "times are a guess: the trace was cut before its clock could be compared");
  }
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

static void put_trace(struct terminal *terminal, const struct report *report) {
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
  else
    terminal_field(terminal, WARNING, "self-check disagrees: %s by pairs, %s by the curve",
                   format_byte_seconds(profile->check.held_by_pairs).text,
                   format_byte_seconds(profile->check.held_by_curve).text);
  terminal_end(terminal);
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

void report_head(struct terminal *terminal, const struct report *report) {
  put_command(terminal, report->info);
  put_run(terminal, report->info, report->profile);
  put_trace(terminal, report);
  put_counters(terminal, report->profile);
  put_levels(terminal, report->profile);
  put_rss(terminal, report->info, report->profile);
}
