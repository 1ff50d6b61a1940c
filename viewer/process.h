/* process.h - what /proc says of a process: whether it is still the same one, and its memory. */
#ifndef DWELL_PROCESS_H
#define DWELL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
  uint64_t start; /* field 22 of /proc/PID/stat: with the pid, an identity; unchanged by exec */
  bool zombie;    /* ended, not yet waited for */
  uint64_t rss_bytes;
};

/* Returns 0, or -ESRCH when there is no such process. */
int process_read(pid_t pid, struct process *process);
/* VmHWM: the most that has been resident since its last exec, in bytes; 0: unknown. */
uint64_t process_max_rss(pid_t pid);

#endif
