/* rss.c - adds samples, halves them when full. The file always holds whole samples in order of
 * time: an added one is a single pwrite, a halving is a single pwrite of the whole table. */
#include "rss.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int table_write(const struct rss *rss, int fd, size_t first, size_t count) {
  size_t bytes = count * sizeof(rss->samples[0]);
  off_t at = (off_t)(TRACE_RSS_OFFSET + first * sizeof(rss->samples[0]));
  ssize_t written = pwrite(fd, rss->samples + first, bytes, at);
  if (written < 0) return -errno;
  return (size_t)written == bytes ? 0 : -EIO;
}

static int table_halve(struct rss *rss, int fd) {
  for (size_t i = 0; i < rss->count / 2; i++)
    rss->samples[i] = rss->samples[2 * i];
  rss->count /= 2;
  rss->stride *= 2;
  memset(rss->samples + rss->count, 0, (TRACE_RSS_SAMPLES - rss->count) * sizeof(rss->samples[0]));
  return table_write(rss, fd, 0, TRACE_RSS_SAMPLES);
}

int rss_add(struct rss *rss, int fd, uint64_t monotonic_ns, uint64_t bytes) {
  if (bytes > rss->max_bytes) rss->max_bytes = bytes;
  if (!rss->samples) {
    rss->samples = calloc(TRACE_RSS_SAMPLES, sizeof(rss->samples[0]));
    if (!rss->samples) return -ENOMEM;
    rss->stride = 1;
  }
  if (rss->offered++ % rss->stride != 0) return 0;
  if (rss->count == TRACE_RSS_SAMPLES) {
    int error = table_halve(rss, fd);
    if (error) return error;
  }
  rss->samples[rss->count++] = (struct trace_rss){.monotonic_ns = monotonic_ns, .bytes = bytes};
  return table_write(rss, fd, rss->count - 1, 1);
}

void rss_free(struct rss *rss) {
  free(rss->samples);
  *rss = (struct rss){0};
}
