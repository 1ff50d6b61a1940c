/* lane_window.h - one lane's window of a trace, with the slots of more cells and young blocks that
 * belong to it: a whole of one moment, though a live recorder may be at work in it.
 *
 * What the recorder was moving from one place to another when it was killed is found twice; here
 * each thing is given out once, by the rules of shim/trace.h.
 */
#ifndef DWELL_LANE_WINDOW_H
#define DWELL_LANE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../shim/trace.h"
#include "fold.h"

/* A slot of more cells, or a table of `slots` slots of more young blocks. */
struct lane_more {
  uint64_t offset;
  uint32_t magic, lane, index, slots;
  bool taken; /* by a window: it belongs to one only */
};

/* What a lane holds besides its chunks. */
struct lane_rest {
  uint32_t lane;
  uint32_t thread;           /* serial number, by the head of the open chunk */
  struct trace_young *young; /* by address; none twice */
  size_t young_count;
  struct fold *folds; /* of its cells */
  size_t fold_count;
};

enum lane_window_state {
  LANE_WINDOW_GOOD,
  LANE_WINDOW_EMPTY, /* good, but no records are in its open chunk */
  LANE_WINDOW_BAD,   /* torn, or no window at all; nothing else of it is to be used */
};

struct lane_window {
  enum lane_window_state state;
  struct trace_lane control;
  const uint8_t *open; /* the open chunk's slot: trace_chunk and records, in the caller's buffer */
  struct lane_rest rest;
  uint64_t bad_folds; /* cells that can't be true */
};

/* Reads the window at `offset`. `more`: of this lane alone, in order of magic and index; `buffer`:
 * 2 * TRACE_SLOT bytes. `live`: tries again while it changes too fast. Returns 0, or -errno of
 * reading or -ENOMEM; then, and when it is bad, there is no rest. Else lane_rest_free(). */
int lane_window_read(int fd, uint64_t offset, bool live, const struct lane_more *more,
                     size_t more_count, uint8_t *buffer, struct lane_window *window);
void lane_rest_free(struct lane_rest *rest);

#endif
