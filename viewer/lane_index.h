/* lane_index.h - puts what a scan has found in order by lane, and counts what must have been there
 * and is not. */
#ifndef DWELL_LANE_INDEX_H
#define DWELL_LANE_INDEX_H

#include "lane_window.h"
#include "slots.h"

/* A window as it was found. */
struct window {
  uint64_t offset;
  uint32_t lane, sequence;
  bool good;
  struct lane_rest rest; /* moves to the lane; of two windows of a lane the first one's */
};

struct lane_index {
  struct slots *slots; /* chunks in any order; its lanes are made here */
  bool live;
  struct window *windows;
  size_t window_count;
};

/* Returns 0 or -ENOMEM. */
int lane_index_build(struct lane_index *index, uint64_t unprotected_lanes);

#endif
