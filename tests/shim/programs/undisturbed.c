/* Says what of its process a recorder could have disturbed: descriptors below 1000, signal mask and
 * dispositions, pending signals, timers, umask, working directory, priority, resource limits; at
 * first, and again after much work (18503), a thread, and a child. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "say.h"

static void say_descriptors(void) {
  for (int fd = 0; fd < 1000; fd++) {
    int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) say("descriptor %d %d at %ld\n", fd, flags, (long)lseek(fd, 0, SEEK_CUR));
  }
}

static void say_signals(void) {
  sigset_t mask, pending;
  NEED(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && sigpending(&pending) == 0);
  for (int number = 1; number < NSIG; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0) continue;
    say("signal %d: %s%s%s flags %x\n", number, sigismember(&mask, number) ? "blocked " : "",
        sigismember(&pending, number) ? "pending " : "",
        action.sa_handler == SIG_DFL   ? "default"
        : action.sa_handler == SIG_IGN ? "ignored"
                                       : "handled",
        (unsigned)action.sa_flags);
  }
}

static void say_all(const char *when) {
  char directory[4096] = "?";
  say("-- %s\n", when);
  say_descriptors();
  say_signals();
  for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
    struct itimerval timer;
    NEED(getitimer((enum __itimer_which)which, &timer) == 0);
    say("timer %d: %ld\n", which, (long)(timer.it_value.tv_sec + timer.it_value.tv_usec));
  }
  for (int which = 0; which < RLIM_NLIMITS; which++) {
    struct rlimit limit;
    NEED(getrlimit((enum __rlimit_resource)which, &limit) == 0);
    say("limit %d: %lu %lu\n", which, (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
  }
  mode_t mask = umask(0);
  umask(mask);
  stack_t alternate;
  NEED(sigaltstack(NULL, &alternate) == 0);
  say("umask %o, priority %d, in its directory %d, signal stack %d\n", (unsigned)mask,
      getpriority(PRIO_PROCESS, 0), getcwd(directory, sizeof(directory)) != NULL,
      alternate.ss_flags);
}

static void *work(void *when) {
  for (int i = 0; i < 20000; i++)
    free(malloc(18503));
  say_all(when);
  return NULL;
}

int main(void) {
  sigset_t some;
  pthread_t thread;
  int status;
  say_all("at first");
  sigemptyset(&some);
  sigaddset(&some, SIGUSR2);
  sigaddset(&some, SIGXFSZ);
  NEED(sigprocmask(SIG_BLOCK, &some, NULL) == 0 && raise(SIGUSR2) == 0 && raise(SIGXFSZ) == 0);
  signal(SIGPIPE, SIG_IGN);
  work((char[]){"after work"});
  NEED(pthread_create(&thread, NULL, work, (char[]){"in a thread"}) == 0);
  NEED(pthread_join(thread, NULL) == 0);
  pid_t child = fork();
  if (child == 0) {
    work((char[]){"in a child"});
    _exit(0);
  }
  NEED(waitpid(child, &status, 0) == child && status == 0);
  return 0;
}
