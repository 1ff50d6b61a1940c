/* report_stack.c - stacks and threads as text, for both text reports; see report.h.
 *
 * The program's own frames get a line each; what lies between them, below malloc or around a
 * thread's start, is one dim line a run: shown, but out of the way.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "format.h"
#include "report.h"

enum { NAME_SIZE = 512 };

void report_label(struct terminal *terminal, int margin, const char *label) {
  terminal_to(terminal, 4);
  terminal_put(terminal, DIM, "%s", label);
  terminal_to(terminal, margin);
  terminal->indent = margin;
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

void report_frame_name(const struct frame *frame, char *name, size_t size) {
  if (frame->function)
    demangle_shorten(frame->function, name, size);
  else if (*frame->module)
    snprintf(name, size, "%s+0x%" PRIx64, base_name(frame->module), frame->offset);
  else
    snprintf(name, size, "0x%" PRIx64, frame->address);
}

void report_frame_place(const struct frame *frame, char *place, size_t size) {
  if (frame->file && frame->line)
    snprintf(place, size, "%s:%d", base_name(frame->file), frame->line);
  else if (frame->file)
    snprintf(place, size, "%s", base_name(frame->file));
  else if (frame->function && *frame->module)
    snprintf(place, size, "%s", base_name(frame->module));
  else
    *place = 0;
}

const struct frame *report_lead(const struct frame *frames, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!frames[i].library) return &frames[i];
  return count ? frames : NULL;
}

/* Of a qualified name the end says most: its beginning is cut. */
static void put_name(struct terminal *terminal, enum style style, const char *name, int columns) {
  int wide = terminal_columns(name);
  if (wide > columns && strstr(name, "::")) {
    const char *tail = name;
    while (wide > columns - 1 && *tail) {
      do
        tail++;
      while ((*tail & 0xc0) == 0x80);
      wide = terminal_columns(tail);
    }
    terminal_put(terminal, style, "…%s", tail);
  } else {
    int width = terminal->width;
    if (terminal->column + columns < width) terminal->width = terminal->column + columns;
    terminal_put(terminal, style, "%s", name);
    terminal->width = width;
  }
}

static int name_columns(const struct terminal *terminal, int margin, const struct frame *frames,
                        size_t count, bool library_too) {
  int widest = 0, most = (terminal->width - margin) * 6 / 10;
  for (size_t i = 0; i < count; i++) {
    if (frames[i].library && !library_too) continue;
    char name[NAME_SIZE];
    report_frame_name(&frames[i], name, sizeof name);
    int wide = terminal_columns(name);
    widest = wide > widest ? wide : widest;
  }
  return widest < most ? widest : most;
}

static void internal_name(const struct frame *frame, char *name, size_t size) {
  if (frame->function)
    report_frame_name(frame, name, size);
  else
    snprintf(name, size, "%s", base_name(frame->module));
}

/* Joins the names of frames [from, count), repeated ones once. To be freed. */
static char *join_names(const struct frame *frames, size_t from, size_t count) {
  char *text = NULL, before[NAME_SIZE] = "";
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (!out) return NULL;
  for (size_t i = from; i < count; i++) {
    char name[NAME_SIZE];
    internal_name(&frames[i], name, sizeof name);
    if (strcmp(name, before) != 0) fprintf(out, "%s%s", i > from ? ", " : "", name);
    memcpy(before, name, sizeof before);
  }
  fclose(out);
  return text;
}

/* One dim line for frames [0, count): the functions without their places. Where an own frame called
 * into them, what it called says most: then the middle is left out, not the end. */
static void put_internals(struct terminal *terminal, int margin, const struct frame *frames,
                          size_t count, bool called_by_own) {
  char first[NAME_SIZE];
  internal_name(&frames[0], first, sizeof first);
  terminal_to(terminal, margin);
  char *text = join_names(frames, 0, count);
  size_t from = 1;
  while (called_by_own && text && margin + 2 + terminal_columns(text) > terminal->width &&
         from + 1 < count) {
    free(text);
    char *rest = join_names(frames, ++from, count);
    if (!rest || asprintf(&text, "%s, …, %s", first, rest) < 0) text = NULL;
    free(rest);
  }
  terminal_put(terminal, DIM, "· %s", text ? text : first);
  terminal_end(terminal);
  free(text);
}

void report_stack(struct terminal *terminal, const struct report *report, int margin,
                  const char *label, uint32_t stack) {
  const struct frame *frames;
  size_t count = symbols_stack(report->symbols, stack, 0, &frames);
  report_label(terminal, margin, label);
  if (!count) {
    terminal_put(terminal, DIM, "no stack");
    terminal_end(terminal);
    return;
  }
  bool any_own = !report_lead(frames, count)->library;
  int columns = name_columns(terminal, margin, frames, count, !any_own);
  uint32_t lines = 0;
  for (size_t i = 0; i < count; i++) {
    if (report->depth && lines == report->depth) {
      terminal_to(terminal, margin);
      terminal_put(terminal, DIM, "… %zu more", count - i);
      terminal_end(terminal);
      break;
    }
    if (any_own && frames[i].library) {
      size_t run = 1;
      while (i + run < count && frames[i + run].library)
        run++;
      put_internals(terminal, margin, &frames[i], run, i + run < count);
      i += run - 1;
      continue;
    }
    char name[NAME_SIZE], place[NAME_SIZE];
    report_frame_name(&frames[i], name, sizeof name);
    report_frame_place(&frames[i], place, sizeof place);
    terminal_to(terminal, margin);
    put_name(terminal, frames[i].library ? DIM : PLAIN, name, columns);
    if (*place) {
      terminal_to(terminal, margin + columns + 2);
      terminal_put(terminal, DIM, "%s", place);
    }
    terminal_end(terminal);
    lines++;
  }
}

void report_whole_stack(struct terminal *terminal, const struct report *report, int margin,
                        uint32_t stack) {
  const struct frame *frames;
  size_t count = symbols_stack(report->symbols, stack, report->depth, &frames);
  int columns = name_columns(terminal, margin, frames, count, true);
  for (size_t i = 0; i < count; i++) {
    const struct frame *frame = &frames[i];
    char name[NAME_SIZE];
    report_frame_name(frame, name, sizeof name);
    terminal_to(terminal, margin);
    put_name(terminal, frame->library ? DIM : PLAIN, name, columns);
    terminal_to(terminal, margin + columns + 2);
    if (frame->file)
      terminal_put(terminal, DIM, "%s:%d", frame->file, frame->line);
    else if (frame->function && *frame->module)
      terminal_put(terminal, DIM, "%s+0x%" PRIx64, frame->module, frame->offset);
    else
      terminal_put(terminal, DIM, "%s", frame->module);
    if (frame->inlined) terminal_put(terminal, DIM, " (inlined)");
    terminal_end(terminal);
  }
  if (!count) {
    terminal_to(terminal, margin);
    terminal_put(terminal, DIM, "no stack");
    terminal_end(terminal);
  }
}

char *report_threads(const struct report *report, const struct shares *threads, size_t limit) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (!out) return NULL;
  uint64_t all = 0;
  for (size_t i = 0; i < threads->count; i++)
    all += threads->of[i].blocks;
  size_t shown = limit && threads->count > limit ? limit : threads->count;
  for (size_t i = 0; i < shown; i++) {
    const struct share *share = &threads->of[i];
    const char *name = trace_file_thread_name(report->file, share->id);
    fprintf(out, "%s%s", i ? ", " : "", *name ? name : "(unnamed)");
    if (threads->count > 1)
      fprintf(out, " %s", format_share((double)share->blocks, (double)all).text);
  }
  if (threads->count > shown) fprintf(out, " and %zu more", threads->count - shown);
  fclose(out);
  return text;
}

void report_folded(struct terminal *terminal, int margin, const char *label,
                   const struct site *site) {
  if (!site->folded.blocks) return;
  if (*label)
    report_label(terminal, margin, label);
  else
    terminal_to(terminal, margin);
  terminal_put(terminal, DIM, "%s died young and %s folded: where is not recorded",
               format_blocks(site->folded.blocks).text, site->folded.blocks == 1 ? "was" : "were");
  terminal_end(terminal);
}
