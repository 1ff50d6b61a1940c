/* run_report.c - opens each trace of the run once, keeps the one that held most open for its
 * summary, and of the others only the figures of their line. */
#include "run_report.h"

#include <stdlib.h>

#include "commands.h"
#include "format.h"
#include "trace_file.h"

/* With fewer events than this and more memory than that, the program has memory from elsewhere. */
#define UNSEEN_EVENTS 1000u
#define UNSEEN_RSS_BYTES (64u << 20)

struct line {
  const struct session_trace *trace;
  bool readable;
  char problem[512];
  double held_byte_seconds;
  uint64_t events, peak_bytes, rss_bytes;
};

static int line_compare(const void *left, const void *right) {
  const struct line *a = left, *b = right;
  if (a->held_byte_seconds != b->held_byte_seconds)
    return a->held_byte_seconds < b->held_byte_seconds ? 1 : -1;
  return (a->trace->pid > b->trace->pid) - (a->trace->pid < b->trace->pid);
}

static void line_place(const struct session_trace *trace, FILE *out) {
  if (trace->alive)
    fprintf(out, "dwell: %s (pid %llu) still runs; its trace goes on in %s\n", trace->program,
            (unsigned long long)trace->pid, trace->path);
  else
    fprintf(out, "dwell: trace of %s (pid %llu): %s\n", trace->program,
            (unsigned long long)trace->pid, trace->path);
}

static void line_print(const struct line *line, FILE *out) {
  if (!line->readable)
    fprintf(out, "dwell: trace of %s (pid %llu): %s\n", line->trace->program,
            (unsigned long long)line->trace->pid, line->problem);
  else
    fprintf(out, "dwell: also %s (pid %llu%s): %s events, held %s, peak %s: %s\n",
            line->trace->program, (unsigned long long)line->trace->pid,
            line->trace->alive ? ", still runs" : "", format_count(line->events).text,
            format_byte_seconds(line->held_byte_seconds).text, format_bytes(line->peak_bytes).text,
            line->trace->path);
}

static void unseen_print(const struct line *line, FILE *out) {
  if (!line->readable || line->events >= UNSEEN_EVENTS || line->rss_bytes < UNSEEN_RSS_BYTES ||
      line->peak_bytes > line->rss_bytes / 10)
    return;
  fprintf(out,
          "dwell: %s (pid %llu) used %s, yet only %s of it came from the malloc that dwell sees: "
          "its allocator is linked in, or it maps memory itself (Go, Java and others do); build it "
          "with the allocator as a shared library to see it\n",
          line->trace->program, (unsigned long long)line->trace->pid,
          format_bytes(line->rss_bytes).text, format_bytes(line->peak_bytes).text);
}

void run_report_places(const struct session *session, FILE *out) {
  for (size_t i = 0; i < session->count; i++)
    line_place(session->traces[i], out);
}

void run_report_summary(const struct session *session, FILE *out) {
  struct trace_file *main_file = NULL;
  struct profile *main_profile = NULL;
  const struct session_trace *main_trace = NULL;
  struct line *lines = calloc(session->count, sizeof(*lines));
  if (!lines) {
    fprintf(out, "dwell: no memory for a summary\n");
    run_report_places(session, out);
    return;
  }
  for (size_t i = 0; i < session->count; i++) {
    struct line *line = &lines[i];
    struct trace_file *file = NULL;
    struct profile *profile = NULL;
    line->trace = session->traces[i];
    if (trace_file_open(line->trace->path, &file, line->problem) != 0) continue;
    if (trace_file_profile(file, &profile, NULL, NULL, NULL) != 0) {
      snprintf(line->problem, sizeof(line->problem), "%s: cannot be read to its end",
               line->trace->path);
      trace_file_close(file);
      continue;
    }
    line->readable = true;
    line->held_byte_seconds = profile->held_byte_seconds;
    line->events = profile->events;
    line->peak_bytes = profile->peak.bytes;
    line->rss_bytes = trace_file_info(file)->max_rss_bytes;
    if (!main_profile || profile->held_byte_seconds > main_profile->held_byte_seconds) {
      struct trace_file *other_file = main_file;
      struct profile *other_profile = main_profile;
      main_file = file, main_profile = profile, main_trace = line->trace;
      file = other_file, profile = other_profile;
    }
    if (file) {
      profile_free(profile);
      trace_file_close(file);
    }
  }
  if (main_file) {
    summary_print(main_file, main_profile, out);
    line_place(main_trace, out);
    profile_free(main_profile);
    trace_file_close(main_file);
  }
  qsort(lines, session->count, sizeof(*lines), line_compare);
  for (size_t i = 0; i < session->count; i++) {
    if (lines[i].trace != main_trace) line_print(&lines[i], out);
    unseen_print(&lines[i], out);
  }
  free(lines);
}

void run_report_nothing(const struct session *session, const struct recordable *program,
                        FILE *out) {
  if (recordable_evident(program))
    fprintf(out, "dwell: nothing was recorded, as said above\n");
  else if (program->kind != RECORDABLE_YES)
    fprintf(out, "dwell: nothing was recorded: %s\n", program->message);
  else
    fprintf(out,
            "dwell: nothing was recorded: no trace appeared as %s. If libdwell.so or ld.so said no "
            "reason above, the program was started with another environment (sudo, env -i), or "
            "was killed before its first allocation; run dwell inside of what changes the "
            "environment\n",
            session->pattern);
}
