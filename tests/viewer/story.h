/* story.h - the producer's story as a hand-written trace, for tests of reports: one second, a
 * sender that puts messages on a queue faster than a worker takes them off. Modules that don't
 * exist, so that frames are shown as module+offset on every machine.
 */
#ifndef TESTS_STORY_H
#define TESTS_STORY_H

#include "trace_writer.h"

enum story {
  STORY_UNBOUNDED, /* 40 messages of 1,000 bytes live for up to a second; one is never freed */
  STORY_BOUNDED,   /* the same messages live for 5 ms */
  STORY_FOLDED,    /* the unbounded one; what died under a millisecond of scratch was folded */
  STORY_SAMPLED,   /* the unbounded one, as if it were a sample of one byte in 1,000 */
  STORY_HOSTILE,   /* names with escape sequences and bytes that are not UTF-8 */
};

/* Ids of its birth stacks. */
enum {
  STORY_COPY = 5,    /* libc+0x10 <- story+0x400 <- story+0x300 <- story+0x100 <- libc+0x90 */
  STORY_CONFIG = 6,  /* one block, freed at the end; resized once */
  STORY_SCRATCH = 7, /* 200 short ones */
};

/* Not finished: the test may add or damage. `path` as for writer_open(). */
struct trace_writer *story_begin(const char *path, enum story story);

#endif
