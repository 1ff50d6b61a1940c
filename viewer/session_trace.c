/* session_trace.c - samples and end records. A failure here leaves a trace with fewer samples or
 * without end record, which is a trace all the same: so no errors are reported. */
#include "session_trace.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "end_record.h"
#include "process.h"

bool session_trace_of_launch(const struct session_trace *trace, const struct launch *launch) {
  return trace->pid == (uint64_t)launch->pid && trace->process_start == launch->process_start;
}

static void trace_close(struct session_trace *trace) {
  if (trace->fd >= 0) close(trace->fd);
  trace->fd = -1;
  trace->alive = false;
  trace->closed = true;
  rss_free(&trace->rss);
}

/* Whether the recorder itself wrote that the process was replaced by exec. */
static bool recorded_exec(const struct session_trace *trace) {
  uint64_t ending;
  off_t at = (off_t)(TRACE_CONTROL_OFFSET + offsetof(struct trace_control, ending));
  return pread(trace->fd, &ending, sizeof(ending), at) == (ssize_t)sizeof(ending) &&
         ending == TRACE_EXECED;
}

static void trace_gone(struct session_trace *trace, uint64_t monotonic_ns, uint64_t ticks) {
  struct trace_end end = {.kind = TRACE_END_GONE,
                          .status = -1,
                          .end_monotonic_ns = monotonic_ns,
                          .end_ticks = ticks,
                          .max_rss_bytes = trace->max_rss_bytes};
  end_record_write(trace->fd, &end);
}

void session_trace_look(struct session_trace *trace, const struct session_trace *successor,
                        const struct launch *launch) {
  if (successor) {
    /* an exec by raw system call left no word: the next program's start is this one's end */
    if (!recorded_exec(trace))
      trace_gone(trace, successor->start_monotonic_ns, successor->start_ticks);
    trace_close(trace);
    return;
  }
  struct process process;
  struct moment now = moment_now();
  trace->alive = process_read((pid_t)trace->pid, &process) == 0 &&
                 process.start == trace->process_start && !process.zombie;
  if (trace->alive) {
    trace->seen_alive = true;
    if (recorded_exec(trace)) return; /* what runs now is another program */
    uint64_t max = process_max_rss((pid_t)trace->pid);
    rss_add(&trace->rss, trace->fd, now.monotonic_ns, process.rss_bytes);
    if (max < trace->rss.max_bytes) max = trace->rss.max_bytes;
    if (max > trace->max_rss_bytes) trace->max_rss_bytes = max;
  } else if (!session_trace_of_launch(trace, launch)) {
    /* never seen alive: gone before the first look, or its pid is of another namespace; nobody here
     * knows when it ended */
    if (trace->seen_alive && !recorded_exec(trace))
      trace_gone(trace, now.monotonic_ns, moment_ticks(&now, trace->clock));
    trace_close(trace);
  }
}

void session_trace_end(struct session_trace *trace, const struct launch *launch, bool alone) {
  bool signaled = WIFSIGNALED(launch->status);
  uint64_t kernel_max = (uint64_t)launch->usage.ru_maxrss * 1024;
  if (trace->max_rss_bytes == 0 || (alone && kernel_max > trace->max_rss_bytes))
    trace->max_rss_bytes = kernel_max;
  struct trace_end end = {
      .kind = signaled ? TRACE_END_SIGNAL : TRACE_END_EXIT,
      .status = signaled ? WTERMSIG(launch->status) : WEXITSTATUS(launch->status),
      .start_monotonic_ns = launch->start.monotonic_ns,
      .end_monotonic_ns = launch->end.monotonic_ns,
      .end_ticks = moment_ticks(&launch->end, trace->clock),
      .max_rss_bytes = trace->max_rss_bytes,
  };
  /* replaced by a program that left no trace: then the recorder's word is the end */
  if (!recorded_exec(trace)) end_record_write(trace->fd, &end);
  trace_close(trace);
}

void session_trace_free(struct session_trace *trace) {
  trace_close(trace);
  free(trace->path);
  free(trace->program);
  free(trace);
}
