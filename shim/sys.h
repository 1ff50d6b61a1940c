/* sys.h - system calls without libc's wrappers.
 *
 * The recorder works inside malloc and free: it must not touch errno, must not be a cancellation
 * point, and must not come back through hooks of its own. All calls return -errno on failure.
 */
#ifndef DWELL_SYS_H
#define DWELL_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#if defined(__x86_64__)
#include "sys_x86_64.h"
#else
#include "sys_generic.h"
#endif

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static inline int sys_open(const char *path, int flags, unsigned mode) {
  return (int)sys_call(SYS_openat, AT_FDCWD, (long)path, flags, (long)mode, 0, 0);
}
static inline int sys_close(int fd) {
  return (int)sys_call(SYS_close, fd, 0, 0, 0, 0, 0);
}
static inline long sys_read(int fd, void *to, size_t size) {
  return sys_call(SYS_read, fd, (long)to, (long)size, 0, 0, 0);
}
static inline long sys_write(int fd, const void *from, size_t size) {
  return sys_call(SYS_write, fd, (long)from, (long)size, 0, 0, 0);
}
static inline long sys_pwrite(int fd, const void *from, size_t size, uint64_t offset) {
  return sys_call(SYS_pwrite64, fd, (long)from, (long)size, (long)offset, 0, 0);
}
static inline long sys_pwritev(int fd, const struct iovec *parts, int count, uint64_t offset) {
  return sys_call(SYS_pwritev, fd, (long)parts, count, (long)offset, 0, 0);
}
static inline int sys_fcntl(int fd, int command, long argument) {
  return (int)sys_call(SYS_fcntl, fd, command, argument, 0, 0, 0);
}
static inline int sys_fallocate(int fd, uint64_t offset, uint64_t size) {
  return (int)sys_call(SYS_fallocate, fd, 0, (long)offset, (long)size, 0, 0);
}
static inline int sys_fstat(int fd, struct stat *to) {
  return (int)sys_call(SYS_newfstatat, fd, (long)"", (long)to, AT_EMPTY_PATH, 0, 0);
}
static inline int sys_unlink(const char *path) {
  return (int)sys_call(SYS_unlinkat, AT_FDCWD, (long)path, 0, 0, 0, 0);
}
static inline long sys_readlink(const char *path, char *to, size_t size) {
  return sys_call(SYS_readlinkat, AT_FDCWD, (long)path, (long)to, (long)size, 0, 0);
}
static inline long sys_getcwd(char *to, size_t size) {
  return sys_call(SYS_getcwd, (long)to, (long)size, 0, 0, 0, 0);
}
static inline int sys_getpid(void) {
  return (int)sys_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
}
static inline int sys_getppid(void) {
  return (int)sys_call(SYS_getppid, 0, 0, 0, 0, 0, 0);
}
static inline int sys_gettid(void) {
  return (int)sys_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
}
static inline int sys_getrlimit(int what, struct rlimit *to) {
  return (int)sys_call(SYS_prlimit64, 0, what, 0, (long)to, 0, 0);
}
static inline int sys_getrusage(int who, struct rusage *to) {
  return (int)sys_call(SYS_getrusage, who, (long)to, 0, 0, 0, 0);
}
static inline long sys_prctl(int option, unsigned long argument) {
  return sys_call(SYS_prctl, option, (long)argument, 0, 0, 0, 0);
}
static inline int sys_madvise(void *at, size_t size, int advice) {
  return (int)sys_call(SYS_madvise, (long)at, (long)size, advice, 0, 0, 0);
}
static inline int sys_munmap(void *at, size_t size) {
  return (int)sys_call(SYS_munmap, (long)at, (long)size, 0, 0, 0, 0);
}
/* Signal sets as the kernel has them: bit n - 1 for signal n. */
#define SYS_SIGNAL(n) (UINT64_C(1) << ((n)-1))
static inline int sys_sigmask(int how, const uint64_t *set, uint64_t *old) {
  return (int)sys_call(SYS_rt_sigprocmask, how, (long)set, (long)old, sizeof *set, 0, 0);
}
static inline int sys_sigaltstack(stack_t *now) {
  return (int)sys_call(SYS_sigaltstack, 0, (long)now, 0, 0, 0, 0);
}
/* With all signals blocked, after a write that failed: takes away the signal that it raised. */
static inline void sys_take_raised(long error) {
  const uint64_t set = error == -EPIPE   ? SYS_SIGNAL(SIGPIPE)
                       : error == -EFBIG ? SYS_SIGNAL(SIGXFSZ)
                                         : 0;
  const struct timespec now = {0, 0};
  if (set) sys_call(SYS_rt_sigtimedwait, (long)&set, 0, (long)&now, sizeof set, 0, 0);
}
static inline void sys_sched_yield(void) {
  sys_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}
/* The events of poll(2) that a descriptor has now; < 0 on failure. */
static inline int sys_poll_now(int fd, short events) {
  struct pollfd one = {.fd = fd, .events = events};
  const struct timespec now = {0, 0};
  int result = (int)sys_call(SYS_ppoll, (long)&one, 1, (long)&now, 0, sizeof(uint64_t), 0);
  return result < 0 ? result : one.revents;
}
/* A shared mapping of a file: 0 or -errno. */
static inline int sys_map_shared(int fd, uint64_t offset, size_t size, void **mapped) {
  long at = sys_call(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (long)offset);
  if (at < 0 && at > -4096) return (int)at;
  *mapped = (void *)at;
  return 0;
}
/* Fresh private memory in place of what is mapped there. */
static inline int sys_map_over(void *at, size_t size) {
  long result = sys_call(SYS_mmap, (long)at, (long)size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return result < 0 && result > -4096 ? (int)result : 0;
}
/* NULL on failure; fd -1: private anonymous memory, else a shared mapping of the file. */
static inline void *sys_map(int fd, uint64_t offset, size_t size) {
  int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  long at = sys_call(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, flags, fd, (long)offset);
  return at < 0 && at > -4096 ? NULL : (void *)at;
}

#endif
