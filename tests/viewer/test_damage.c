/* test_damage.c - damaged traces: never a crash, never a silently wrong figure.
 *
 * Deterministic: positions come from a generator with a fixed seed. The corpus of the fuzz target
 * (tests/fuzz/corpus) is run too, so that each of its finds stays found.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reader_check.h"
#include "sparse.h"
#include "trace_writer.h"

#define CORPUS "tests/fuzz/corpus"

static uint64_t random_state = 0x2545f4914f6cdd1du;

static uint32_t random_below(uint32_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 33) % limit;
}

/* Folded blocks: three in a record of lane 2, two in a cell of lane 1 and one in another. */
static void add_folds(struct trace_writer *writer) {
  struct writer_fold fold = {.stack = 3}, cell = {.stack = 4}, far_cell = {.stack = 5};
  for (uint64_t i = 0; i < 3; i++)
    writer_fold_life(&fold, 2000 + 100 * i, 2040 + 130 * i, 20 * i);
  writer_fold(writer, 2, &fold);
  writer_fold_life(&cell, 3000, 3500, 17);
  writer_fold_life(&cell, 3600, 3700, 18);
  writer_cell(writer, 1, 7, &cell);
  writer_fold_life(&far_cell, 3800, 3801, 1);
  writer_cell(writer, 1, TRACE_LANE_CELLS + 3, &far_cell);
}

/* A trace with something of everything: two lanes of three chunks, 13 slots of 64 KiB. */
static struct trace_writer *rich_trace(void) {
  struct trace_writer *writer = writer_new();
  for (uint32_t lane = 1; lane <= 2; lane++) {
    writer_lane(writer);
    writer_thread(writer, lane, 10, lane, 100 + lane, lane == 1 ? "main" : "worker");
  }
  writer_module(writer, 1, 20, 1, 0x400000, 0x10000, "0123456789abcdef0123", 20, "/bin/test");
  for (uint32_t chunk = 0; chunk < 3; chunk++) {
    for (uint32_t i = 0; i < 12; i++) {
      uint64_t now = 1000 * (chunk + 1) + 50 * i, address = 0x5000 + 0x100 * (chunk * 12 + i);
      uint32_t node = chunk * 12 + i + 1;
      writer_node(writer, 1, node, node / 2, 1, 0x100 + node);
      writer_birth(writer, 1, now, address, 10 + i, node);
      if (i % 3 == 1) writer_realloc(writer, 2, now + 5, now + 9, address, address + 8, 40 + i, 2);
      if (i % 4 != 3) writer_death(writer, 2, now + 20, address + (i % 3 == 1 ? 8 : 0), 1);
    }
    if (chunk < 2) writer_seal(writer, 1);
    if (chunk < 2) writer_seal(writer, 2);
  }
  add_folds(writer);
  writer_more_young(writer, 1, 1);
  writer_young(writer, 1, 5, 4100, 0x100, 33, 6);
  writer_young(writer, 1, TRACE_LANE_YOUNG + 1, 4200, 0x200, 34, 6);
  writer_rss(writer, 500, 1 << 20);
  writer_exit(writer, 5000, 0);
  writer_end(writer, (struct trace_end){.kind = TRACE_END_EXIT,
                                        .end_monotonic_ns = WRITER_START_TICKS + 6000,
                                        .max_rss_bytes = 1 << 21});
  writer_finish(writer);
  return writer;
}

/* Whether a checksum, or a second copy, covers what is here. The format leaves open the recorder's
 * control words, RSS samples, of an open chunk's head all but magic, lane and sequence, and what is
 * young or folded. */
static bool is_protected(const struct trace_writer *writer, uint64_t offset) {
  if (offset < TRACE_SLOT)
    return offset < TRACE_RSS_OFFSET ||
           (offset >= TRACE_END_OFFSET && offset < TRACE_END_OFFSET + sizeof(struct trace_end));
  for (uint32_t lane = 1; lane <= 2; lane++) {
    uint64_t window = writer_window_offset(writer, lane), open = window + TRACE_SLOT;
    uint64_t young = open + TRACE_SLOT, more = writer_more_young_offset(writer, lane);
    uint64_t cells = writer_more_cells_offset(writer, lane, 0);
    if (offset >= window + offsetof(struct trace_lane, flushing) && offset < open) return false;
    if (offset >= young && offset < young + TRACE_SLOT) return false;
    if (more && offset >= more && offset < more + TRACE_SLOT) return false;
    if (cells && offset >= cells && offset < cells + TRACE_SLOT) return false;
    if (offset >= open + 12 && offset < open + sizeof(struct trace_chunk)) return false;
  }
  return true;
}

/* Mostly where something is: slots are full of zeros. */
static uint64_t random_place(const struct trace_writer *writer) {
  uint64_t slot = random_below((uint32_t)(writer_size(writer) / TRACE_SLOT)) * TRACE_SLOT;
  if (slot == 0 && random_below(3) == 0)
    return TRACE_END_OFFSET + random_below(sizeof(struct trace_end));
  if (slot == 0 && random_below(3) == 0)
    return TRACE_CONTROL_OFFSET + random_below(sizeof(struct trace_control));
  if (random_below(16) == 0) slot += TRACE_PAGE; /* the first cells of a window */
  return slot + (random_below(8) ? random_below(700) : random_below(TRACE_SLOT - TRACE_PAGE));
}

Test(damage, the_trace_that_is_going_to_be_damaged_is_whole) {
  struct trace_writer *writer = rich_trace();
  struct reader_figures figures = reader_check(writer_path(writer));
  cr_assert(figures.opened && figures.complete);
  cr_assert_eq(figures.births, 36 + 6 + 2);
  cr_assert_eq(figures.reallocations, 12);
  cr_assert_eq(figures.deaths, 27 + 6);
  writer_free(writer);
}

Test(damage, a_flipped_byte_never_changes_a_figure_silently, .timeout = 120) {
  struct trace_writer *writer = rich_trace();
  struct reader_figures whole = reader_check(writer_path(writer));
  unsigned refused = 0, incomplete = 0, unharmed = 0;
  for (int round = 0; round < 4000; round++) {
    uint64_t at = random_place(writer);
    uint8_t bits = (uint8_t)(1 + random_below(255));
    writer_flip(writer, at, bits);
    struct reader_figures figures = reader_check(writer_path(writer));
    bool same = reader_figures_equal(&figures, &whole);
    refused += !figures.opened;
    incomplete += figures.opened && !figures.complete;
    unharmed += figures.opened && same;
    if (is_protected(writer, at))
      cr_assert(!figures.opened || !figures.complete || same, "%02x at offset %lu", bits, at);
    writer_flip(writer, at, bits);
  }
  cr_assert(refused > 100 && incomplete > 100 && unharmed > 100, "%u, %u, %u", refused, incomplete,
            unharmed);
  struct reader_figures after = reader_check(writer_path(writer));
  cr_assert(reader_figures_equal(&after, &whole));
  writer_free(writer);
}

Test(damage, a_stretch_of_garbage_never_changes_a_figure_silently, .timeout = 120) {
  struct reader_figures whole = {0};
  for (int round = -1; round < 400; round++) {
    struct trace_writer *writer = rich_trace();
    uint64_t begin = random_place(writer), count = 1 + random_below(200);
    bool silent_is_wrong = true;
    for (uint64_t at = begin; round >= 0 && at < begin + count && at < writer_size(writer); at++) {
      writer_flip(writer, at, (uint8_t)random_below(256));
      silent_is_wrong = silent_is_wrong && is_protected(writer, at);
    }
    struct reader_figures figures = reader_check(writer_path(writer));
    if (round < 0) whole = figures;
    if (silent_is_wrong)
      cr_assert(!figures.opened || !figures.complete || reader_figures_equal(&figures, &whole),
                "offset %lu", begin);
    writer_free(writer);
  }
}

Test(damage, a_cut_file_is_never_taken_for_a_whole_one, .timeout = 120) {
  struct trace_writer *writer = rich_trace();
  uint64_t size = writer_size(writer), cuts = 0;
  writer_free(writer);
  for (uint64_t at = 0; at < size; at += at % TRACE_SLOT < 700 ? 89 : 13007, cuts++) {
    writer = rich_trace();
    writer_cut(writer, at);
    struct reader_figures figures = reader_check(writer_path(writer));
    cr_assert(!figures.opened || !figures.complete, "cut at %lu", at);
    writer_free(writer);
  }
  cr_assert_gt(cuts, 60);
}

/* With the checksums set right again, so that damage gets through to the records. */
Test(damage, records_that_lie_break_no_law, .timeout = 120) {
  unsigned opened = 0;
  for (int round = 0; round < 1500; round++) {
    struct trace_writer *writer = rich_trace();
    for (uint32_t i = 1 + random_below(6); i > 0; i--)
      writer_flip(writer, random_place(writer), (uint8_t)(1 + random_below(255)));
    sparse_repair(writer_fd(writer));
    opened += reader_check(writer_path(writer)).opened;
    writer_free(writer);
  }
  cr_assert_gt(opened, 500);
}

static size_t read_seed(const char *name, uint8_t *bytes, size_t size) {
  char path[512];
  snprintf(path, sizeof(path), "%s/%s", CORPUS, name);
  FILE *file = fopen(path, "rb");
  cr_assert_not_null(file, "%s", path);
  size_t count = fread(bytes, 1, size, file);
  fclose(file);
  return count;
}

Test(damage, the_corpus_and_its_neighbours_break_no_law, .timeout = 300) {
  static uint8_t seed[1 << 16];
  char path[64];
  unsigned seeds = 0, opened = 0;
  int fd = memfd_create("seed", MFD_CLOEXEC);
  DIR *corpus = opendir(CORPUS);
  cr_assert_not_null(corpus, "tests are run from the top of the source tree");
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  for (struct dirent *entry; (entry = readdir(corpus));) {
    if (entry->d_name[0] == '.') continue;
    size_t size = read_seed(entry->d_name, seed, sizeof(seed));
    seeds++;
    for (int round = 0; round < 60; round++) {
      size_t at = random_below((uint32_t)size);
      uint8_t bits = round ? (uint8_t)(1 + random_below(255)) : 0;
      seed[at] ^= bits;
      sparse_expand(seed, round % 7 == 6 ? at : size, fd);
      opened += reader_check(path).opened;
      if (round % 5 != 4) seed[at] ^= bits; /* now and then damage adds up */
    }
  }
  closedir(corpus);
  close(fd);
  cr_assert_geq(seeds, 8);
  cr_assert_gt(opened, seeds * 10);
}
