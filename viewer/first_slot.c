/* first_slot.c - reads slot 0 and judges it. */
#include "first_slot.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"
#include "slots.h"

#define HEAD_BYTES (TRACE_STRINGS_OFFSET + TRACE_STRINGS_SIZE) /* what head_crc covers */
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

__attribute__((format(printf, 3, 4))) static int refuse(int error, char message[FIRST_SLOT_MESSAGE],
                                                        const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, FIRST_SLOT_MESSAGE, format, arguments);
  va_end(arguments);
  return error;
}

static int refuse_foreign(const uint8_t *bytes, size_t count, const char *path, char *message) {
  char begins[4 * 8 + 1] = "";
  size_t used = 0;
  for (size_t i = 0; i < count && i < 8; i++)
    used += (size_t)snprintf(begins + used, sizeof(begins) - used,
                             isprint(bytes[i]) && bytes[i] != '"' ? "%c" : "\\x%02x", bytes[i]);
  return refuse(-EBADMSG, message,
                "%s: not a dwell trace (begins with \"%s\"); record one with `dwell run`", path,
                begins);
}

static int check_head(const struct first_slot *slot, const uint8_t *bytes, size_t count,
                      const char *path, char *message) {
  const struct trace_head *head = &slot->head;
  if (count < 8 || memcmp(head->magic, TRACE_MAGIC, sizeof(head->magic)) != 0)
    return refuse_foreign(bytes, count, path, message);
  /* The version first: a later one may lay out the rest, and its CRC, in another way. */
  if (count >= 12 && head->version_major > TRACE_VERSION_MAJOR)
    return refuse(-ENOTSUP, message,
                  "%s: recorded by a newer dwell (format %u.%u, this one reads %u); upgrade dwell",
                  path, head->version_major, head->version_minor, TRACE_VERSION_MAJOR);
  if (count >= 12 && head->version_major && head->version_major < TRACE_VERSION_MAJOR)
    return refuse(-ENOTSUP, message,
                  "%s: recorded by an older dwell (format %u.%u, this one reads %u); read it with "
                  "the dwell that recorded it, or record again",
                  path, head->version_major, head->version_minor, TRACE_VERSION_MAJOR);
  if (count < HEAD_BYTES)
    return refuse(-EBADMSG, message,
                  "%s: cut inside its head, at offset %zu of %u; nothing can be read: record again",
                  path, count, HEAD_BYTES);
  struct trace_head zeroed = *head;
  zeroed.head_crc = 0;
  uint8_t *copy = malloc(HEAD_BYTES);
  if (!copy) return refuse(-ENOMEM, message, "%s: no memory", path);
  memcpy(copy, bytes, HEAD_BYTES);
  memcpy(copy, &zeroed, sizeof(zeroed));
  uint32_t crc = slots_crc(copy, HEAD_BYTES);
  free(copy);
  if (crc != head->head_crc)
    return refuse(-EBADMSG, message,
                  "%s: the head (offset 0 to %u) is damaged: its checksum is %08x, not %08x; "
                  "nothing can be read: take another copy of the file, or record again",
                  path, HEAD_BYTES, crc, head->head_crc);
  if (head->slot_size != TRACE_SLOT || head->lane_slots != TRACE_LANE_SLOTS ||
      (head->clock != TRACE_CLOCK_TSC && head->clock != TRACE_CLOCK_MONOTONIC))
    return refuse(-ENOTSUP, message,
                  "%s: of a format that this dwell does not read (%u.%u, slots of %u, clock %u); "
                  "use the dwell that recorded it",
                  path, head->version_major, head->version_minor, head->slot_size, head->clock);
  return 0;
}

static int split_command_line(struct first_slot *slot) {
  size_t at = slot->head.command_line, end = TRACE_STRINGS_SIZE, count = 0;
  if (at > end) at = end;
  if (slot->head.command_line_bytes < end - at) end = at + slot->head.command_line_bytes;
  slot->argv = calloc(end - at + 1, sizeof(*slot->argv));
  if (!slot->argv) return -ENOMEM;
  for (; at < end; at += strlen(slot->strings + at) + 1)
    slot->argv[count++] = slot->strings + at;
  slot->argc = count;
  return 0;
}

static void take_end(struct first_slot *slot) {
  static const struct trace_end none;
  struct trace_end zeroed = slot->end;
  zeroed.end_crc = 0;
  if (memcmp(&slot->end, &none, sizeof(none)) == 0) return;
  if (slots_crc(&zeroed, sizeof(zeroed)) == slot->end.end_crc) return;
  slot->end = none;
  slot->end_damaged = true;
}

int first_slot_read(struct first_slot *slot, int fd, const char *path,
                    char message[FIRST_SLOT_MESSAGE]) {
  struct stat stat;
  *slot = (struct first_slot){0};
  if (fstat(fd, &stat) != 0) return refuse(-errno, message, "%s: %s", path, strerror(errno));
  if (!S_ISREG(stat.st_mode))
    return refuse(S_ISDIR(stat.st_mode) ? -EISDIR : -EINVAL, message,
                  "%s: not a regular file; name a trace that `dwell run` has written", path);
  slot->file_size = (uint64_t)stat.st_size;
  if (stat.st_size == 0)
    return refuse(-EBADMSG, message,
                  "%s: empty file: the program may have been killed before its first allocation; "
                  "record again",
                  path);
  uint8_t *bytes = calloc(1, TRACE_SLOT);
  if (!bytes) return refuse(-ENOMEM, message, "%s: no memory", path);
  size_t count = 0;
  for (ssize_t n; count < TRACE_SLOT; count += (size_t)n) {
    n = pread(fd, bytes + count, TRACE_SLOT - count, (off_t)count);
    if (n < 0) {
      int error = -errno;
      free(bytes);
      return refuse(error, message, "%s: cannot be read at offset %zu: %s", path, count,
                    strerror(-error));
    }
    if (n == 0) break;
  }
  memcpy(&slot->head, bytes, sizeof(slot->head));
  memcpy(slot->strings, bytes + TRACE_STRINGS_OFFSET, TRACE_STRINGS_SIZE);
  memcpy(&slot->control, bytes + TRACE_CONTROL_OFFSET, sizeof(slot->control));
  memcpy(&slot->end, bytes + TRACE_END_OFFSET, sizeof(slot->end));
  for (size_t i = 0; i < TRACE_RSS_SAMPLES; i++) {
    struct trace_rss sample;
    memcpy(&sample, bytes + TRACE_RSS_OFFSET + i * sizeof(sample), sizeof(sample));
    if (sample.monotonic_ns) slot->rss[slot->rss_count++] = sample;
  }
  int error = check_head(slot, bytes, count, path, message);
  free(bytes);
  if (error) return error;
  take_end(slot);
  if (split_command_line(slot) != 0) return refuse(-ENOMEM, message, "%s: no memory", path);
  return 0;
}

void first_slot_free(struct first_slot *slot) {
  free(slot->argv);
  slot->argv = NULL;
}

struct run_clock first_slot_clock(const struct first_slot *slot) {
  const struct trace_head *head = &slot->head;
  const struct trace_control *control = &slot->control;
  struct run_clock clock = run_clock_begin(head->start_ticks, head->start_monotonic_ns,
                                           head->clock == TRACE_CLOCK_MONOTONIC);
  if (control->calibration < 2)
    run_clock_pair(&clock, control->calibration_ticks[control->calibration],
                   control->calibration_monotonic_ns[control->calibration]);
  if (slot->end.kind != TRACE_END_NONE && slot->end.end_ticks)
    run_clock_pair(&clock, slot->end.end_ticks, slot->end.end_monotonic_ns);
  return clock;
}

static const char *string_at(const struct first_slot *slot, uint32_t offset) {
  return offset < TRACE_STRINGS_SIZE ? slot->strings + offset : "";
}

void first_slot_describe(const struct first_slot *slot, struct run_info *info) {
  const struct trace_head *head = &slot->head;
  const struct trace_control *control = &slot->control;
  info->executable = string_at(slot, head->executable);
  info->program = string_at(slot, head->program);
  info->directory = string_at(slot, head->directory);
  info->host = string_at(slot, head->host);
  info->unwinder = string_at(slot, head->unwinder);
  info->allocator = string_at(slot, head->allocator);
  info->parent_trace = string_at(slot, head->parent_trace);
  info->argv = slot->argv;
  info->argc = slot->argc;
  info->pid = head->pid;
  info->parent_pid = head->parent_pid;
  info->session = head->session;
  info->start_realtime_ns = head->start_realtime_ns;
  info->forked = head->flags & TRACE_FORKED;
  info->exact = head->flags & TRACE_EXACT;
  info->depth = head->depth;
  info->rss_samples = slot->rss_count;
  info->stop = (uint32_t)control->stop;
  info->stop_errno = control->stop_errno;
  info->checked_stacks = control->checked_stacks;
  info->differing_stacks = control->differing_stacks;
  info->new_unseen = control->new_unseen != 0;
  info->max_rss_bytes = slot->end.max_rss_bytes ? slot->end.max_rss_bytes : control->max_rss_bytes;
  for (size_t i = 0; i < slot->rss_count; i++)
    if (slot->rss[i].bytes > info->max_rss_bytes) info->max_rss_bytes = slot->rss[i].bytes;
}

void first_slot_describe_folding(const struct first_slot *slot, const struct run_clock *clock,
                                 struct run_info *info) {
  const struct trace_head *head = &slot->head;
  const struct trace_control *control = &slot->control;
  info->sample_bytes = head->sample_bytes;
  info->max_file_bytes = head->max_file_bytes;
  info->fold_bytes = head->fold_bytes;
  info->fold_age_count = 0;
  if (head->fold_age_ticks == 0) return;
  info->fold_ages[info->fold_age_count++] =
      (struct run_fold_age){0, run_clock_span(clock, head->fold_age_ticks)};
  for (size_t i = 0; i < TRACE_GROWTHS && control->grown_ticks[i]; i++)
    info->fold_ages[info->fold_age_count++] = (struct run_fold_age){
        run_clock_ns(clock, control->grown_ticks[i]), run_clock_span(clock, control->age_ticks[i])};
}

bool first_slot_same_boot(const struct first_slot *slot) {
  char here[64] = "";
  FILE *file = fopen(BOOT_ID, "re");
  if (!file) return false;
  size_t count = fread(here, 1, sizeof(here) - 1, file);
  fclose(file);
  here[count] = 0;
  here[strcspn(here, "\n")] = 0;
  const char *there = string_at(slot, slot->head.boot_id);
  return *here && strcspn(there, "\n") == strlen(here) && strncmp(here, there, strlen(here)) == 0;
}

bool first_slot_process_alive(const struct first_slot *slot) {
  struct process process;
  if (slot->end.kind != TRACE_END_NONE || slot->control.ending != TRACE_RUNNING) return false;
  if (slot->head.process_start == 0 || !first_slot_same_boot(slot)) return false;
  return process_read((pid_t)slot->head.pid, &process) == 0 && !process.zombie &&
         process.start == slot->head.process_start;
}

uint64_t first_slot_ending(const struct first_slot *slot, const struct run_clock *clock,
                           struct run_info *info) {
  const struct trace_control *control = &slot->control;
  const struct trace_end *end = &slot->end;
  info->ending = RUN_ENDED_UNKNOWN;
  info->status = -1;
  switch (control->ending) {
  case TRACE_EXECED: /* the end record is about the program that came after */
    info->ending = RUN_ENDED_EXEC;
    return control->end_ticks;
  case TRACE_EXITED:
    info->ending = RUN_ENDED_EXIT;
    break;
  case TRACE_UNDER_EXIT:
    info->ending = RUN_ENDED_UNDER_EXIT;
    break;
  default:
    break;
  }
  if (info->ending != RUN_ENDED_UNKNOWN) info->status = control->end_status;
  if (end->kind == TRACE_END_NONE)
    return info->ending == RUN_ENDED_UNKNOWN ? 0 : control->end_ticks;
  if (end->kind == TRACE_END_SIGNAL) info->ending = RUN_ENDED_SIGNAL;
  if (end->kind == TRACE_END_EXIT && info->ending == RUN_ENDED_UNKNOWN)
    info->ending = RUN_ENDED_EXIT;
  if (end->kind == TRACE_END_EXIT || end->kind == TRACE_END_SIGNAL) info->status = end->status;
  if (end->end_ticks) return end->end_ticks;
  if (end->end_monotonic_ns <= clock->start_monotonic_ns) return control->end_ticks;
  return run_clock_ticks(clock, end->end_monotonic_ns - clock->start_monotonic_ns);
}

uint64_t first_slot_rss(const struct first_slot *slot, uint64_t ns) {
  uint64_t moment = slot->head.start_monotonic_ns + ns, bytes = 0, nearest = UINT64_MAX;
  for (size_t i = 0; i < slot->rss_count; i++) {
    uint64_t at = slot->rss[i].monotonic_ns, distance = at > moment ? at - moment : moment - at;
    if (distance >= nearest) continue;
    nearest = distance;
    bytes = slot->rss[i].bytes;
  }
  return bytes;
}
