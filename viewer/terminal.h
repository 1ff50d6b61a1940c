/* terminal.h - what reports are drawn on: width, colour, characters; and drawing line by line.
 *
 * Everything that is drawn goes through here: control characters of names can't reach the
 * terminal, nothing is wider than the width, and without UTF-8 ASCII stands in. Text is UTF-8.
 */
#ifndef DWELL_TERMINAL_H
#define DWELL_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

enum style { PLAIN, STRONG, DIM, ACCENT, WARNING };

struct terminal {
  FILE *out;
  int width;
  bool colour, unicode;
  int column; /* of what is drawn next; kept by the functions below */
  int spaces; /* not yet written: no line ends in spaces */
  int indent; /* where terminal_field() goes on in the next line */
};

/* Width: COLUMNS, else the terminal's, else 100; at least 40. Colour by COLOUR_AUTO: only on a
 * terminal that is not dumb, and without NO_COLOR. UTF-8: unless the locale says another. */
void terminal_open(struct terminal *terminal, FILE *out, enum colour colour);

/* Appends to the line; what does not fit is cut and marked "…". */
void terminal_put(struct terminal *terminal, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends as a whole, in a new line at `indent` when it does not fit; three spaces apart from what
 * stands before it. */
void terminal_field(struct terminal *terminal, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Spaces up to a column; none when it is passed. */
void terminal_to(struct terminal *terminal, int column);
void terminal_end(struct terminal *terminal); /* of the line */
/* Wraps words into lines that begin at `indent`. The line is ended. */
void terminal_wrap(struct terminal *terminal, enum style style, const char *text);
/* A bar of `cells` cells, `share` (0..1) of it filled. */
void terminal_bar(struct terminal *terminal, double share, int cells);

/* Columns that text takes. */
int terminal_columns(const char *text);
/* The eighths of a block, "" (0) to "█" (8). */
const char *terminal_block(int eighths);

/* Shows how far a long task is: on stderr, when that is a terminal, after a second. */
struct progress {
  double began; /* seconds */
  int shown;    /* percent on the screen, -1 none */
  const char *task;
};
struct progress progress_begin(const char *task);
/* `context` is a struct progress. */
void progress_show(void *context, double share);
void progress_end(struct progress *progress);

#endif
