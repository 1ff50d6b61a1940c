/* Asks for a filter that kills the process at any system call but write, exit_group and what
 * allocation needs, as its argument says; then allocates 22003 a few thousand times.
 *   prctl, syscall  by that function
 *   strict          strict mode instead: nothing but read, write and exit
 *   probe           asks with a bad address, as programs do to learn whether filters are to be had
 *   forks           a filter that allows fork as well; a child allocates 22027 under it
 *   execs           a filter that kills at what only the recorder does; becomes "child", 22031 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "say.h"

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(number, what)                                                                           \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, (what))
#define ALLOW(number) IF(number, SECCOMP_RET_ALLOW)
#define KILL(number) IF(number, SECCOMP_RET_KILL_PROCESS)
#define ELSE(what) BPF_STMT(BPF_RET | BPF_K, (what))

static struct sock_filter least[] = {
    LOAD(nr),
    ALLOW(SYS_write),
    ALLOW(SYS_exit_group),
    ALLOW(SYS_brk),
    ELSE(SECCOMP_RET_KILL_PROCESS),
};
static struct sock_filter with_fork[] = {
    LOAD(nr),         ALLOW(SYS_write), ALLOW(SYS_exit_group),      ALLOW(SYS_brk),
    ALLOW(SYS_clone), ALLOW(SYS_wait4), ALLOW(SYS_set_robust_list), ELSE(SECCOMP_RET_KILL_PROCESS),
};
/* ld.so and libc's start do none of these */
static struct sock_filter with_exec[] = {
    LOAD(nr),          KILL(SYS_fallocate),  KILL(SYS_pwrite64),      KILL(SYS_pwritev),
    KILL(SYS_madvise), KILL(SYS_readlinkat), KILL(SYS_getcwd),        KILL(SYS_uname),
    KILL(SYS_fcntl),   KILL(SYS_gettid),     KILL(SYS_getrusage),     KILL(SYS_getppid),
    KILL(SYS_prctl),   KILL(SYS_unlinkat),   ELSE(SECCOMP_RET_ALLOW),
};

static void install(const char *how, struct sock_filter *filter, size_t bytes) {
  struct sock_fprog program = {.len = (unsigned short)(bytes / sizeof(*filter)), .filter = filter};
  NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  if (strcmp(how, "syscall") == 0)
    NEED(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
  else
    NEED(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "prctl";
  if (strcmp(how, "child") == 0) {
    free(malloc(22031));
    say("child alive\n");
    return 0;
  }
  void *kept = malloc(22013), *small = malloc(103);
  free(kept);
  free(small);
  if (strcmp(how, "strict") == 0) {
    NEED(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    for (int i = 0; i < 20000; i++)
      free(malloc(103));
    say("alive\n");
    syscall(SYS_exit, 0);
  }
  if (strcmp(how, "probe") == 0) {
    NEED(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) == -1 && errno == EFAULT);
    NEED(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == -1 && errno == EFAULT);
  } else if (strcmp(how, "forks") == 0) {
    install(how, with_fork, sizeof(with_fork));
    int status;
    pid_t child = fork();
    if (child == 0) {
      free(malloc(22027));
      say("child alive\n");
      _exit(0);
    }
    NEED(waitpid(child, &status, 0) == child && status == 0);
  } else if (strcmp(how, "execs") == 0) {
    install(how, with_exec, sizeof(with_exec));
    execl("/proc/self/exe", argv[0], "child", NULL);
    return 1;
  } else {
    install(how, least, sizeof(least));
  }
  for (int i = 0; i < 20000; i++)
    free(malloc(22003));
  say("alive\n");
  return 0;
}
