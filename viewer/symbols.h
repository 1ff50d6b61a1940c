/* symbols.h - from addresses to functions, files and lines, by elfutils; inline frames expanded.
 *
 * Each address is looked up once. Works without the process: modules are opened from their paths
 * (or by build id from the debug directories), checked against the build id that the trace has.
 */
#ifndef DWELL_SYMBOLS_H
#define DWELL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace_file.h"

/* One frame as a reader of source code knows it. Strings belong to the symbols. */
struct frame {
  uint64_t address;     /* pc in the process; the same for the frames inlined into one another */
  const char *module;   /* path, or "" */
  uint64_t offset;      /* pc - load bias: what addr2line takes */
  const char *function; /* demangled; NULL when unknown */
  const char *file;     /* NULL when unknown */
  int line;             /* 0 when unknown */
  bool inlined;         /* this function was inlined into the next frame's */
  bool library;         /* in a system library (or a language's runtime): dimmed in reports */
};

struct symbols;
/* NULL: no memory. Takes DEBUGINFOD_URLS out of the environment, so that nothing is downloaded. */
struct symbols *symbols_open(const struct trace_file *file);
/* Allows downloads of debug files as DEBUGINFOD_URLS said. Call before the first look-up. */
void symbols_allow_debuginfod(struct symbols *symbols);
void symbols_close(struct symbols *symbols);

/* The frames of a stack, leaf first, inline frames expanded; at most `limit` nodes deep (0: all).
 * Returns how many; *frames is owned by symbols and valid until it is closed. */
size_t symbols_stack(struct symbols *symbols, uint32_t stack, uint32_t limit,
                     const struct frame **frames);
/* The frames of one node of the stack tree (one, or more with inlining), innermost first; 0 when
 * the node is not in the file. Owned by symbols. */
size_t symbols_node(struct symbols *symbols, uint32_t node, const struct frame **frames);
/* Modules that could not be opened or whose build id differs, for the report: one message each. */
size_t symbols_problems(const struct symbols *symbols, const char *const **messages);

#endif
