/* timeline.c - means over equal parts of the run. Part i is [i, i + 1) x duration / parts. */
#include "timeline.h"

static uint64_t part_begin(const struct timeline_fill *fill, unsigned part) {
  return (uint64_t)((unsigned __int128)fill->duration_ns * part / TIMELINE_BUCKETS);
}

static uint64_t part_end(const struct timeline_fill *fill, unsigned part) {
  return part + 1 < TIMELINE_BUCKETS ? part_begin(fill, part + 1) : fill->duration_ns;
}

/* The last part that has begun by then. In a run of fewer nanoseconds than parts some are empty,
 * and several begin at once. */
static unsigned part_of(const struct timeline_fill *fill, uint64_t ns) {
  if (ns >= fill->duration_ns) return TIMELINE_BUCKETS - 1;
  unsigned __int128 reached = ((unsigned __int128)ns + 1) * TIMELINE_BUCKETS - 1;
  return (unsigned)(reached / fill->duration_ns);
}

void timeline_begin(struct timeline_fill *fill, struct timeline *timeline, uint64_t duration_ns,
                    double unit) {
  *fill = (struct timeline_fill){.timeline = timeline, .duration_ns = duration_ns, .unit = unit};
  if (timeline) *timeline = (struct timeline){.stack = timeline->stack};
}

void timeline_change(struct timeline_fill *fill, uint64_t ns, uint64_t bytes, uint64_t blocks) {
  if (ns > fill->duration_ns) ns = fill->duration_ns;
  while (fill->ns < ns) {
    unsigned part = part_of(fill, fill->ns);
    uint64_t end = part_end(fill, part);
    if (end > ns) end = ns;
    double span = (double)(end - fill->ns);
    fill->timeline->mean_bytes[part] += (double)fill->bytes * span;
    fill->timeline->mean_blocks[part] += (double)fill->blocks * span;
    fill->ns = end;
  }
  fill->bytes = bytes;
  fill->blocks = blocks;
}

void timeline_birth(struct timeline_fill *fill, uint64_t ns, uint64_t blocks) {
  fill->timeline->births[part_of(fill, ns)] += (double)blocks;
}

void timeline_death(struct timeline_fill *fill, uint64_t ns, uint64_t blocks) {
  fill->timeline->deaths[part_of(fill, ns)] += (double)blocks;
}

static void spread_add(struct timeline *timeline, unsigned part, double share, uint64_t blocks,
                       double byte_ns, double block_ns) {
  timeline->births[part] += share * (double)blocks;
  timeline->deaths[part] += share * (double)blocks;
  timeline->mean_bytes[part] += share * byte_ns;
  timeline->mean_blocks[part] += share * block_ns;
}

void timeline_spread(struct timeline_fill *fill, uint64_t begin_ns, uint64_t end_ns,
                     uint64_t blocks, double byte_ns, double block_ns) {
  if (end_ns > fill->duration_ns) end_ns = fill->duration_ns;
  if (begin_ns >= end_ns) {
    spread_add(fill->timeline, part_of(fill, end_ns), 1, blocks, byte_ns, block_ns);
    return;
  }
  double span = (double)(end_ns - begin_ns);
  while (begin_ns < end_ns) {
    unsigned part = part_of(fill, begin_ns);
    uint64_t end = part_end(fill, part);
    if (end > end_ns) end = end_ns;
    spread_add(fill->timeline, part, (double)(end - begin_ns) / span, blocks, byte_ns, block_ns);
    begin_ns = end;
  }
}

void timeline_finish(struct timeline_fill *fill) {
  timeline_change(fill, fill->duration_ns, 0, 0);
  for (unsigned part = 0; part < TIMELINE_BUCKETS; part++) {
    double span = (double)(part_end(fill, part) - part_begin(fill, part)) * fill->unit;
    fill->timeline->births[part] /= fill->unit;
    fill->timeline->deaths[part] /= fill->unit;
    if (span <= 0) continue;
    fill->timeline->mean_bytes[part] /= span;
    fill->timeline->mean_blocks[part] /= span;
  }
}
