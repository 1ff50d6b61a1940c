/* settings.c - environment variables into settings, and the recorder's one way to speak.
 *
 * May run inside the first malloc of the process, before libc has set `environ`: then the
 * environment is read from /proc. Allocates nothing.
 */
#include "settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys.h"

struct settings settings;

#define DEFAULT_OUT "dwell.%c.%p.dwl"

static struct {
  bool known;
  dev_t device;
  ino_t inode;
} first_stderr;

void settings_remember_stderr(void) {
  struct stat now = {0};
  if (sys_fstat(STDERR_FILENO, &now) == 0) {
    first_stderr.known = true;
    first_stderr.device = now.st_dev;
    first_stderr.inode = now.st_ino;
  }
}

void complain(const char *format, ...) {
  char line[512] = "dwell: ";
  struct stat now = {0};
  if (settings.quiet || !first_stderr.known || sys_fstat(STDERR_FILENO, &now) != 0 ||
      now.st_dev != first_stderr.device || now.st_ino != first_stderr.inode)
    return;
  va_list arguments;
  va_start(arguments, format);
  size_t used = strlen(line);
  int more = vsnprintf(line + used, sizeof line - used - 1, format, arguments);
  va_end(arguments);
  if (more < 0) return;
  used += (size_t)more < sizeof line - used - 2 ? (size_t)more : sizeof line - used - 2;
  line[used++] = '\n';
  /* a host must neither wait for its reader, nor die of having none, for a line of ours */
  if (!(sys_poll_now(STDERR_FILENO, POLLOUT) & POLLOUT)) return;
  sys_take_raised(sys_write(STDERR_FILENO, line, used));
}

/* The value of a variable, NULL if not set. In *store when it had to be read from /proc. */
static const char *environment(const char *name, char *store, size_t store_size) {
  size_t length = strlen(name);
  if (environ) {
    for (char **entry = environ; *entry; entry++)
      if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') return *entry + length + 1;
    return NULL;
  }
  static char all[64 << 10];
  static long all_bytes = -1;
  if (all_bytes < 0) {
    int fd = sys_open("/proc/self/environ", O_RDONLY | O_CLOEXEC, 0);
    all_bytes = 0;
    for (long got; fd >= 0 && (size_t)all_bytes < sizeof all - 1; all_bytes += got)
      if ((got = sys_read(fd, all + all_bytes, sizeof all - 1 - (size_t)all_bytes)) <= 0) break;
    if (fd >= 0) sys_close(fd);
  }
  for (const char *entry = all; entry < all + all_bytes; entry += strlen(entry) + 1)
    if (strncmp(entry, name, length) == 0 && entry[length] == '=') {
      snprintf(store, store_size, "%s", entry + length + 1);
      return store;
    }
  return NULL;
}

static bool read_switch(const char *name, bool otherwise) {
  char store[16];
  const char *value = environment(name, store, sizeof store);
  if (!value || !*value) return otherwise;
  if (strcmp(value, "0") == 0 || strcmp(value, "1") == 0) return *value == '1';
  complain("%s is '%.100s', not 0 or 1; taking %d", name, value, otherwise);
  return otherwise;
}

/* A whole number and its unit; false when it is not one. `units` ends with a NULL name. */
struct unit {
  const char *name;
  uint64_t times;
};
static bool read_quantity(const char *text, size_t length, const struct unit *units,
                          uint64_t *value) {
  uint64_t number = 0;
  size_t at = 0;
  for (; at < length && text[at] >= '0' && text[at] <= '9'; at++)
    if (__builtin_mul_overflow(number, 10, &number) ||
        __builtin_add_overflow(number, (uint64_t)(text[at] - '0'), &number))
      return false;
  if (at == 0) return false;
  for (; units->name; units++)
    if (strlen(units->name) == length - at && strncmp(text + at, units->name, length - at) == 0)
      return !__builtin_mul_overflow(number, units->times, value);
  return false;
}

static const struct unit sizes[] = {
    {"", 1},           {"B", 1},        {"K", 1u << 10},   {"KiB", 1u << 10}, {"M", 1u << 20},
    {"MiB", 1u << 20}, {"G", 1u << 30}, {"GiB", 1u << 30}, {NULL, 0},
};
static const struct unit times[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {NULL, 0},
};

/* A size between the two, or 0 when the variable is not set or wrong. */
static uint64_t read_size(const char *name, uint64_t least, uint64_t most, const char *range) {
  char store[64];
  uint64_t size = 0;
  const char *value = environment(name, store, sizeof store);
  if (!value || !*value) return 0;
  if (read_quantity(value, strlen(value), sizes, &size) && size >= least && size <= most)
    return size;
  complain("%s is '%.100s', not a size %s; ignored", name, value, range);
  return 0;
}

/* A table of young blocks is not worth more than this, and the sums of a cell allow no more. */
#define FOLD_BYTES_MAX (1u << 20)
#define FOLD_AGE_NS 1000000u
#define FOLD_BYTES (32u << 10)

static void read_fold(void) {
  char store[64];
  settings.fold_age_ns = FOLD_AGE_NS;
  settings.fold_bytes = FOLD_BYTES;
  const char *value = environment("DWELL_FOLD", store, sizeof store);
  if (!value || !*value) return;
  uint64_t age, bytes = FOLD_BYTES;
  size_t length = strcspn(value, ",");
  const char *size = value[length] ? value + length + 1 : NULL;
  if (!read_quantity(value, length, times, &age) || age > FOLD_AGE_MAX_NS ||
      (size && (!read_quantity(size, strlen(size), sizes, &bytes) || bytes > FOLD_BYTES_MAX))) {
    complain("DWELL_FOLD is '%.100s', not an age up to 1s and a size up to 1MiB, like 1ms,32KiB; "
             "taking 1ms,32KiB",
             value);
    return;
  }
  settings.fold_age_ns = age;
  settings.fold_bytes = bytes;
}

static void read_what_is_written(void) {
  read_fold();
  settings.max_bytes = read_size("DWELL_MAX_SIZE", 1u << 20, (uint64_t)1 << 62, "from 1MiB");
  settings.sample_bytes =
      read_size("DWELL_SAMPLE", 1, (uint64_t)1 << 40, "from 1B to 1024GiB, like 512KiB");
  if (read_switch("DWELL_EXACT", false)) {
    if (settings.sample_bytes) complain("DWELL_EXACT and DWELL_SAMPLE exclude each other; exact");
    settings.sample_bytes = 0;
    settings.fold_age_ns = 0;
  }
  if (settings.sample_bytes) settings.fold_age_ns = 0;
}

static void read_out(void) {
  static char store[PATH_BYTES], directory[PATH_BYTES];
  const char *value = environment("DWELL_OUT", store, sizeof store);
  if (!value || !*value) value = DEFAULT_OUT;
  for (const char *at = strchr(value, '%'); at; at = strchr(at + 2, '%'))
    if (!at[1] || !strchr("pch%", at[1])) {
      complain("DWELL_OUT has an unknown %%%.1s (known: %%p pid, %%c program, %%h host, %%%%); "
               "taking %s",
               at + 1, DEFAULT_OUT);
      value = DEFAULT_OUT;
      break;
    }
  if (*value != '/' && sys_getcwd(directory, sizeof directory - 1) < 0) directory[0] = 0;
  /* the directory is literal: its % are doubled */
  size_t used = 0;
  for (const char *at = directory; *at && used < sizeof settings.out - 3; at++) {
    if (*at == '%') settings.out[used++] = '%';
    settings.out[used++] = *at;
  }
  int more = snprintf(settings.out + used, sizeof settings.out - used, "%s%s",
                      *directory ? "/" : "", value);
  if (more < 0 || (size_t)more >= sizeof settings.out - used) {
    complain("DWELL_OUT is too long; taking /tmp/%s", DEFAULT_OUT);
    snprintf(settings.out, sizeof settings.out, "/tmp/%s", DEFAULT_OUT);
  }
}

void settings_read(void) {
  char store[64], *end;
  settings.quiet = read_switch("DWELL_QUIET", false);
  settings.children = read_switch("DWELL_CHILDREN", true);
  settings.check_stacks = read_switch("DWELL_CHECK_STACKS", false);

  const char *value = environment("DWELL_DEPTH", store, sizeof store);
  settings.depth = 0;
  if (value && *value) {
    unsigned long depth = strtoul(value, &end, 10);
    if (*end || *value == '-' || depth > 1024)
      complain("DWELL_DEPTH is '%.100s', not a number of frames from 0 (all) to 1024; taking 0",
               value);
    else
      settings.depth = (uint32_t)depth;
  }
  value = environment("DWELL_UNWIND", store, sizeof store);
  settings.unwind = UNWIND_MEMOISED;
  if (value && strcmp(value, "libunwind") == 0)
    settings.unwind = UNWIND_LIBUNWIND;
  else if (value && strcmp(value, "libgcc") == 0)
    settings.unwind = UNWIND_LIBGCC;
  else if (value && *value && strcmp(value, "memoised") != 0)
    complain("DWELL_UNWIND is '%.100s', not memoised, libgcc or libunwind; taking memoised", value);
  value = environment("DWELL_SESSION", store, sizeof store);
  settings.session = value ? strtoull(value, NULL, 16) : 0;
  read_what_is_written();
  read_out();
}
