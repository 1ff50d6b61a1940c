/* ffi_stats.c - gathers a producer's figures and prints the table of spans. */
#include <errno.h>
#include <stdio.h>

#include "ffi.h"

void ffi_stats_fill(struct producer *producer, struct producer_stats *stats) {
  struct queue_counts queue = queue_get_counts(&producer->queue);
  pthread_mutex_lock(&producer->mutex);
  *stats = (struct producer_stats){
      .size = sizeof *stats,
      .last_error = producer->last_error,
      .sends = atomic_load(&producer->sends),
      .enqueued = queue.enqueued,
      .rejected = queue.rejected + atomic_load(&producer->unqueued),
      .dropped_newest = queue.dropped_newest,
      .dropped_oldest = queue.dropped_oldest,
      .delivered = producer->delivered,
      .delivered_bytes = producer->delivered_bytes,
      .failed = producer->failed,
      .batches = producer->batches,
      .blocked_sends = queue.blocked_sends,
      .blocked_ns = queue.blocked_ns,
      .blocked_now = queue.blocked_now,
      .queue_messages = queue.messages,
      .queue_bytes = queue.bytes,
      .deepest_messages = queue.deepest_messages,
      .deepest_bytes = queue.deepest_bytes,
  };
  for (int i = 0; i < PRODUCER_SPANS; i++)
    stats->spans[i] = stages_figures(&producer->stages, i);
  pthread_mutex_unlock(&producer->mutex);
}

/* Right-aligned in `out`: three digits or more, with a unit. */
static const char *format_ns(uint64_t ns, char out[16]) {
  if (ns < 10000)
    snprintf(out, 16, "%llu ns", (unsigned long long)ns);
  else if (ns < 10000000)
    snprintf(out, 16, "%.1f us", (double)ns / 1e3);
  else if (ns < 10000000000)
    snprintf(out, 16, "%.1f ms", (double)ns / 1e6);
  else
    snprintf(out, 16, "%.1f s", (double)ns / 1e9);
  return out;
}

int producer_print_stages(uint64_t producer_id, int fd) {
  struct producer_stats stats = {.size = sizeof stats};
  int error = producer_stats(producer_id, &stats);
  if (error) return error;
  int printed = dprintf(fd, "%-12s %10s %11s %11s %11s %11s\n", "stage", "messages", "mean", "p50",
                        "p99", "max");
  for (int i = 0; i < PRODUCER_SPANS && printed >= 0; i++) {
    const struct producer_span_figures *span = &stats.spans[i];
    char mean[16], p50[16], p99[16], max[16];
    printed = dprintf(fd, "%-12s %10llu %11s %11s %11s %11s\n", producer_span_name(i),
                      (unsigned long long)span->count, format_ns(span->mean_ns, mean),
                      format_ns(span->p50_ns, p50), format_ns(span->p99_ns, p99),
                      format_ns(span->max_ns, max));
  }
  return printed < 0 ? -errno : 0;
}
