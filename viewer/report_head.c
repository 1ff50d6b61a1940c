/* report_head.c - the run as a whole, as text: how it ended and what the heap did. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format.h"
#include "report.h"

enum { MARGIN = 17 };

/* ---- the run ---------------------------------------------------------------------------- */

void report_title(struct terminal *terminal, const struct report *report) {
  const struct run_info *info = report->info;
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
  if (!profile->sample_bytes) return;
  report_label(terminal, MARGIN, "total");
  terminal_field(terminal, PLAIN, "%s", format_bytes(profile->total.bytes).text);
  report_bytes_range(terminal, profile->intervals.total_bytes);
  terminal_field(terminal, PLAIN, "in %s", format_blocks(profile->total.blocks).text);
  terminal_end(terminal);
}

/* Said only when it matters: from a thousandth of the peak on. */
static void put_peak_uncertainty(struct terminal *terminal, const struct report *report) {
  const struct profile *profile = report->profile;
  uint64_t bytes = profile->peak_uncertainty.bytes;
  if ((double)bytes < 0.001 * (double)profile->peak.bytes || bytes == 0) return;
  char *text;
  if (asprintf(&text, "up to %s more: %s are in no curve; --exact records them",
               format_bytes(bytes).text, "blocks that were folded") < 0)
    return;
  terminal_to(terminal, MARGIN);
  terminal_wrap(terminal, DIM, text);
  free(text);
}

static void put_levels(struct terminal *terminal, const struct report *report) {
  const struct profile *profile = report->profile;
  const struct intervals *intervals = profile->sample_bytes ? &profile->intervals : NULL;
  report_label(terminal, MARGIN, "peak");
  terminal_field(terminal, STRONG, "%s", format_bytes(profile->peak.bytes).text);
  if (intervals) report_bytes_range(terminal, intervals->at_peak_bytes);
  terminal_field(terminal, PLAIN, "in %s", format_blocks(profile->peak.blocks).text);
  if (profile->peak.blocks)
    terminal_field(terminal, PLAIN, "at %s (%s of the run)",
                   format_duration((double)profile->peak_time_ns).text,
                   format_share((double)profile->peak_time_ns, (double)profile->duration_ns).text);
  terminal_end(terminal);
  put_peak_uncertainty(terminal, report);

  report_label(terminal, MARGIN, "at the end");
  if (profile->at_end.blocks) {
    terminal_field(terminal, PLAIN, "%s", format_bytes(profile->at_end.bytes).text);
    if (intervals) report_bytes_range(terminal, intervals->at_end_bytes);
    terminal_field(terminal, PLAIN, "in %s, never freed",
                   format_blocks(profile->at_end.blocks).text);
  } else {
    terminal_field(terminal, PLAIN,
                   intervals ? "nothing that was sampled" : "nothing: every block was freed");
  }
  terminal_end(terminal);

  report_label(terminal, MARGIN, "held");
  terminal_field(terminal, STRONG, "%s", format_byte_seconds(profile->held_byte_seconds).text);
  if (intervals) report_held_range(terminal, intervals->held_byte_seconds);
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

void report_head(struct terminal *terminal, const struct report *report) {
  put_run(terminal, report->info, report->profile);
  report_trace(terminal, report);
  put_counters(terminal, report->profile);
  put_levels(terminal, report);
  put_rss(terminal, report->info, report->profile);
}
