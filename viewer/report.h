/* report.h - what a report is made from, and its parts: text on a terminal, or JSON.
 *
 * Reports compute nothing but shares of the profile's figures. They symbolise only what they show.
 */
#ifndef DWELL_REPORT_H
#define DWELL_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "diagnosis/diagnosis.h"
#include "select.h"
#include "symbols.h"
#include "terminal.h"
#include "trace_file.h"

struct report {
  struct trace_file *file;
  const struct run_info *info;
  const struct profile *profile;
  const struct diagnosis *diagnosis; /* NULL: not made, as for report_open_figures() */
  uint64_t *bounds; /* of its queues, as they were asked for: see report_recommended_bound() */
  unsigned *doubts; /* the same, see report_doubts() */
  struct symbols *symbols;
  uint32_t depth; /* frames of a stack to show, 0 all */
};

/* Opens a trace, reads it whole (with a progress bar), opens its symbols and makes its diagnosis.
 * Returns 0, or an enum dwell_exit after a message on stderr that begins with the command.
 * `timeline` may be NULL. `depth` is left 0. */
int report_open(struct report *report, const char *command, const char *path,
                struct timeline *timeline);
/* The same without the diagnosis, which needs a second pass. */
int report_open_figures(struct report *report, const char *command, const char *path,
                        struct timeline *timeline);
/* Reads the trace a second time, for its diagnosis. Returns 0 or -errno; nothing is said. */
int report_diagnose(struct report *report);
void report_forget_diagnosis(struct report *report);
void report_close(struct report *report);

/* Ends a report: `result`, or DWELL_FAILED with a message when `out` could not be written. */
int report_finish(const char *command, FILE *out, int result);
int report_no_memory(const char *command); /* says so; DWELL_FAILED */

/* Lifetime below or at which a share p (0..1) of the site's blocks lived; never above its max. */
uint64_t report_percentile_ns(const struct site *site, double p);

/* Where a site's true figures lie; NULL when the trace is no sample and they are known. */
const struct intervals *report_intervals(const struct report *report, const struct site *site);
/* "(281 MiB to 330 MiB)" behind an estimate. */
void report_bytes_range(struct terminal *terminal, struct range range);
void report_held_range(struct terminal *terminal, struct range range);

/* Whether events are missing from the trace, so that figures are too low: not when the program was
 * merely killed. */
bool report_is_partial(const struct report *report);

/* The smallest bound that costs next to no time: of a queue, bounded or not. 0: none is known. */
uint64_t report_recommended_bound(const struct report *report, const struct queue *queue);
/* As whatif_doubts(). */
unsigned report_doubts(const struct report *report, const struct queue *queue);
/* By what --queue takes; NULL when there is none. */
const struct queue *report_find_queue(const struct report *report, uint64_t id);

/* ---- text: report_text.c, report_head.c, report_trace.c, report_site.c -------------------- */

/* What was run. */
void report_title(struct terminal *terminal, const struct report *report);
/* The run as a whole. */
void report_head(struct terminal *terminal, const struct report *report);
/* Of that: whether the trace is complete, and how much of the run is in it. */
void report_trace(struct terminal *terminal, const struct report *report);
/* The selected sites, best first, and how much of the whole they are. */
void report_sites(struct terminal *terminal, const struct report *report,
                  const struct selection *selection, const struct selection_options *options);
/* Everything about one site. */
void report_site(struct terminal *terminal, const struct report *report, const struct site *site,
                 const struct timeline *timeline);
/* Modules without symbols; not those that `said` (or NULL) has as well. */
void report_problems(struct terminal *terminal, const struct report *report,
                     const struct report *said);

/* ---- parts that both text reports share: report_stack.c ---------------------------------- */

/* Label in the left margin; the rest of the line, and its continuations, begin at a column. */
void report_label(struct terminal *terminal, int margin, const char *label);
/* Name of a frame's function, shortened; module+0xoffset when unknown. */
void report_frame_name(const struct frame *frame, char *name, size_t size);
/* "file.c:12", or "" when unknown. */
void report_frame_place(const struct frame *frame, char *place, size_t size);
/* The first frame of the program's own code, else the first that isn't of a runtime, else the
 * leaf. NULL when the stack is empty. */
const struct frame *report_lead(const struct frame *frames, size_t count);
/* A stack under a label: own frames one a line, runs of library internals in one dim line; the
 * leaf-most `report->depth` own lines. */
void report_stack(struct terminal *terminal, const struct report *report, int margin,
                  const char *label, uint32_t stack);
/* A stack with every frame in a line of its own. */
void report_whole_stack(struct terminal *terminal, const struct report *report, int margin,
                        uint32_t stack);
/* How many of the site's blocks were folded, so that nobody knows where they died; if any were. */
void report_folded(struct terminal *terminal, int margin, const char *label,
                   const struct site *site);
/* "main 60.0%, worker 40.0%": threads by their share of blocks, at most `limit` of them (0 all). */
char *report_threads(const struct report *report, const struct shares *threads, size_t limit);

/* ---- JSON: report_json.c ------------------------------------------------------------------ */

/* Writes the document of docs/summary-json.md. `queue`: that one alone; NULL: all. Returns 0, or
 * -ENOMEM. */
int report_json(FILE *out, const struct report *report, const struct selection *selection,
                const struct queue *queue);

#endif
