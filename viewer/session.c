/* session.c - finds the traces of a run. Polls: a directory is read again only when its
 * modification time says that a name came or went, a file only until its head is whole. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <isa-l/crc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

#include "trace_template.h"

/* looks between scans when the directory varies and there is none to watch */
#define LOOKS_PER_SCAN 10
/* modification times come in ticks of some milliseconds; younger ones may yet get another name */
#define MTIME_SETTLED_NS 100000000

enum name_state { NAME_UNDECIDED, NAME_OURS, NAME_FOREIGN };

struct session_name {
  UT_hash_handle hh;
  enum name_state state;
  char path[];
};

/* All of a trace's beginning that its head's checksum covers. */
union beginning {
  struct trace_head head;
  unsigned char bytes[TRACE_RSS_OFFSET];
};

/* Undecided while it is not there in full. */
static enum name_state beginning_read(const struct session *session, int fd,
                                      union beginning *read) {
  union beginning start;
  ssize_t length = pread(fd, &start, sizeof(start), 0);
  if (length >= (ssize_t)sizeof(start.head.magic) && start.head.magic[0] &&
      memcmp(start.head.magic, TRACE_MAGIC, sizeof(start.head.magic)) != 0)
    return NAME_FOREIGN;
  if (length < (ssize_t)sizeof(start)) return NAME_UNDECIDED;
  uint32_t crc = start.head.head_crc;
  start.head.head_crc = 0;
  if (~crc32_iscsi(start.bytes, sizeof(start), 0xffffffffu) != crc) return NAME_UNDECIDED;
  start.bytes[sizeof(start) - 1] = 0; /* ends any string */
  *read = start;
  return start.head.session == session->number ? NAME_OURS : NAME_FOREIGN;
}

/* Owns fd then. */
static void trace_add(struct session *session, const char *path, int fd,
                      const union beginning *start) {
  const struct trace_head *head = &start->head;
  uint32_t program_at = head->program < TRACE_STRINGS_SIZE ? head->program : 0;
  struct session_trace **grown =
      realloc(session->traces, (session->count + 1) * sizeof(*session->traces));
  if (grown) session->traces = grown;
  struct session_trace *trace = calloc(1, sizeof(*trace));
  char *name = strdup(path);
  char *program = strdup((const char *)start->bytes + TRACE_STRINGS_OFFSET + program_at);
  if (!grown || !trace || !name || !program) {
    free(trace);
    free(name);
    free(program);
    close(fd);
    return;
  }
  *trace = (struct session_trace){
      .path = name,
      .program = program,
      .fd = fd,
      .pid = head->pid,
      .process_start = head->process_start,
      .start_monotonic_ns = head->start_monotonic_ns,
      .start_ticks = head->start_ticks,
      .clock = head->clock,
  };
  session->traces[session->count++] = trace;
}

static void name_decide(struct session *session, struct session_name *name) {
  struct stat status;
  union beginning start;
  name->state = NAME_FOREIGN;
  /* a pipe or a device is not to be opened */
  if (stat(name->path, &status) != 0 || !S_ISREG(status.st_mode)) return;
  int fd = open(name->path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) fd = open(name->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return;
  name->state = beginning_read(session, fd, &start);
  if (name->state == NAME_OURS)
    trace_add(session, name->path, fd, &start);
  else
    close(fd);
}

static void names_scan(struct session *session, enum name_state state) {
  glob_t found;
  if (glob(session->pattern, GLOB_NOSORT, NULL, &found) != 0) return;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    size_t length = strlen(found.gl_pathv[i]);
    struct session_name *name;
    HASH_FIND(hh, session->names, found.gl_pathv[i], length, name);
    if (name) continue;
    name = calloc(1, sizeof(*name) + length + 1);
    if (!name) continue;
    memcpy(name->path, found.gl_pathv[i], length + 1);
    name->state = state;
    HASH_ADD(hh, session->names, path, length, name);
    if (state == NAME_UNDECIDED) session->undecided++;
  }
  globfree(&found);
}

static int scan_due(struct session *session) {
  struct stat status;
  struct timespec now;
  if (!session->directory) return session->looks % LOOKS_PER_SCAN == 1;
  if (stat(session->directory, &status) != 0) return 0;
  struct timespec *seen = &session->directory_mtime, *mtime = &status.st_mtim;
  if (seen->tv_sec == mtime->tv_sec && seen->tv_nsec == mtime->tv_nsec) return 0;
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t age_ns =
      (now.tv_sec - mtime->tv_sec) * (int64_t)1000000000 + (now.tv_nsec - mtime->tv_nsec);
  if (age_ns > MTIME_SETTLED_NS) *seen = *mtime;
  return 1;
}

static void names_decide(struct session *session) {
  struct session_name *name, *next;
  if (!session->undecided) return;
  session->undecided = 0;
  HASH_ITER(hh, session->names, name, next) {
    if (name->state != NAME_UNDECIDED) continue;
    name_decide(session, name);
    if (name->state == NAME_UNDECIDED) session->undecided++;
  }
}

/* The trace that the same process began next, by exec. */
static const struct session_trace *successor_of(const struct session *session,
                                                const struct session_trace *trace) {
  const struct session_trace *next = NULL;
  for (size_t i = 0; i < session->count; i++) {
    const struct session_trace *other = session->traces[i];
    if (other->pid != trace->pid || other->process_start != trace->process_start) continue;
    if (other->start_monotonic_ns <= trace->start_monotonic_ns) continue;
    if (!next || other->start_monotonic_ns < next->start_monotonic_ns) next = other;
  }
  return next;
}

static void traces_look(struct session *session, const struct launch *launch) {
  for (size_t i = 0; i < session->count; i++) {
    struct session_trace *trace = session->traces[i];
    if (!trace->closed) session_trace_look(trace, successor_of(session, trace), launch);
  }
}

int session_begin(struct session *session, const char *template) {
  *session = (struct session){0};
  while (session->number == 0)
    if (getrandom(&session->number, sizeof(session->number), 0) < 0 && errno != EINTR)
      return -errno;
  session->directory = trace_template_directory(template);
  session->pattern = trace_template_pattern(template);
  if (!session->pattern) return -ENOMEM;
  names_scan(session, NAME_FOREIGN);
  return 0;
}

void session_look(struct session *session, const struct launch *launch) {
  session->looks++;
  if (scan_due(session)) names_scan(session, NAME_UNDECIDED);
  names_decide(session);
  traces_look(session, launch);
}

void session_finish(struct session *session, const struct launch *launch) {
  names_scan(session, NAME_UNDECIDED);
  names_decide(session);
  traces_look(session, launch);
  struct session_trace *last = NULL;
  size_t programs = 0;
  for (size_t i = 0; i < session->count; i++) {
    struct session_trace *trace = session->traces[i];
    if (!session_trace_of_launch(trace, launch)) continue;
    programs++;
    if (!trace->closed) last = trace;
  }
  if (last) session_trace_end(last, launch, programs == 1);
}

void session_free(struct session *session) {
  struct session_name *name, *next;
  HASH_ITER(hh, session->names, name, next) {
    HASH_DEL(session->names, name);
    free(name);
  }
  for (size_t i = 0; i < session->count; i++)
    session_trace_free(session->traces[i]);
  free(session->traces);
  free(session->pattern);
  free(session->directory);
  *session = (struct session){0};
}
