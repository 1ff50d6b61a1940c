/* lane_copy.h - a copy of what a lane's window and its other slots hold, taken in an order in which
 * nothing can get lost between two parts of it. What moved meanwhile may be in it twice. */
#ifndef DWELL_LANE_COPY_H
#define DWELL_LANE_COPY_H

#include "lane_window.h"

/* A cell in use. */
struct numbered_cell {
  struct trace_cell cell;
  uint32_t number; /* in the lane */
};

struct lane_copy {
  struct trace_lane before, after; /* the control, at the begin and at the end */
  struct numbered_cell *cells;
  size_t cell_count, cell_capacity;
  struct trace_young *young;
  size_t young_count, young_capacity;
};

/* One try; arguments as of lane_window_read(). Fills in the window's state, control and open chunk,
 * which comes to lie in the first slot of `buffer`. Returns 0, or -errno of reading or -ENOMEM;
 * lane_copy_free() in any case. */
int lane_copy_make(int fd, uint64_t offset, const struct lane_more *more, size_t count,
                   uint8_t *buffer, struct lane_window *window, struct lane_copy *copy);
void lane_copy_free(struct lane_copy *copy);

#endif
