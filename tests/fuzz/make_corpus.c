/* make_corpus.c - writes the seeds of the fuzz target: one small trace for each thing that a trace
 * can have, packed (tests/viewer/sparse.h).
 *
 *   make_corpus DIRECTORY
 *
 * `tests/fuzz/run --seeds` builds and runs it. Finds of the fuzzer are kept beside the seeds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/viewer/sparse.h"
#include "tests/viewer/trace_writer.h"

static const char *directory;

static void save(struct trace_writer *writer, const char *name, uint8_t flags) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  FILE *out = fopen(path, "wb");
  if (!out || sparse_pack(writer_fd(writer), flags, out) != 0 || fclose(out) != 0) {
    perror(path);
    exit(1);
  }
  writer_free(writer);
}

static struct trace_writer *begin(uint32_t lanes) {
  struct trace_writer *writer = writer_new();
  for (uint32_t lane = 1; lane <= lanes; lane++) {
    writer_lane(writer);
    writer_thread(writer, lane, lane, lane, 100 + lane, lane == 1 ? "main" : "worker");
  }
  for (uint32_t id = 1; id < 6; id++)
    writer_node(writer, 1, id, id / 2, 0, 0x1000 * id);
  return writer;
}

static void births_and_deaths(struct trace_writer *writer, uint32_t lanes, uint64_t from) {
  for (uint32_t i = 0; i < 12; i++) {
    uint64_t address = 0x10000 + 0x40 * (i % 5);
    writer_birth(writer, 1 + i % lanes, from + 100 * i, address, 8 * i, 1 + i % 5);
    if (i % 5 != 4) writer_death(writer, 1 + (i + 1) % lanes, from + 100 * i + 50, address, 2);
    if (i % 5 == 4) writer_death(writer, 1, from + 100 * i + 60, address, 3);
  }
}

static void seed_plain(void) {
  struct trace_writer *writer = begin(1);
  births_and_deaths(writer, 1, 1000);
  writer_exit(writer, 9000, 0);
  writer_finish(writer);
  save(writer, "plain", 0);
}

static void seed_lanes(uint8_t flags, const char *name) {
  struct trace_writer *writer = begin(3);
  for (uint32_t round = 0; round < 2; round++) {
    births_and_deaths(writer, 3, 1000 + 5000 * round);
    for (uint32_t lane = 1; round == 0 && lane <= 3; lane++)
      writer_seal(writer, lane);
  }
  writer_exit(writer, 19000, 0);
  writer_finish(writer);
  save(writer, name, flags);
}

/* A message of two blocks, and a queue that gets three for each two that leave. */
static void seed_queue(void) {
  struct trace_writer *writer = begin(2);
  for (uint64_t i = 0; i < 90; i++) {
    writer_birth(writer, 1, 1000 + 100 * i, 0x10000 + 64 * i, 500, 1);
    writer_birth(writer, 1, 1001 + 100 * i, 0x40000 + 64 * i, 40, 2);
    if (i >= 60) continue;
    writer_death(writer, 2, 1090 + 150 * i, 0x40000 + 64 * i, 3);
    writer_death(writer, 2, 1091 + 150 * i, 0x10000 + 64 * i, 4);
  }
  writer_exit(writer, 19000, 0);
  writer_finish(writer);
  save(writer, "queue", SPARSE_REPAIR);
}

static void seed_reallocs(void) {
  struct trace_writer *writer = begin(2);
  writer_birth(writer, 1, 1000, 0x5000, 10, 1);
  writer_realloc(writer, 1, 2000, 3000, 0x5000, 0x6000, 500, 2);
  writer_birth(writer, 2, 2500, 0x5000, 0, 3);
  writer_realloc(writer, 2, 2600, 2601, 0x5000, 0x5000, 1, 3);
  writer_realloc(writer, 2, 2700, 2701, 0x9999, 0xaaaa, 7, 4);
  writer_death(writer, 2, 4000, 0x6000, 1);
  writer_head(writer)->flags |= TRACE_FORKED;
  writer_finish(writer);
  save(writer, "reallocs", SPARSE_REPAIR);
}

static void seed_late_births(void) {
  struct trace_writer *writer = begin(2);
  writer_death(writer, 1, 5000, 0xa000, 1);
  writer_birth(writer, 1, 4000, 0xb000, 3, 2);
  writer_seal_with_floor(writer, 1, 2000);
  writer_birth(writer, 1, 2000, 0xa000, 64, 1);
  writer_seal_with_floor(writer, 1, 6000);
  writer_birth(writer, 1, 3000, 0xc000, 64, 1); /* later than promised */
  writer_birth(writer, 2, 3000, 0xc000, 64, 1); /* at a taken address */
  writer_finish(writer);
  save(writer, "late_births", SPARSE_REPAIR);
}

static void seed_names(void) {
  struct trace_writer *writer = begin(2);
  writer_module(writer, 1, 10, 1, 0x400000, 0x1000, "\1\2\3\4", 4, "/bin/test");
  writer_module(writer, 2, 20, 2, 0x7f0000000000, 0x1000, NULL, 0, "/lib/libc.so.6");
  writer_node(writer, 2, 6, 5, 1, 0x123);
  writer_node(writer, 2, 7, 6, 2, 0x456);
  writer_node(writer, 2, 9, 8, 0, TRACE_PC_INCOMPLETE);
  writer_thread_name(writer, 1, 30, 2, "renamed");
  writer_birth(writer, 2, 40, 0x1000, 5, 7);
  writer_thread_end(writer, 2, 50, 2);
  writer_thread(writer, 2, 60, 3, 103, "");
  writer_death(writer, 2, 70, 0x1000, 9);
  writer_module_gone(writer, 2, 80, 2);
  writer_record(writer, 2, 0x78, (uint64_t[7]){1, 2, 3}, "unknown", 7);
  writer_record(writer, 2, 6, (uint64_t[4]){1, 1 << 20, 0, UINT64_MAX}, NULL, 0);
  writer_rss(writer, 45, 1 << 20);
  writer_finish(writer);
  save(writer, "names", SPARSE_REPAIR);
}

static void seed_tsc(void) {
  struct trace_writer *writer = begin(1);
  writer_head(writer)->clock = TRACE_CLOCK_TSC;
  writer_control(writer)->calibration = 0;
  writer_control(writer)->calibration_ticks[0] = WRITER_START_TICKS + 30000;
  writer_control(writer)->calibration_monotonic_ns[0] = WRITER_START_TICKS + 10000;
  births_and_deaths(writer, 1, 1000);
  writer_end(writer, (struct trace_end){.kind = TRACE_END_SIGNAL,
                                        .status = 9,
                                        .end_monotonic_ns = WRITER_START_TICKS + 20000,
                                        .end_ticks = WRITER_START_TICKS + 60000});
  writer_finish(writer);
  save(writer, "tsc", SPARSE_REPAIR);
}

static void seed_killed(void) {
  struct trace_writer *writer = begin(2);
  births_and_deaths(writer, 2, 1000);
  writer_seal(writer, 2);
  writer_seal_killed(writer, 1);
  writer_control(writer)->dropped = 3;
  writer_finish(writer);
  writer_flip(writer, writer_chunk_offset(writer, 2, 1) + 70, 8);
  save(writer, "killed_and_torn", 0);
}

static void seed_extremes(void) {
  struct trace_writer *writer = begin(1);
  writer_birth(writer, 1, UINT64_MAX / 2, UINT64_MAX, UINT64_MAX, UINT32_MAX);
  writer_realloc(writer, 1, 5, UINT64_MAX / 3, UINT64_MAX, 0, UINT64_MAX, UINT32_MAX - 1);
  writer_birth(writer, 1, 0, 0, 0, 0);
  writer_death(writer, 1, UINT64_MAX, 0, 0);
  writer_finish(writer);
  save(writer, "extremes", SPARSE_REPAIR);
}

static void seed_folds(uint8_t flags, const char *name) {
  struct trace_writer *writer = begin(2);
  struct writer_fold folds[4] = {{.stack = 1}, {.stack = 2}, {.stack = 3}, {.stack = 5}};
  births_and_deaths(writer, 2, 1000);
  for (uint64_t i = 0; i < 12; i++)
    writer_fold_life(&folds[i % 4], 2000 + 100 * i, 2010 + 117 * i, 10 * i);
  writer_fold(writer, 2, &folds[0]);
  writer_cell(writer, 1, 0, &folds[1]);
  writer_cell(writer, 1, TRACE_LANE_CELLS + 1, &folds[2]);
  struct trace_cell *cell = writer_cell(writer, 2, 1, &folds[3]);
  cell->sums[!(folds[3].blocks & 1)] = (struct trace_sum){.commit = TRACE_SUM(2, 3, 4)};
  cell->counts[folds[3].last_bucket]--;
  writer_more_young(writer, 2, 1);
  writer_young(writer, 1, 3, 3000, 0x7000, 0, 4);
  writer_young(writer, 2, 9, folds[3].last_birth, 0x7100, 30, 5); /* is in the cell */
  writer_young(writer, 2, TRACE_LANE_YOUNG, 3200, 0x7200, 30, 5);
  writer_life(writer, 1, 3210, 3270, 40, 2);
  writer_birth(writer, 1, 3300, 0x7300, 40, 1);
  writer_life(writer, 2, 3310, 3370, 0, 2);
  writer_young(writer, 2, 5, 3310, 0x7400, 0, 2);  /* is in the last record */
  writer_young(writer, 1, 4, 3300, 0x7300, 40, 1); /* is in the chunk */
  writer_lane_control(writer, 1)->flushing = TRACE_FLUSHING(0, 1, 100);
  writer_lane_control(writer, 2)->young_bytes_max = 300;
  writer_exit(writer, 9000, 0);
  writer_finish(writer);
  save(writer, name, flags);
}

static void seed_sampled(void) {
  struct trace_writer *writer = begin(2);
  writer_head(writer)->sample_bytes = 100;
  births_and_deaths(writer, 2, 1000);
  writer_realloc(writer, 1, 4000, 4010, 0x9000, 0x9100, 500, 2); /* first picked now */
  writer_realloc(writer, 1, 4100, 4110, 0x9100, 0x9200, 900, 3);
  writer_realloc(writer, 2, 4200, 4210, 0x9200, 0x9200, 9, 3);
  writer_exit(writer, 9000, 0);
  writer_finish(writer);
  save(writer, "sampled", SPARSE_REPAIR);
}

static void seed_older_version(void) {
  struct trace_writer *writer = begin(1);
  writer_head(writer)->version_major = 1;
  writer_finish(writer);
  save(writer, "older_version", 0);
}

static void seed_not_a_trace(void) {
  struct trace_writer *writer = begin(1);
  writer_head(writer)->version_major = 7;
  writer_finish(writer);
  writer_cut(writer, 200);
  save(writer, "newer_version", 0);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: make_corpus DIRECTORY\n");
    return 2;
  }
  directory = argv[1];
  seed_plain();
  seed_lanes(0, "lanes");
  seed_lanes(SPARSE_REPAIR, "lanes_repaired");
  seed_queue();
  seed_reallocs();
  seed_late_births();
  seed_names();
  seed_tsc();
  seed_killed();
  seed_extremes();
  seed_folds(0, "folds");
  seed_folds(SPARSE_REPAIR, "folds_repaired");
  seed_sampled();
  seed_older_version();
  seed_not_a_trace();
  return 0;
}
