/* libdwell.so as others see it: what it needs, and what it shows. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* The output of a command, one line at a time, in a buffer of the caller's. */
static FILE *tool(const char *format, const char *file) {
  char command[2 * 4096];
  snprintf(command, sizeof(command), format, file);
  FILE *out = popen(command, "r");
  cr_assert(out);
  return out;
}

Test(library, needs_libc_only) {
  char line[512];
  size_t needed = 0;
  FILE *out = tool("LC_ALL=C readelf -dW '%s'", built("libdwell.so"));
  while (fgets(line, sizeof(line), out)) {
    if (!strstr(line, "(NEEDED)")) continue;
    needed++;
    cr_assert(strstr(line, "[libc.so.6]") || strstr(line, "[ld-linux"), "%s", line);
  }
  cr_assert_eq(pclose(out), 0);
  cr_assert_geq(needed, 1);
}

Test(library, shows_nothing_but_the_hooks) {
  static const char *const hooks[] = {
      "malloc", "free", "calloc", "realloc", "reallocarray", "memalign", "aligned_alloc",
      "posix_memalign", "valloc", "pvalloc", "malloc_usable_size", "free_sized",
      "free_aligned_sized",
      /* what else the recorder must know of */
      "dlclose", "pthread_setname_np", "pthread_getattr_np", "prctl", "syscall", "_exit", "_Exit",
      "execve", "execv", "execvp", "execvpe", "fexecve"};
  enum { HOOKS = sizeof(hooks) / sizeof(hooks[0]) };
  bool seen[HOOKS] = {false};
  char line[512];
  FILE *out = tool("nm -D --defined-only '%s'", built("libdwell.so"));
  while (fgets(line, sizeof(line), out)) {
    size_t i = 0;
    line[strcspn(line, "\n@")] = 0;
    const char *name = strrchr(line, ' ') + 1;
    while (i < HOOKS && strcmp(hooks[i], name) != 0)
      i++;
    cr_assert(i < HOOKS, "%s is visible", name);
    seen[i] = true;
  }
  cr_assert_eq(pclose(out), 0);
  for (size_t i = 0; i < HOOKS; i++)
    cr_assert(seen[i], "%s is not hooked", hooks[i]);
}

Test(library, takes_at_most_64_bytes_of_every_threads_stack_for_itself) {
  char line[512];
  unsigned long tls = 0;
  FILE *out = tool("LC_ALL=C readelf -lW '%s'", built("libdwell.so"));
  while (fgets(line, sizeof(line), out)) {
    unsigned long offset, address, physical, file, memory;
    if (sscanf(line, " TLS %lx %lx %lx %lx %lx", &offset, &address, &physical, &file, &memory) == 5)
      tls = memory;
  }
  cr_assert_eq(pclose(out), 0);
  cr_assert_gt(tls, 0);
  cr_assert_leq(tls, 64, "%lu bytes", tls);
}
