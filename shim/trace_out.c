/* trace_out.c - creates and extends the trace file.
 *
 * Three signals kill hosts at the edge of a disk: SIGXFSZ (so the limit is read before each
 * growth), SIGBUS on a store into space that the file has not (so it is allocated and populated
 * first), and SIGBUS when somebody truncates the file (which nobody can prevent).
 */
#include "trace_out.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "clock.h"
#include "crc32c.h"
#include "modules.h"
#include "next.h"
#include "process.h"
#include "sample.h"
#include "settings.h"
#include "sys.h"
#include "unwind.h"
#include "young.h"

struct trace_out trace_out;

static struct {
  int fd;
  dev_t device;
  ino_t inode;
  uint64_t next_slot;
} file = {.fd = -1};
static bool control_is_private;
static int calibrating; /* one thread at a time: a pair must be whole */

static const char *error_text(int negative_errno) {
  const char *text = strerrordesc_np(-negative_errno);
  return text ? text : "unknown error";
}

/* ---- names ------------------------------------------------------------------------------ */

/* A small file of /proc into `to`, NUL-terminated; its length, 0 when there is none. */
static size_t read_small(const char *path, char *to, size_t size) {
  int fd = sys_open(path, O_RDONLY | O_CLOEXEC, 0);
  size_t used = 0;
  for (long got; fd >= 0 && used < size - 1; used += (size_t)got)
    if ((got = sys_read(fd, to + used, size - 1 - used)) <= 0) break;
  if (fd >= 0) sys_close(fd);
  to[used] = 0;
  return used;
}

/* Starting is done by one thread, perhaps on a small stack. */
static char scratch[PATH_BYTES];

static void program_name(char *to, size_t size) {
  char *argv0 = scratch;
  if (!read_small("/proc/self/cmdline", argv0, sizeof scratch))
    read_small("/proc/self/comm", argv0, sizeof scratch);
  const char *slash = strrchr(argv0, '/');
  snprintf(to, size, "%.200s", slash && slash[1] ? slash + 1 : argv0);
  to[strcspn(to, "/\n")] = 0;
  if (!*to) snprintf(to, size, "unnamed");
}

static int expand(char *to, size_t size, const char *program, const char *host) {
  size_t used = 0;
  for (const char *at = settings.out; *at; at++) {
    char number[24];
    const char *piece = number;
    if (*at != '%' || !at[1]) {
      snprintf(number, sizeof number, "%c", *at);
    } else {
      switch (*++at) {
      case 'p':
        snprintf(number, sizeof number, "%llu", (unsigned long long)trace_out.pid);
        break;
      case 'c':
        piece = program;
        break;
      case 'h':
        piece = host;
        break;
      default:
        snprintf(number, sizeof number, "%c", *at);
      }
    }
    size_t length = strlen(piece);
    if (used + length >= size) return -ENAMETOOLONG;
    memcpy(to + used, piece, length + 1);
    used += length;
  }
  return 0;
}

/* Opens a new file: the name, or when taken name.PID, name.PID.2, ... */
static int open_new(const char *name) {
  const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY;
  int length = snprintf(trace_out.path, sizeof trace_out.path, "%s", name);
  for (unsigned attempt = 1;; attempt++) {
    if (length < 0 || (size_t)length >= sizeof trace_out.path) return -ENAMETOOLONG;
    int fd = sys_open(trace_out.path, flags, 0666);
    if (fd != -EEXIST || attempt > 100000) return fd;
    length =
        snprintf(trace_out.path, sizeof trace_out.path, attempt == 1 ? "%s.%llu" : "%s.%llu.%u",
                 name, (unsigned long long)trace_out.pid, attempt);
  }
}

/* As high as is cheap: hosts choose low numbers themselves. */
static int move_high(int fd) {
  struct rlimit limit = {0};
  long base = 1000;
  if (sys_getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1024)
    base = limit.rlim_cur > 32 ? (long)limit.rlim_cur - 16 : 3;
  int high = sys_fcntl(fd, F_DUPFD_CLOEXEC, base);
  if (high < 0) return fd;
  sys_close(fd);
  return high;
}

/* Whether a descriptor, which the host may have closed or put elsewhere, is the trace's. */
static bool is_trace(int fd) {
  struct stat now = {0};
  return fd >= 0 && sys_fstat(fd, &now) == 0 && now.st_dev == file.device &&
         now.st_ino == file.inode;
}

/* The descriptor if it is still ours, else the file opened again, or -errno. */
static int checked_fd(void) {
  int old = __atomic_load_n(&file.fd, __ATOMIC_ACQUIRE);
  if (is_trace(old)) return old;
  int fd = sys_open(trace_out.path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0);
  if (fd < 0) return fd;
  if (!is_trace(fd)) {
    sys_close(fd);
    return -ENOENT;
  }
  fd = move_high(fd);
  if (__atomic_compare_exchange_n(&file.fd, &old, fd, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    return fd;
  sys_close(fd); /* another thread was faster */
  return old;
}

/* ---- head ------------------------------------------------------------------------------- */

struct head_page {
  struct trace_head head;
  char pad[TRACE_STRINGS_OFFSET - sizeof(struct trace_head)];
  char strings[TRACE_STRINGS_SIZE];
};

static uint32_t add_string(struct head_page *page, size_t *used, const char *text, size_t length) {
  if (*used + length + 1 > sizeof page->strings) length = sizeof page->strings - *used - 1;
  uint32_t at = (uint32_t)*used;
  memcpy(page->strings + at, text, length);
  page->strings[at + length] = 0;
  *used += length + 1;
  return at;
}

/* A field of /proc/self/stat that is a number, by its number in proc(5). */
static uint64_t process_stat(int wanted) {
  char stat[1024];
  read_small("/proc/self/stat", stat, sizeof stat);
  const char *at = strrchr(stat, ')');
  for (int field = 2; at && field < wanted; field++)
    at = strchr(at + 1, ' ');
  return at ? strtoull(at + 1, NULL, 10) : 0;
}

static void fill_head(struct head_page *page, const char *program, const char *host,
                      const char *parent_path) {
  struct trace_head *head = &page->head;
  char *text = scratch;
  size_t used = 1; /* offset 0 is "" */
  memcpy(head->magic, TRACE_MAGIC, sizeof head->magic);
  head->version_major = TRACE_VERSION_MAJOR;
  head->version_minor = TRACE_VERSION_MINOR;
  head->slot_size = TRACE_SLOT;
  head->lane_slots = TRACE_LANE_SLOTS;
  const bool exact = young_limits.bytes_end == 0 && sample_mean_bytes == 0;
  head->flags = (exact ? TRACE_EXACT : 0) | (*parent_path ? TRACE_FORKED : 0);
  head->fold_age_ticks = young_limits.age_ticks;
  head->fold_bytes = young_limits.bytes_end ? young_limits.bytes_end - 1 : 0;
  head->sample_bytes = sample_mean_bytes;
  head->max_file_bytes = settings.max_bytes;
#if defined(__x86_64__)
  head->machine = EM_X86_64;
#elif defined(__aarch64__)
  head->machine = EM_AARCH64;
#endif
  head->pid = trace_out.pid;
  head->parent_pid = (uint64_t)sys_getppid();
  head->process_start = process_stat(22);
  trace_out.stack_start = process_stat(28);
  head->session = settings.session;
  head->clock = clock_choose();
  head->depth = settings.depth;
  head->start_realtime_ns = clock_realtime_ns();
  head->start_monotonic_ns = clock_monotonic_ns();
  head->start_ticks = trace_out.floor = clock_ticks();

  long length = sys_readlink("/proc/self/exe", text, sizeof scratch - 1);
  head->executable = add_string(page, &used, text, length > 0 ? (size_t)length : 0);
  length = sys_getcwd(text, sizeof scratch);
  head->directory = add_string(page, &used, text, length > 0 ? (size_t)length - 1 : 0);
  head->host = add_string(page, &used, host, strlen(host));
  length = (long)read_small("/proc/sys/kernel/random/boot_id", text, 64);
  head->boot_id = add_string(page, &used, text, length > 0 ? (size_t)length - 1 : 0);
  head->program = add_string(page, &used, program, strlen(program));
  head->unwinder = add_string(page, &used, unwind_name(), strlen(unwind_name()));
  const char *allocator = module_path_of((void *)next.malloc);
  head->allocator = add_string(page, &used, allocator, strlen(allocator));
  head->parent_trace = add_string(page, &used, parent_path, strlen(parent_path));

  /* the command line takes what room is left */
  size_t room = sizeof page->strings - used - 1;
  size_t bytes = read_small("/proc/self/cmdline", page->strings + used, room);
  head->command_line = (uint32_t)used;
  head->command_line_bytes = (uint32_t)bytes;
  head->command_line_cut = bytes == room - 1;
  head->head_crc =
      crc32c_end(crc32c_extend(CRC32C_BEGIN, page, TRACE_STRINGS_OFFSET + TRACE_STRINGS_SIZE));
}

int trace_out_create(const char *parent_path) {
  static struct utsname system;
  static char program[256], name[PATH_BYTES];
  trace_out.pid = (uint64_t)sys_getpid();
  sys_call(SYS_uname, (long)&system, 0, 0, 0, 0, 0);
  program_name(program, sizeof program);

  struct head_page *page = sys_map(-1, 0, sizeof *page);
  if (!page) {
    complain("cannot record: %s", error_text(-ENOMEM));
    return -ENOMEM;
  }
  fill_head(page, program, system.nodename, parent_path);

  struct stat now = {0};
  int fd = -1, result = expand(name, sizeof name, program, system.nodename);
  if (result == 0) result = fd = open_new(name);
  if (result >= 0) {
    file.fd = fd = move_high(fd);
    result = sys_fstat(fd, &now);
    file.device = now.st_dev;
    file.inode = now.st_ino;
    file.next_slot = 0;
  }
  void *control = NULL;
  uint64_t offset;
  if (result >= 0) result = trace_out_grow(1, &offset, NULL);
  if (result >= 0) result = sys_fallocate(fd, 0, TRACE_SLOT);
  if (result >= 0 || result == -EOPNOTSUPP || result == -ENOSYS) {
    long written = sys_pwrite(fd, page, sizeof *page, 0);
    result = written == (long)sizeof *page ? 0 : written < 0 ? (int)written : -ENOSPC;
  }
  if (result >= 0) {
    /* writing the page first allocates it where fallocate is not to be had */
    static const char zeros[TRACE_PAGE];
    long written = sys_pwrite(fd, zeros, sizeof zeros, TRACE_CONTROL_OFFSET);
    result = written == (long)sizeof zeros ? 0 : written < 0 ? (int)written : -ENOSPC;
  }
  if (result >= 0) control = sys_map(fd, TRACE_CONTROL_OFFSET, TRACE_PAGE);
  control_is_private = !control; /* no shared mappings here: it is written at the end */
  if (result >= 0 && !control) control = sys_map(-1, 0, TRACE_PAGE);
  sys_munmap(page, sizeof *page);
  if (result < 0 || !control) {
    complain("cannot record: %s: %s (set DWELL_OUT to a place that can be written)",
             *trace_out.path ? trace_out.path : settings.out,
             error_text(result < 0 ? result : -ENOMEM));
    if (fd >= 0) {
      sys_unlink(trace_out.path);
      sys_close(fd);
      file.fd = -1;
    }
    return result < 0 ? result : -ENOMEM;
  }
  trace_out.control = control;
  trace_out.control->calibration = 2;
  trace_out.control->end_status = -1;
  return 0;
}

void trace_out_forget(void) {
  if (is_trace(file.fd)) sys_close(file.fd);
  file.fd = -1;
  calibrating = 0; /* by a thread that this process has not */
  if (trace_out.control) sys_munmap(trace_out.control, TRACE_PAGE);
  trace_out.control = NULL;
  trace_out.path[0] = 0;
}

/* ---- growth ----------------------------------------------------------------------------- */

/* The file is whole up to `end`: a reader that finds less knows that it was cut. */
static void note_end(uint64_t end) {
  uint64_t slots = end / TRACE_SLOT, *known = &trace_out.control->slots;
  uint64_t seen = __atomic_load_n(known, __ATOMIC_RELAXED);
  while (seen < slots && !__atomic_compare_exchange_n(known, &seen, slots, true, __ATOMIC_RELAXED,
                                                      __ATOMIC_RELAXED))
    continue;
}

/* Takes the next slots; fails before it takes any. */
static int claim(unsigned slots, uint64_t *offset) {
  struct rlimit limit = {0};
  uint64_t file_limit = sys_getrlimit(RLIMIT_FSIZE, &limit) == 0 ? limit.rlim_cur : UINT64_MAX;
  uint64_t slot = __atomic_load_n(&file.next_slot, __ATOMIC_RELAXED);
  do {
    uint64_t end = (slot + slots) * TRACE_SLOT;
    if (end > file_limit) return -EFBIG;
    if (settings.max_bytes && end > settings.max_bytes) return TRACE_OUT_FULL;
  } while (!__atomic_compare_exchange_n(&file.next_slot, &slot, slot + slots, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  *offset = slot * TRACE_SLOT;
  return 0;
}

uint64_t trace_out_bytes(void) {
  return __atomic_load_n(&file.next_slot, __ATOMIC_RELAXED) * TRACE_SLOT;
}

/* Space of the file's own: a store into a mapping of it can then not fail for the lack of it. */
static int allocate(int fd, uint64_t offset, uint64_t size) {
  static const char zeros[TRACE_PAGE];
  int result = sys_fallocate(fd, offset, size);
  sys_take_raised(result); /* the limit was lowered since we looked */
  if (result != -EOPNOTSUPP && result != -ENOSYS) return result;
  for (uint64_t done = 0; done < size; done += sizeof zeros) {
    long written = sys_pwrite(fd, zeros, sizeof zeros, offset + done);
    sys_take_raised(written);
    if (written != (long)sizeof zeros) return written < 0 ? (int)written : -ENOSPC;
  }
  return 0;
}

static int map_new(uint64_t offset, uint64_t size, void **mapped) {
  int fd = checked_fd();
  int result = fd < 0 ? fd : allocate(fd, offset, size);
  if (result < 0) return result;
  if ((result = sys_map_shared(fd, offset, size, mapped)) < 0)
    return result == -ENOMEM ? result : -ENODEV;
  result = sys_madvise(*mapped, size, MADV_POPULATE_WRITE);
  if (result < 0 && result != -EINVAL) { /* EINVAL: a kernel before 5.14 */
    sys_munmap(*mapped, size);
    *mapped = NULL;
    return result == -EFAULT ? -ENOSPC : result;
  }
  note_end(offset + size);
  return 0;
}

int trace_out_grow(unsigned slots, uint64_t *offset, void **mapped) {
  struct process_calls calls;
  if (!process_calls_begin(&calls)) return -EPERM;
  int result = claim(slots, offset);
  if (result == 0 && mapped) result = map_new(*offset, slots * (uint64_t)TRACE_SLOT, mapped);
  process_calls_end(&calls);
  return result;
}

int trace_out_write_chunk(uint64_t offset, const struct trace_chunk *chunk, const void *records) {
  struct iovec parts[2] = {{(void *)chunk, sizeof *chunk}, {(void *)records, TRACE_CHUNK_RECORDS}};
  int fd = checked_fd();
  if (fd < 0) return fd;
  long written = sys_pwritev(fd, parts, 2, offset);
  sys_take_raised(written);
  if (written != TRACE_SLOT) return written < 0 ? (int)written : -ENOSPC;
  note_end(offset + TRACE_SLOT);
  return 0;
}

void trace_out_save(uint64_t offset, const void *bytes, size_t size) {
  int fd = checked_fd();
  struct rlimit limit = {0};
  if (fd < 0 || sys_getrlimit(RLIMIT_FSIZE, &limit) != 0 || offset + size > limit.rlim_cur) return;
  if (sys_pwrite(fd, bytes, size, offset) == (long)size) note_end(offset + size);
}

void trace_out_save_control(void) {
  if (control_is_private) trace_out_save(TRACE_CONTROL_OFFSET, trace_out.control, TRACE_PAGE);
}

void trace_out_calibrate(void) {
  if (__atomic_exchange_n(&calibrating, 1, __ATOMIC_ACQUIRE)) return;
  struct trace_control *control = trace_out.control;
  uint64_t other = control->calibration == 0;
  uint64_t ns = clock_monotonic_ns();
  control->calibration_ticks[other] = clock_ticks();
  control->calibration_monotonic_ns[other] = ns;
  __atomic_store_n(&control->calibration, other, __ATOMIC_RELEASE);
  __atomic_store_n(&calibrating, 0, __ATOMIC_RELEASE);
}
