/* Becomes another program (the rest of its arguments) as the first process of a container: all of
 * its processes have a filter of system calls, which refuses with an error. "plain": one that only
 * refuses acct; "unmapped": it refuses shared mappings of files, as some file systems do. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "say.h"

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ELSE(what) BPF_STMT(BPF_RET | BPF_K, (what))

static struct sock_filter plain[] = {
    LOAD(nr),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_acct, 0, 1),
    ELSE(SECCOMP_RET_ERRNO | EPERM),
    ELSE(SECCOMP_RET_ALLOW),
};
static struct sock_filter unmapped[] = {
    LOAD(nr),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 3),
    LOAD(args[3]), /* flags */
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_SHARED, 0, 1),
    ELSE(SECCOMP_RET_ERRNO | ENODEV),
    ELSE(SECCOMP_RET_ALLOW),
};

int main(int argc, char **argv) {
  NEED(argc >= 3);
  int has_plain = strcmp(argv[1], "plain") == 0, status;
  struct sock_fprog program = {.len = has_plain ? sizeof(plain) / sizeof(*plain)
                                                : sizeof(unmapped) / sizeof(*unmapped),
                               .filter = has_plain ? plain : unmapped};
  NEED(unshare(CLONE_NEWPID | CLONE_NEWNS) == 0);
  NEED(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
  NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  NEED(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
  pid_t child = fork();
  if (child == 0) {
    NEED(mount("proc", "/proc", "proc", 0, NULL) == 0);
    execv(argv[2], argv + 2);
    _exit(1);
  }
  NEED(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
