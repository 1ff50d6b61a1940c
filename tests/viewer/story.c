/* story.c - see story.h. A tick is a nanosecond. */
#include "story.h"

#include <string.h>

enum { MS = 1000000, MESSAGES = 40, SCRATCH = 200 };

/* 1 libc+0x90 - 2 story+0x100 - 3 story+0x300 - 4 story+0x400 - 5 libc+0x10    birth: copy
 *               2             - 6 story+0x600                                  birth: config
 *               2             - 7 story+0x700                                  birth: scratch
 * 8 libc+0xa0 - 9 story+0x900 - 10 libc+0x20                                   death */
static void write_nodes(struct trace_writer *writer, uint32_t lane) {
  static const struct {
    uint32_t id, parent, module;
    uint64_t pc;
  } nodes[] = {{1, 0, 2, 0x90},  {2, 1, 1, 0x100}, {3, 2, 1, 0x300}, {4, 3, 1, 0x400},
               {5, 4, 2, 0x10},  {6, 2, 1, 0x600}, {7, 2, 1, 0x700}, {8, 0, 2, 0xa0},
               {9, 8, 1, 0x900}, {10, 9, 2, 0x20}};
  for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
    writer_node(writer, lane, nodes[i].id, nodes[i].parent, nodes[i].module, nodes[i].pc);
}

static void write_messages(struct trace_writer *writer, uint32_t sender, uint32_t worker,
                           enum story story) {
  for (uint64_t i = 0; i < MESSAGES; i++) {
    uint64_t birth = (10 + i) * MS;
    uint64_t death = story == STORY_BOUNDED ? birth + 5 * MS : (20 + 24 * i) * MS;
    uint64_t address = 0x10000 + i * 0x1000;
    writer_birth(writer, sender, birth, address, 1000, STORY_COPY);
    if (story == STORY_BOUNDED || i + 1 < MESSAGES)
      writer_death(writer, worker, death, address, 10);
  }
}

static void write_scratch(struct trace_writer *writer, uint32_t lane, enum story story) {
  struct writer_fold fold = {.stack = STORY_SCRATCH};
  writer_birth(writer, lane, MS, 0x2000, 100, STORY_CONFIG);
  writer_realloc(writer, lane, 2 * MS, 2 * MS + 100, 0x2000, 0x3000, 300, 7);
  for (uint64_t i = 0; i < SCRATCH; i++) {
    uint64_t birth = 100 * MS + i * MS;
    uint64_t death = birth + 1000 * (i + 1);
    if (story == STORY_FOLDED && i < SCRATCH - 5) {
      writer_fold_life(&fold, birth, death, 64);
      continue;
    }
    writer_birth(writer, lane, birth, 0x4000, 64, STORY_SCRATCH);
    writer_death(writer, lane, death, 0x4000, 2);
  }
  if (story == STORY_FOLDED) writer_fold(writer, lane, &fold);
  writer_death(writer, lane, 999 * MS, 0x3000, 2);
}

struct trace_writer *story_begin(const char *path, enum story story) {
  bool hostile = story == STORY_HOSTILE;
  struct trace_writer *writer = writer_open(path);
  struct trace_head *head = writer_head(writer);
  static const char plain[] = "story\0--messages\00040", escapes[] = "story\0\033[31m\0caf\xe9";
  head->command_line = hostile ? writer_string(writer, escapes, sizeof escapes)
                               : writer_string(writer, plain, sizeof plain);
  head->command_line_bytes = hostile ? sizeof escapes : sizeof plain;
  const char *executable = "/nonexistent/story";
  head->executable = writer_string(writer, executable, strlen(executable) + 1);

  uint32_t sender = writer_lane(writer), worker = writer_lane(writer);
  writer_thread(writer, sender, 0, 1, 100, hostile ? "\033]0;x\007\xff" : "sender");
  writer_thread(writer, worker, 0, 2, 101, "worker");
  writer_module(writer, sender, 0, 1, 0x400000, 0x10000, "\x12\x34\x56\x78", 4, executable);
  writer_module(writer, sender, 0, 2, 0x7f0000, 0x10000, "\x9a\xbc", 2, "/nonexistent/libc.so.6");
  write_nodes(writer, sender);
  write_messages(writer, sender, worker, story);
  write_scratch(writer, sender, story);
  if (story == STORY_FOLDED) {
    head->flags = 0;
    head->fold_age_ticks = 1 * MS;
    head->fold_bytes = 32 << 10;
    head->max_file_bytes = 1 << 20;
    writer_control(writer)->grown_ticks[0] = WRITER_START_TICKS + 700 * MS;
    writer_control(writer)->age_ticks[0] = 10 * MS;
    writer_lane_control(writer, sender)->young_blocks_max = 9;
    writer_lane_control(writer, sender)->young_bytes_max = 576;
  }
  if (story == STORY_SAMPLED) {
    head->flags = 0;
    head->sample_bytes = 1000;
  }
  writer_rss(writer, 30 * MS, 2 << 20);
  writer_exit(writer, 1000 * MS, 0);
  return writer;
}
