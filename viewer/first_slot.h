/* first_slot.h - slot 0 of a trace: the head, the recorder's control words, the end record, RSS.
 *
 * Only the head and the end record are checked by a CRC; the control words are plain stores of a
 * process that may have died between two of them, so each is judged by whether it makes sense.
 */
#ifndef DWELL_FIRST_SLOT_H
#define DWELL_FIRST_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../shim/trace.h"
#include "run_clock.h"
#include "run_info.h"

#define FIRST_SLOT_MESSAGE 512

struct first_slot {
  struct trace_head head;
  struct trace_control control;
  struct trace_end end;
  bool end_damaged;
  struct trace_rss rss[TRACE_RSS_SAMPLES]; /* the used ones */
  size_t rss_count;
  char strings[TRACE_STRINGS_SIZE + 1];
  const char **argv; /* pointers into strings; owned */
  size_t argc;
  uint64_t file_size;
};

/* Reads and checks. Returns 0, or -errno, -EBADMSG, -ENOTSUP with a message as trace_file_open().
 */
int first_slot_read(struct first_slot *slot, int fd, const char *path,
                    char message[FIRST_SLOT_MESSAGE]);
void first_slot_free(struct first_slot *slot);

/* The clock by all pairs that the slot has. */
struct run_clock first_slot_clock(const struct first_slot *slot);
/* Fills what the head says: names, ids, flags, depth. Strings stay those of `slot`. */
void first_slot_describe(const struct first_slot *slot, struct run_info *info);
/* What was folded or sampled, into info. */
void first_slot_describe_folding(const struct first_slot *slot, const struct run_clock *clock,
                                 struct run_info *info);
/* Whether the trace is of this machine's present boot, so that ticks and pids mean the same here.
 */
bool first_slot_same_boot(const struct first_slot *slot);
/* Whether the process is at work on this very machine, so that the trace is still growing. */
bool first_slot_process_alive(const struct first_slot *slot);
/* How the run ended, into info->ending and info->status. Returns the ticks of the end, 0 when
 * nothing tells. */
uint64_t first_slot_ending(const struct first_slot *slot, const struct run_clock *clock,
                           struct run_info *info);
/* The RSS sample nearest to a time, in bytes; 0 when there is none. */
uint64_t first_slot_rss(const struct first_slot *slot, uint64_t ns);

#endif
