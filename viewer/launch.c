/* launch.c - starts and waits for the program. Every signal that can be waited for is blocked and
 * taken with sigtimedwait(): no handler runs, and dwell's dispositions stay as they were found,
 * so that the program inherits them. Only SIGCHLD's is set, and put back in the child. */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"

/* All but those that the kernel raises for a fault of dwell's own. */
static sigset_t awaited_signals(void) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
  sigset_t set;
  sigfillset(&set);
  for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
    sigdelset(&set, faults[i]);
  return set;
}

/* In the child; errors go through the pipe, which exec closes. */
static _Noreturn void program_exec(const struct launch *launch, char *const argv[],
                                   char *const environment[], int error_pipe) {
  int error = 0;
  for (size_t i = 0; environment[i]; i++)
    if (putenv(environment[i]) != 0) error = errno;
  if (error == 0) {
    sigaction(SIGCHLD, &launch->original_sigchld, NULL);
    sigprocmask(SIG_SETMASK, &launch->original_mask, NULL);
    execvp(argv[0], argv);
    error = errno;
  }
  ssize_t written = write(error_pipe, &error, sizeof(error));
  _exit(written == (ssize_t)sizeof(error) ? 127 : 125);
}

/* fork and not posix_spawn: with vfork's shared memory the kernel would count dwell's resident set
 * as a maximum of the program's. */
int launch_start(struct launch *launch, char *const argv[], char *const environment[]) {
  int fds[2];
  launch->pid = -1;
  if (pipe2(fds, O_CLOEXEC) != 0) return -errno;
  /* above 2: the program may have been given closed standard descriptors */
  int error_pipe = fcntl(fds[1], F_DUPFD_CLOEXEC, 3);
  int dup_error = errno;
  close(fds[1]);
  if (error_pipe < 0) {
    close(fds[0]);
    return -dup_error;
  }

  sigset_t awaited = awaited_signals();
  sigprocmask(SIG_BLOCK, &awaited, &launch->original_mask);
  /* ignored, as some parents leave it, would make the kernel reap the program unseen */
  sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &launch->original_sigchld);

  launch->start = moment_now();
  launch->pid = fork();
  if (launch->pid == 0) program_exec(launch, argv, environment, error_pipe);
  int error = launch->pid < 0 ? errno : 0;
  close(error_pipe);
  if (launch->pid > 0) {
    int sent;
    ssize_t length;
    do
      length = read(fds[0], &sent, sizeof(sent));
    while (length < 0 && errno == EINTR);
    if (length == (ssize_t)sizeof(sent)) {
      error = sent;
      while (waitpid(launch->pid, NULL, 0) < 0 && errno == EINTR) {
      }
    }
  }
  close(fds[0]);
  if (error) {
    launch_end(launch);
    return -error;
  }
  struct process process;
  launch->process_start = process_read(launch->pid, &process) == 0 ? process.start : 0;
  return 0;
}

/* Stops dwell as its program was stopped, until somebody continues it. By SIGTSTP even if the
 * program got another: in an orphaned process group, where nobody could continue dwell, the kernel
 * then does not stop it. */
static void follow_stop(void) {
  sigset_t stop;
  struct sigaction before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  sigaction(SIGTSTP, &(struct sigaction){.sa_handler = SIG_DFL}, &before);
  raise(SIGTSTP);
  sigprocmask(SIG_UNBLOCK, &stop, NULL);
  sigprocmask(SIG_BLOCK, &stop, NULL);
  sigaction(SIGTSTP, &before, NULL);
}

/* Returns whether the program has ended. */
static int program_ended(struct launch *launch) {
  int status;
  struct rusage usage;
  pid_t pid = wait4(launch->pid, &status, WNOHANG | WUNTRACED, &usage);
  if (pid != launch->pid) return 0;
  if (WIFSTOPPED(status)) {
    /* SIGSTOP is somebody's experiment with the program, not job control */
    if (WSTOPSIG(status) != SIGSTOP) follow_stop();
    return 0;
  }
  launch->end = moment_now();
  launch->status = status;
  launch->usage = usage;
  return 1;
}

/* What the terminal sends goes to the whole foreground group, and the kernel is then the sender;
 * what the program sends to its group it has itself got. A hangup is the exception: as leader of
 * its session dwell alone gets it. */
static void signal_forward(const struct launch *launch, int signal, const siginfo_t *info) {
  if (signal == SIGCHLD) return;
  int from_kernel = info->si_code > 0;
  if (from_kernel && signal != SIGHUP) return;
  if (!from_kernel && (info->si_pid == launch->pid || info->si_pid == getpid())) return;
  kill(launch->pid, signal);
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void launch_wait(struct launch *launch, unsigned (*tick)(void *context), void *context) {
  sigset_t awaited = awaited_signals();
  uint64_t due_ms = now_ms() + tick(context);
  while (!program_ended(launch)) {
    uint64_t now = now_ms();
    if (now >= due_ms) {
      due_ms = now + tick(context);
      continue;
    }
    struct timespec wait = {.tv_sec = (time_t)((due_ms - now) / 1000),
                            .tv_nsec = (long)((due_ms - now) % 1000 * 1000000)};
    siginfo_t info;
    int signal = sigtimedwait(&awaited, &info, &wait);
    if (signal > 0) signal_forward(launch, signal, &info);
  }
}

void launch_end(struct launch *launch) {
  /* a Ctrl-C that was the program's must not end dwell now */
  sigset_t awaited = awaited_signals();
  while (sigtimedwait(&awaited, NULL, &(struct timespec){0}) > 0) {
  }
  sigaction(SIGCHLD, &launch->original_sigchld, NULL);
  sigprocmask(SIG_SETMASK, &launch->original_mask, NULL);
}

int launch_exit_status(const struct launch *launch) {
  return WIFSIGNALED(launch->status) ? 128 + WTERMSIG(launch->status) : WEXITSTATUS(launch->status);
}
