/* trace_writer.h - writes traces by hand, for tests: any record, in any lane, at any time.
 *
 *   struct trace_writer *writer = writer_new();
 *   uint32_t main_lane = writer_lane(writer);
 *   writer_thread(writer, main_lane, 0, 1, 100, "main");
 *   writer_node(writer, main_lane, 1, 0, 0, 0x1000);
 *   writer_birth(writer, main_lane, 1000, 0xa000, 64, 1);
 *   writer_death(writer, main_lane, 3000, 0xa000, 1);
 *   writer_exit(writer, 5000, 0);
 *   writer_finish(writer);
 *   trace_file_open(writer_path(writer), ...);
 *
 * All times are ticks since the start of the recording; unless the head is changed, the clock is
 * CLOCK_MONOTONIC and a tick is a nanosecond. Records are committed as the recorder does it: chunks
 * are sealed when full or when told; what is left stays in the lane's window as the open chunk. It
 * aborts on errors: this is for tests.
 */
#ifndef TESTS_TRACE_WRITER_H
#define TESTS_TRACE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/trace.h"

#define WRITER_START_TICKS 1000000u /* start_ticks and start_monotonic_ns of a new trace */

struct trace_writer;

/* Into a file of this name, or (NULL) into memory, reachable by writer_path() in this process. */
struct trace_writer *writer_open(const char *path);
struct trace_writer *writer_new(void); /* writer_open(NULL) */
const char *writer_path(const struct trace_writer *writer);
int writer_fd(const struct trace_writer *writer);
/* Closes; a file stays. */
void writer_free(struct trace_writer *writer);

/* To be changed at will before writer_finish(). By default: pid 4242, program "test", command line
 * "test" "--flag", exact, TRACE_CLOCK_MONOTONIC, no end. */
struct trace_head *writer_head(struct trace_writer *writer);
struct trace_control *writer_control(struct trace_writer *writer);
/* Puts a string into the head's strings; its offset, for the fields of the head. */
uint32_t writer_string(struct trace_writer *writer, const char *text, size_t bytes);
void writer_exit(struct trace_writer *writer, uint64_t ticks, int status); /* as exit() leaves it */
void writer_end(struct trace_writer *writer,
                struct trace_end end); /* by `dwell run`; CRC is done */
void writer_rss(struct trace_writer *writer, uint64_t ticks, uint64_t bytes);

/* A new lane, numbered from 1. Its window is the next three slots of the file. */
uint32_t writer_lane(struct trace_writer *writer);
/* One without a window: all its chunks must be sealed. */
uint32_t writer_lane_without_window(struct trace_writer *writer);
void writer_lane_counts(struct trace_writer *writer, uint32_t lane, uint64_t dropped,
                        uint64_t skipped);

/* Records. Times may run backwards within a lane, as in a trace that writes births late. */
void writer_birth(struct trace_writer *writer, uint32_t lane, uint64_t ticks, uint64_t address,
                  uint64_t size, uint32_t stack);
void writer_death(struct trace_writer *writer, uint32_t lane, uint64_t ticks, uint64_t address,
                  uint32_t stack);
void writer_realloc(struct trace_writer *writer, uint32_t lane, uint64_t before, uint64_t after,
                    uint64_t old_address, uint64_t new_address, uint64_t size, uint32_t stack);
/* `pc` relative to the module's base. */
void writer_node(struct trace_writer *writer, uint32_t lane, uint32_t id, uint32_t parent,
                 uint32_t module, uint64_t pc);
void writer_thread(struct trace_writer *writer, uint32_t lane, uint64_t ticks, uint32_t thread,
                   uint32_t tid, const char *name);
void writer_thread_name(struct trace_writer *writer, uint32_t lane, uint64_t ticks, uint32_t thread,
                        const char *name);
void writer_thread_end(struct trace_writer *writer, uint32_t lane, uint64_t ticks, uint32_t thread);
void writer_module(struct trace_writer *writer, uint32_t lane, uint64_t ticks, uint32_t module,
                   uint64_t base, uint64_t size, const void *build_id, size_t build_id_bytes,
                   const char *path);
void writer_module_gone(struct trace_writer *writer, uint32_t lane, uint64_t ticks,
                        uint32_t module);
/* A block that has been born and has not yet been written or folded; `place` in the lane's table,
 * or beyond it in that of writer_more_young(). */
void writer_young(struct trace_writer *writer, uint32_t lane, uint32_t place, uint64_t ticks,
                  uint64_t address, uint32_t size, uint32_t stack);
/* Gives the lane a bigger table besides, of so many slots. */
void writer_more_young(struct trace_writer *writer, uint32_t lane, uint32_t slots);

/* Folded blocks of one site; add lives with writer_fold_life(). */
struct writer_fold {
  uint64_t first, last; /* ticks */
  uint32_t stack;
  uint64_t blocks, bytes, lifetime_ticks, byte_ticks;
  uint64_t counts[TRACE_BUCKETS];
  uint64_t last_birth; /* of the last block, */
  uint32_t last_bucket;
};
void writer_fold_life(struct writer_fold *fold, uint64_t birth, uint64_t death, uint64_t size);
/* As a TRACE_FOLD record. */
void writer_fold(struct trace_writer *writer, uint32_t lane, const struct writer_fold *fold);
/* One folded block as a TRACE_LIFE record. */
void writer_life(struct trace_writer *writer, uint32_t lane, uint64_t birth, uint64_t death,
                 uint64_t size, uint32_t stack);
/* As the lane's cell of that number; beyond the window's, slots of more cells are made. The cell is
 * to be changed at will before writer_finish(). */
struct trace_cell *writer_cell(struct trace_writer *writer, uint32_t lane, uint32_t number,
                               const struct writer_fold *fold);
/* The lane's control words, to be changed at will before writer_finish(), which sets the state. */
struct trace_lane *writer_lane_control(struct trace_writer *writer, uint32_t lane);
/* Bytes of records in the open chunk, and its sequence. */
uint32_t writer_lane_used(const struct trace_writer *writer, uint32_t lane);
uint32_t writer_lane_sequence(const struct trace_writer *writer, uint32_t lane);

/* Any record: a short one has 4 fields, a long one 7 and bytes. */
void writer_record(struct trace_writer *writer, uint32_t lane, unsigned type,
                   const uint64_t *fields, const void *bytes, size_t byte_count);
/* Bytes that need not be a record. */
void writer_raw(struct trace_writer *writer, uint32_t lane, const void *bytes, size_t count);

/* Seals the lane's open chunk with the youngest time in the lane so far as its floor. Does nothing
 * when it is empty. */
void writer_seal(struct trace_writer *writer, uint32_t lane);
/* The same with a floor of one's own. */
void writer_seal_with_floor(struct trace_writer *writer, uint32_t lane, uint64_t floor_ticks);
/* Seals, but leaves the lane's state word as it was: killed between the two. */
void writer_seal_killed(struct trace_writer *writer, uint32_t lane);

/* Writes windows and slot 0. The file is a whole trace then; what follows damages it. */
void writer_finish(struct trace_writer *writer);
/* Where things are in the file: of the slot of a chunk (sequence from 1; its window's second slot
 * when it is open), of a lane's control slot; 0 when there is none. */
uint64_t writer_chunk_offset(const struct trace_writer *writer, uint32_t lane, uint32_t sequence);
uint64_t writer_window_offset(const struct trace_writer *writer, uint32_t lane);
uint64_t writer_more_young_offset(const struct trace_writer *writer, uint32_t lane);
uint64_t writer_more_cells_offset(const struct trace_writer *writer, uint32_t lane, uint32_t index);
uint64_t writer_size(const struct trace_writer *writer);
void writer_flip(struct trace_writer *writer, uint64_t offset, uint8_t bits);
void writer_zero(struct trace_writer *writer, uint64_t offset, uint64_t count);
void writer_cut(struct trace_writer *writer, uint64_t size);

#endif
