/* demo_log.c - rows in, CSV out. */
#include "demo_log.h"

#include <errno.h>
#include <sys/mman.h>

static const char *const outcomes[] = {"delivered", "failed", "dropped-newest", "dropped-oldest"};

int demo_log_open(struct demo_log *log, const char *path, uint64_t messages) {
  static char buffer[1 << 16];
  *log = (struct demo_log){.count = messages};
  if (!path) return 0;
  log->rows = mmap(NULL, messages * sizeof *log->rows, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (log->rows == MAP_FAILED) return -errno;
  log->file = fopen(path, "we");
  if (!log->file) {
    int error = -errno;
    munmap(log->rows, messages * sizeof *log->rows);
    return error;
  }
  setvbuf(log->file, buffer, _IOFBF, sizeof buffer);
  return 0;
}

void demo_log_delivery(struct demo_log *log, uint64_t row,
                       const struct producer_delivery *delivery) {
  if (!log->file) return;
  struct demo_row *to = &log->rows[row];
  to->producer_id = delivery->producer_id;
  to->sequence = delivery->sequence;
  to->bytes = delivery->bytes;
  to->outcome = outcomes[delivery->outcome];
  for (int i = 0; i < PRODUCER_STAGES; i++)
    to->times_ns[i] = delivery->times_ns[i];
}

void demo_log_rejection(struct demo_log *log, uint64_t row, uint64_t producer_id, uint64_t sequence,
                        uint64_t created_ns, uint64_t bytes) {
  if (!log->file) return;
  log->rows[row] = (struct demo_row){.producer_id = producer_id,
                                     .sequence = sequence,
                                     .times_ns[PRODUCER_CREATED] = created_ns,
                                     .bytes = bytes,
                                     .outcome = "rejected"};
}

int demo_log_close(struct demo_log *log) {
  if (!log->file) return 0;
  fputs("producer,sequence,created_ns,enqueued_ns,dequeued_ns,mailed_ns,encoded_ns,sent_ns,"
        "acknowledged_ns,bytes,outcome\n",
        log->file);
  for (uint64_t i = 0; i < log->count; i++) {
    const struct demo_row *row = &log->rows[i];
    if (!row->outcome) continue;
    fprintf(log->file, "%llu,%llu,", (unsigned long long)row->producer_id,
            (unsigned long long)row->sequence);
    for (int s = 0; s < PRODUCER_STAGES; s++)
      fprintf(log->file, "%llu,", (unsigned long long)row->times_ns[s]);
    fprintf(log->file, "%llu,%s\n", (unsigned long long)row->bytes, row->outcome);
  }
  int failed = ferror(log->file);
  int error = fclose(log->file) != 0 ? -errno : 0;
  munmap(log->rows, log->count * sizeof *log->rows);
  return failed && !error ? -EIO : error;
}
