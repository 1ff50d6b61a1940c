/* report_json.c - the summary as JSON: docs/summary-json.md says what each key means.
 *
 * One site at a time is put together and written, so that memory doesn't grow with the report.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../shim/trace.h"
#include "report_json.h"
#include "utf8.h"

enum { DOCUMENT_VERSION = 1 };

static json_t *integer(uint64_t value) {
  return json_integer((json_int_t)value);
}

json_t *report_json_text(const char *value) {
  if (!value) return json_null();
  char *repaired = utf8_repaired(value);
  json_t *json = repaired ? json_string(repaired) : NULL;
  free(repaired);
  return json;
}

json_t *report_json_real(double value) {
  return isfinite(value) ? json_real(value) : json_null();
}

static void set_figure(json_t *object, const char *name, struct figure figure) {
  char key[32];
  snprintf(key, sizeof key, "%s_blocks", name);
  json_object_set_new(object, key, integer(figure.blocks));
  snprintf(key, sizeof key, "%s_bytes", name);
  json_object_set_new(object, key, integer(figure.bytes));
}

static void set_range(json_t *object, const char *name, struct range range) {
  json_t *json = json_array();
  json_array_append_new(json, json_real(range.low));
  json_array_append_new(json, json_real(range.high));
  json_object_set_new(object, name, json);
}

/* Nothing when the figures are exact. The names are those of the figures beside it. */
static void set_intervals(json_t *object, const struct intervals *intervals, const char *peak,
                          const char *end) {
  char key[32];
  if (!intervals) return;
  json_t *json = json_object();
  set_range(json, "total_blocks", intervals->total_blocks);
  set_range(json, "total_bytes", intervals->total_bytes);
  snprintf(key, sizeof key, "%s_blocks", peak);
  set_range(json, key, intervals->at_peak_blocks);
  snprintf(key, sizeof key, "%s_bytes", peak);
  set_range(json, key, intervals->at_peak_bytes);
  snprintf(key, sizeof key, "%s_blocks", end);
  set_range(json, key, intervals->at_end_blocks);
  snprintf(key, sizeof key, "%s_bytes", end);
  set_range(json, key, intervals->at_end_bytes);
  set_range(json, "held_byte_seconds", intervals->held_byte_seconds);
  json_object_set_new(object, "intervals", json);
}

static json_t *share(double part, double whole) {
  return json_real(whole > 0 ? part / whole : 0);
}

/* ---- the run ---------------------------------------------------------------------------- */

static const char *ending_name(enum run_ending ending) {
  static const char *const names[] = {
      [RUN_ENDED_UNKNOWN] = "unknown", [RUN_ENDED_RUNNING] = "running",
      [RUN_ENDED_EXIT] = "exit",       [RUN_ENDED_UNDER_EXIT] = "_exit",
      [RUN_ENDED_EXEC] = "exec",       [RUN_ENDED_SIGNAL] = "signal",
  };
  return names[ending];
}

/* Why recording ended before the program did. */
static json_t *stop_json(const struct run_info *info) {
  static const char *const names[] = {
      [TRACE_STOP_WRITE] = "write",   [TRACE_STOP_LOST] = "lost", [TRACE_STOP_SECCOMP] = "seccomp",
      [TRACE_STOP_MEMORY] = "memory", [TRACE_STOP_SIZE] = "size",
  };
  if (info->stop == TRACE_NOT_STOPPED) return json_null();
  return report_json_text(info->stop < sizeof names / sizeof *names ? names[info->stop]
                                                                    : "unknown");
}

static json_t *missing_json(const struct report *report) {
  const struct run_missing *missing = &report->info->missing;
  json_t *json = json_object();
  json_object_set_new(json, "bad_slots", integer(missing->bad_slots));
  json_object_set_new(json, "lost_chunks", integer(missing->lost_chunks));
  json_object_set_new(json, "cut_bytes", integer(missing->cut_bytes));
  json_object_set_new(json, "bad_folds", integer(missing->bad_folds));
  json_object_set_new(json, "bad_records", integer(missing->bad_records));
  json_object_set_new(json, "unknown_records", integer(missing->unknown_records));
  json_object_set_new(json, "dropped_events", integer(missing->dropped_events));
  json_object_set_new(json, "skipped_events", integer(missing->skipped_events));
  json_object_set_new(json, "late_events", integer(missing->late_events));
  json_object_set_new(json, "early_events", integer(missing->early_events));
  json_object_set_new(json, "incomplete_stacks", integer(missing->incomplete_stacks));
  json_object_set_new(json, "missing_nodes", integer(missing->missing_nodes));
  json_object_set_new(json, "unprotected_lanes", integer(missing->unprotected_lanes));
  json_object_set_new(json, "calibration", integer(missing->calibration));
  json_object_set_new(json, "unmatched_deaths", integer(report->profile->unmatched_deaths));
  json_object_set_new(json, "order_violations", integer(report->profile->order_violations));
  return json;
}

static json_t *folding_json(const struct run_info *info) {
  if (info->fold_age_count == 0) return json_null();
  json_t *json = json_object(), *ages = json_array();
  for (size_t i = 0; i < info->fold_age_count; i++) {
    json_t *age = json_object();
    json_object_set_new(age, "since_ns", integer(info->fold_ages[i].since_ns));
    json_object_set_new(age, "age_ns", integer(info->fold_ages[i].age_ns));
    json_array_append_new(ages, age);
  }
  json_object_set_new(json, "ages", ages);
  json_object_set_new(json, "max_bytes", integer(info->fold_bytes));
  return json;
}

static json_t *sampled_json(const struct run_info *info) {
  if (info->sample_bytes == 0) return json_null();
  json_t *json = json_object();
  json_object_set_new(json, "mean_bytes", integer(info->sample_bytes));
  return json;
}

static json_t *run_json(const struct report *report) {
  const struct run_info *info = report->info;
  json_t *json = json_object(), *command = json_array();
  for (size_t i = 0; i < info->argc; i++)
    json_array_append_new(command, report_json_text(info->argv[i]));
  json_object_set_new(json, "command", command);
  json_object_set_new(json, "executable", report_json_text(info->executable));
  json_object_set_new(json, "directory", report_json_text(info->directory));
  json_object_set_new(json, "host", report_json_text(info->host));
  json_object_set_new(json, "trace", report_json_text(info->path));
  json_object_set_new(json, "pid", integer(info->pid));
  json_object_set_new(json, "parent_pid", integer(info->parent_pid));
  json_object_set_new(
      json, "parent_trace",
      report_json_text(info->parent_trace && *info->parent_trace ? info->parent_trace : NULL));
  json_object_set_new(json, "start_realtime_ns", integer(info->start_realtime_ns));
  json_object_set_new(json, "duration_ns", integer(report->profile->duration_ns));
  json_object_set_new(json, "duration_at_least", json_boolean(info->duration_at_least));
  json_object_set_new(json, "ending", report_json_text(ending_name(info->ending)));
  json_object_set_new(json, "status",
                      info->status < 0 ? json_null() : json_integer((json_int_t)info->status));
  json_object_set_new(json, "complete", json_boolean(info->complete));
  json_object_set_new(json, "partial", json_boolean(report_is_partial(report)));
  json_object_set_new(json, "exact", json_boolean(info->exact));
  json_object_set_new(json, "folding", folding_json(info));
  json_object_set_new(json, "sampled", sampled_json(info));
  json_object_set_new(json, "max_file_bytes",
                      info->max_file_bytes ? integer(info->max_file_bytes) : json_null());
  json_object_set_new(json, "events", integer(report->profile->events));
  json_object_set_new(json, "skipped", integer(info->missing.skipped_events));
  json_object_set_new(json, "missing", missing_json(report));
  json_object_set_new(json, "stop", stop_json(info));
  json_object_set_new(json, "new_unseen", json_boolean(info->new_unseen));
  json_object_set_new(json, "checked_stacks", integer(info->checked_stacks));
  json_object_set_new(json, "differing_stacks", integer(info->differing_stacks));
  json_object_set_new(json, "unwinder", report_json_text(info->unwinder));
  json_object_set_new(json, "allocator", report_json_text(info->allocator));
  return json;
}

static json_t *totals_json(const struct report *report) {
  const struct profile *profile = report->profile;
  json_t *json = json_object();
  json_object_set_new(json, "births", integer(profile->births));
  json_object_set_new(json, "birth_bytes", integer(profile->birth_bytes));
  json_object_set_new(json, "deaths", integer(profile->deaths));
  json_object_set_new(json, "death_bytes", integer(profile->death_bytes));
  json_object_set_new(json, "reallocations", integer(profile->reallocations));
  json_object_set_new(json, "realloc_bytes_grown", integer(profile->realloc_bytes_grown));
  json_object_set_new(json, "realloc_bytes_shrunk", integer(profile->realloc_bytes_shrunk));
  set_figure(json, "total", profile->total);
  set_figure(json, "folded", profile->folded);
  set_figure(json, "peak", profile->peak);
  set_figure(json, "peak_uncertainty", profile->peak_uncertainty);
  json_object_set_new(json, "peak_time_ns", integer(profile->peak_time_ns));
  set_figure(json, "end", profile->at_end);
  json_object_set_new(json, "held_byte_seconds", json_real(profile->held_byte_seconds));
  set_intervals(json, profile->sample_bytes ? &profile->intervals : NULL, "peak", "end");
  uint64_t rss = report->info->max_rss_bytes, at_peak = report->info->rss_at_peak_bytes;
  json_object_set_new(json, "max_rss_bytes", rss ? integer(rss) : json_null());
  json_object_set_new(json, "rss_at_peak_bytes", at_peak ? integer(at_peak) : json_null());
  return json;
}

static json_t *self_check_json(const struct self_check *check) {
  json_t *json = json_object();
  json_object_set_new(json, "agree", json_boolean(check->agree));
  json_object_set_new(json, "held_by_pairs", json_real(check->held_by_pairs));
  json_object_set_new(json, "held_by_curve", json_real(check->held_by_curve));
  return json;
}

/* ---- sites ------------------------------------------------------------------------------ */

static json_t *frame_json(const struct frame *frame) {
  json_t *json = json_object();
  json_object_set_new(json, "address", integer(frame->address));
  json_object_set_new(json, "module", report_json_text(frame->module));
  json_object_set_new(json, "offset", integer(frame->offset));
  json_object_set_new(json, "function", report_json_text(frame->function));
  json_object_set_new(json, "file", report_json_text(frame->file));
  json_object_set_new(json, "line", frame->line ? json_integer(frame->line) : json_null());
  json_object_set_new(json, "inlined", json_boolean(frame->inlined));
  json_object_set_new(json, "library", json_boolean(frame->library));
  return json;
}

json_t *report_json_stack(const struct report *report, uint32_t stack) {
  json_t *json = json_array();
  const struct stack_node *node;
  uint32_t depth = 0;
  for (uint32_t id = stack; (node = trace_file_node(report->file, id)); id = node->parent) {
    const struct frame *frames;
    if (report->depth && depth++ == report->depth) break;
    size_t count = symbols_node(report->symbols, id, &frames);
    for (size_t i = 0; i < count; i++)
      json_array_append_new(json, frame_json(&frames[i]));
    if (node->parent >= id) break; /* a damaged file: parents have lower ids */
  }
  return json;
}

static json_t *stacks_json(const struct report *report, const struct shares *stacks) {
  json_t *json = json_array();
  for (size_t i = 0; i < stacks->count; i++) {
    json_t *one = json_object();
    json_object_set_new(one, "blocks", integer(stacks->of[i].blocks));
    json_object_set_new(one, "bytes", integer(stacks->of[i].bytes));
    json_object_set_new(one, "stack", report_json_stack(report, stacks->of[i].id));
    json_array_append_new(json, one);
  }
  return json;
}

static json_t *threads_json(const struct report *report, const struct shares *threads) {
  json_t *json = json_array();
  for (size_t i = 0; i < threads->count; i++) {
    json_t *one = json_object();
    json_object_set_new(one, "name",
                        report_json_text(trace_file_thread_name(report->file, threads->of[i].id)));
    json_object_set_new(one, "blocks", integer(threads->of[i].blocks));
    json_object_set_new(one, "bytes", integer(threads->of[i].bytes));
    json_array_append_new(json, one);
  }
  return json;
}

static json_t *lifetime_json(const struct report *report, const struct site *site) {
  double mean = select_mean_lifetime_ns(site);
  json_t *json = json_object();
  json_object_set_new(json, "mean_ns", json_real(mean));
  json_object_set_new(json, "p50_ns", integer(report_percentile_ns(site, 0.5)));
  json_object_set_new(json, "p99_ns", integer(report_percentile_ns(site, 0.99)));
  json_object_set_new(json, "max_ns", integer(site->lifetime_max_ns));
  json_object_set_new(json, "share_of_run", share(mean, (double)report->profile->duration_ns));
  return json;
}

static json_t *site_json(const struct report *report, const struct site *site) {
  json_t *json = json_object();
  json_object_set_new(json, "id", integer(site->stack));
  json_object_set_new(json, "births", integer(site->births));
  json_object_set_new(json, "deaths", integer(site->deaths));
  json_object_set_new(json, "reallocations", integer(site->reallocations));
  set_figure(json, "total", site->total);
  set_figure(json, "folded", site->folded);
  set_figure(json, "max", site->max);
  set_figure(json, "at_peak", site->at_peak);
  set_figure(json, "at_end", site->at_end);
  json_object_set_new(json, "held_byte_seconds", json_real(site->held_byte_seconds));
  json_object_set_new(json, "held_share",
                      share(site->held_byte_seconds, report->profile->held_byte_seconds));
  set_intervals(json, report_intervals(report, site), "at_peak", "at_end");
  json_object_set_new(json, "lifetime", lifetime_json(report, site));
  json_object_set_new(json, "first_birth_ns", integer(site->first_birth_ns));
  json_object_set_new(json, "last_birth_ns", integer(site->last_birth_ns));
  json_object_set_new(json, "handoffs", integer(site->handoffs));
  json_object_set_new(json, "handoff_share", share((double)site->handoffs, (double)site->deaths));
  json_object_set_new(json, "birth_threads", threads_json(report, &site->birth_threads));
  json_object_set_new(json, "death_threads", threads_json(report, &site->death_threads));
  json_object_set_new(json, "stack", report_json_stack(report, site->stack));
  json_object_set_new(json, "death_stacks", stacks_json(report, &site->death_stacks));
  json_object_set_new(json, "resize_stacks", stacks_json(report, &site->resize_stacks));
  return json;
}

/* ---- the document ----------------------------------------------------------------------- */

/* Writes the value and lets it go. jansson returns NULL and -1 for what had no memory. */
static int dump(FILE *out, json_t *json) {
  int result = json ? json_dumpf(json, out, JSON_COMPACT | JSON_REAL_PRECISION(15)) : -1;
  json_decref(json);
  return result ? -ENOMEM : 0;
}

static json_t *problems_json(const struct report *report) {
  const char *const *messages;
  size_t count = symbols_problems(report->symbols, &messages);
  json_t *json = json_array();
  for (size_t i = 0; i < count; i++)
    json_array_append_new(json, report_json_text(messages[i]));
  return json;
}

static int put_queues(FILE *out, const struct report *report, const struct queue *only) {
  int error = 0;
  if (!report->diagnosis) {
    fputs("null", out);
    return 0;
  }
  fputs("[", out);
  for (size_t i = 0, put = 0; i < report->diagnosis->count && !error; i++) {
    const struct queue *queue = &report->diagnosis->queues[i];
    if (only && queue != only) continue;
    fputs(put++ ? ",\n" : "\n", out);
    error = dump(out, report_json_queue(report, queue));
  }
  fputs("]", out);
  return error;
}

int report_json(FILE *out, const struct report *report, const struct selection *selection,
                const struct queue *queue) {
  fprintf(out, "{\"dwell_summary_version\":%d,\n\"run\":", DOCUMENT_VERSION);
  int error = dump(out, run_json(report));
  fputs(",\n\"totals\":", out);
  error = error ? error : dump(out, totals_json(report));
  fputs(",\n\"self_check\":", out);
  error = error ? error : dump(out, self_check_json(&report->profile->check));
  fputs(",\n\"queues\":", out);
  error = error ? error : put_queues(out, report, queue);
  fprintf(out, ",\n\"sites_in_all\":%zu,\n\"sites_matched\":%zu,\n\"sites\":[",
          report->profile->site_count, selection->matched);
  for (size_t i = 0; i < selection->count && !error; i++) {
    fputs(i ? ",\n" : "\n", out);
    error = dump(out, site_json(report, &report->profile->sites[selection->sites[i]]));
  }
  fputs("],\n\"problems\":", out);
  error = error ? error : dump(out, problems_json(report));
  fputs("}\n", out);
  return error;
}
