/* hooks.h - the one list of hooked functions: X(name, result, parameters).
 *
 * It makes the table of next functions (next.h) and what is looked up there (next.c). The hooks
 * themselves are in hooks.c (the allocator's) and host_hooks.c (what the recorder must know of).
 */
#ifndef DWELL_HOOKS_H
#define DWELL_HOOKS_H

#define ALLOCATOR_HOOKS(X)                                                                         \
  X(malloc, void *, (size_t size))                                                                 \
  X(free, void, (void *block))                                                                     \
  X(calloc, void *, (size_t count, size_t size))                                                   \
  X(realloc, void *, (void *block, size_t size))                                                   \
  X(reallocarray, void *, (void *block, size_t count, size_t size))                                \
  X(memalign, void *, (size_t alignment, size_t size))                                             \
  X(aligned_alloc, void *, (size_t alignment, size_t size))                                        \
  X(posix_memalign, int, (void **block, size_t alignment, size_t size))                            \
  X(valloc, void *, (size_t size))                                                                 \
  X(pvalloc, void *, (size_t size))                                                                \
  X(malloc_usable_size, size_t, (void *block))

/* C23's two, newer than most allocators: looked up when they are called, since looking up a missing
 * name makes dlsym allocate an error text. */
#define LATE_HOOKS(X)                                                                              \
  X(free_sized, void, (void *block, size_t size))                                                  \
  X(free_aligned_sized, void, (void *block, size_t alignment, size_t size))

/* dlclose: modules go. Names: threads are known by them. pthread_getattr_np: it allocates with a
 * lock held that the recorder must not wait for. exec and _exit: how a recording ended. prctl and
 * syscall: seccomp filters, after which a system call of ours could kill the host. */
#define HOST_HOOKS(X)                                                                              \
  X(dlclose, int, (void *module))                                                                  \
  X(pthread_setname_np, int, (pthread_t thread, const char *name))                                 \
  X(pthread_getattr_np, int, (pthread_t thread, pthread_attr_t * attributes))                      \
  X(prctl, int, (int option, ...))                                                                 \
  X(syscall, long, (long number, ...))                                                             \
  X(_exit, void, (int status))                                                                     \
  X(_Exit, void, (int status))                                                                     \
  X(execve, int, (const char *path, char *const argv[], char *const envp[]))                       \
  X(execv, int, (const char *path, char *const argv[]))                                            \
  X(execvp, int, (const char *file, char *const argv[]))                                           \
  X(execvpe, int, (const char *file, char *const argv[], char *const envp[]))                      \
  X(fexecve, int, (int fd, char *const argv[], char *const envp[]))

#endif
