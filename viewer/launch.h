/* launch.h - the program that `dwell run` starts: its start, the signals it is due, its end.
 *
 * The program gets dwell's own descriptors 0-2, signal mask and dispositions as dwell was started
 * with, and no descriptor of dwell's. It stays in dwell's process group, so what the terminal sends
 * (Ctrl-C, Ctrl-\, Ctrl-Z) reaches it without dwell. One launch at a time: signals are blocked in
 * the calling (only) thread from launch_start() to launch_end().
 */
#ifndef DWELL_LAUNCH_H
#define DWELL_LAUNCH_H

#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "moment.h"

struct launch {
  pid_t pid;
  uint64_t process_start; /* field 22 of /proc/PID/stat: with the pid, an identity */
  struct moment start, end;
  int status;          /* as wait(2) has it, after launch_wait() */
  struct rusage usage; /* of the program and the children that it waited for */
  sigset_t original_mask;
  struct sigaction original_sigchld;
};

/* Starts argv[0], looked up in PATH, with `environment` (strings NAME=VALUE, NULL at the end) added
 * to dwell's own. Returns 0, or -errno of what failed; then there is no child (any more), and pid
 * is positive if it was exec that failed. */
int launch_start(struct launch *launch, char *const argv[], char *const environment[]);

/* Waits for the program's end. Meanwhile calls tick(context) again and again; it returns the
 * milliseconds until it wants the next call. Forwards signals; stops when job control has stopped
 * the program. */
void launch_wait(struct launch *launch, unsigned (*tick)(void *context), void *context);

/* Gives dwell back the signals that it had before launch_start(). */
void launch_end(struct launch *launch);

/* The exit status that stands for the program's: its own, or 128 + the signal. */
int launch_exit_status(const struct launch *launch);

#endif
