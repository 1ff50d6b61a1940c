/* timeline.c - means over equal parts of the run. Part i is [i, i + 1) x duration / parts. */
#include "timeline.h"

static uint64_t part_begin(const struct timeline_fill *fill, unsigned part) {
  return (uint64_t)((unsigned __int128)fill->duration_ns * part / TIMELINE_BUCKETS);
}

/* The last part that has begun by then. In a run of fewer nanoseconds than parts some are empty,
 * and several begin at once. */
static unsigned part_of(const struct timeline_fill *fill, uint64_t ns) {
  if (ns >= fill->duration_ns) return TIMELINE_BUCKETS - 1;
  unsigned __int128 reached = ((unsigned __int128)ns + 1) * TIMELINE_BUCKETS - 1;
  return (unsigned)(reached / fill->duration_ns);
}

void timeline_begin(struct timeline_fill *fill, struct timeline *timeline, uint64_t duration_ns) {
  *fill = (struct timeline_fill){.timeline = timeline, .duration_ns = duration_ns};
  if (timeline) *timeline = (struct timeline){.stack = timeline->stack};
}

void timeline_change(struct timeline_fill *fill, uint64_t ns, uint64_t bytes, uint64_t blocks) {
  if (ns > fill->duration_ns) ns = fill->duration_ns;
  while (fill->ns < ns) {
    unsigned part = part_of(fill, fill->ns);
    uint64_t end = part + 1 < TIMELINE_BUCKETS ? part_begin(fill, part + 1) : fill->duration_ns;
    if (end > ns) end = ns;
    double span = (double)(end - fill->ns);
    fill->timeline->mean_bytes[part] += (double)fill->bytes * span;
    fill->timeline->mean_blocks[part] += (double)fill->blocks * span;
    fill->ns = end;
  }
  fill->bytes = bytes;
  fill->blocks = blocks;
}

void timeline_birth(struct timeline_fill *fill, uint64_t ns) {
  fill->timeline->births[part_of(fill, ns)]++;
}

void timeline_death(struct timeline_fill *fill, uint64_t ns) {
  fill->timeline->deaths[part_of(fill, ns)]++;
}

void timeline_finish(struct timeline_fill *fill) {
  timeline_change(fill, fill->duration_ns, 0, 0);
  for (unsigned part = 0; part < TIMELINE_BUCKETS; part++) {
    uint64_t end = part + 1 < TIMELINE_BUCKETS ? part_begin(fill, part + 1) : fill->duration_ns;
    uint64_t span = end - part_begin(fill, part);
    if (span == 0) continue;
    fill->timeline->mean_bytes[part] /= (double)span;
    fill->timeline->mean_blocks[part] /= (double)span;
  }
}
