/* process.c - reads /proc/PID/stat and /proc/PID/status; each with one open, read and close. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ssize_t proc_read(pid_t pid, const char *name, char *buffer, size_t size) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t length = read(fd, buffer, size - 1);
  close(fd);
  if (length >= 0) buffer[length] = 0;
  return length;
}

int process_read(pid_t pid, struct process *process) {
  char text[1024];
  if (proc_read(pid, "stat", text, sizeof(text)) <= 0) return -ESRCH;
  /* the name in parentheses may itself hold parentheses and spaces: the last one ends it */
  const char *after_name = strrchr(text, ')');
  char state;
  unsigned long long start;
  long rss_pages;
  if (!after_name ||
      sscanf(after_name + 1,
             " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu %*u "
             "%ld",
             &state, &start, &rss_pages) != 3)
    return -ESRCH;
  process->start = start;
  process->zombie = state == 'Z' || state == 'X';
  process->rss_bytes = rss_pages > 0 ? (uint64_t)rss_pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
  return 0;
}

uint64_t process_max_rss(pid_t pid) {
  char text[4096];
  if (proc_read(pid, "status", text, sizeof(text)) <= 0) return 0;
  const char *line = strstr(text, "\nVmHWM:");
  return line ? strtoull(line + 7, NULL, 10) * 1024 : 0;
}
