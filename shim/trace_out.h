/* trace_out.h - the trace file being written: its name, its head, its growth by slots.
 *
 * The descriptor sits high and is checked before each use: the host may close it or put something
 * else there. Nothing here is called for an ordinary event.
 */
#ifndef DWELL_TRACE_OUT_H
#define DWELL_TRACE_OUT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace.h"

struct trace_out {
  struct trace_control *control; /* mapped page of the file; never NULL while recording */
  uint64_t pid;
  uint64_t floor;       /* ticks at which this process's recording began */
  uint64_t stack_start; /* of the program's first thread; 0 unknown */
  char path[4096];
};
extern struct trace_out trace_out;

/* Creates this process's trace, head and all; parent_path is "" or the trace of the forking parent.
 * 0 or -errno; then a line has been printed. */
int trace_out_create(const char *parent_path);

/* Forgets the file without touching it: in a forked child it is the parent's. */
void trace_out_forget(void);

/* Reserves `slots` consecutive slots: 0 and the first's file offset, or -errno when the file may
 * not grow, TRACE_OUT_FULL when DWELL_MAX_SIZE does not allow it. With `mapped`, the space is
 * allocated and mapped (shared), -ENODEV when it can't be mapped so; else only the number is
 * taken. */
#define TRACE_OUT_FULL (-E2BIG)
int trace_out_grow(unsigned slots, uint64_t *offset, void **mapped);
uint64_t trace_out_bytes(void); /* that the file has, or is about to have */

/* Writes a whole slot made of a chunk header and its records. 0 or -errno. */
int trace_out_write_chunk(uint64_t offset, const struct trace_chunk *chunk, const void *records);

/* Writes what lies in private memory, where the file system has no shared mappings: a lane's window
 * to its place in the file, the control page to its own. A line in the trace says that it is so. */
void trace_out_save(uint64_t offset, const void *bytes, size_t size);
void trace_out_save_control(void);

/* A later pair of ticks and nanoseconds, for the reader's calibration. */
void trace_out_calibrate(void);

#endif
