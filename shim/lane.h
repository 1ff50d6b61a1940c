/* lane.h - a thread's lane: its window of the trace file, where what is known of its events goes.
 *
 * A lane belongs to one thread at a time, so nothing here locks. A record is in the trace from the
 * one 64-bit store at the end of lane_commit(); until then the thread may die without a trace of
 * it.
 *
 *   free list -> lane_acquire() -> records... -> lane_release() -> free list
 */
#ifndef DWELL_LANE_H
#define DWELL_LANE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "settings.h"
#include "trace.h"

#define STACK_LIMIT 1024 /* frames that are kept of a stack */

/* A word of the stack that a walk has read. */
struct stack_check {
  const uint64_t *at;
  uint64_t value;
};

/* A frame as it is on return to pc, and where that was read: pc at sp - 8, bp at bp_at, sp at sp_at
 * (NULL when they follow from the frame that called out of this one). So when that one is in an
 * equal state, this one is unchanged if all that was read is still there. */
struct stack_frame {
  uint64_t pc, sp, bp;
  const uint64_t *bp_at, *sp_at;
  uint64_t rule; /* how to find the next frame towards the root */
};

/* A child that was found in the stack tree. */
struct stack_child {
  uint64_t pc;
  uint32_t parent, number; /* number 0: none */
};
#define CHILDREN_KEPT 4096u

/* The way from a leaf to a frame that the memory has, as it was walked before: see
 * walk_tails_x86_64.h. */
#define TAIL_WORDS 20u
struct stack_tail {
  uint64_t pc, sp, bp;          /* the leaf's state */
  uint64_t join_sp, join_bp;    /* of the frame where it ends */
  uint32_t join_depth;          /* that frame is the memory's frames[join_depth - 1] */
  uint32_t join_node, node;     /* of that frame and of the leaf in the stack tree */
  uint16_t word_count;          /* read on the way: */
  bool bp_matters;              /* the leaf's bp: the way depends on it */
  uint16_t word_at[TAIL_WORDS]; /* in words from sp, */
  uint64_t words[TAIL_WORDS];   /* and what was there */
};
#define TAIL_SET_BITS 7
#define TAIL_WAYS 4u
#define TAIL_SEEN_BITS 8
struct stack_tails {
  uint32_t tags[1u << TAIL_SET_BITS][TAIL_WAYS]; /* of a leaf's pc and sp; 0: empty */
  uint32_t replaced;
  uint32_t seen[1u << TAIL_SEEN_BITS]; /* leaves' nodes that were walked to */
  struct stack_tail ways[1u << TAIL_SET_BITS][TAIL_WAYS];
};

/* What the lane's thread remembers of its last stack, frame by frame, root first. The first
 * `nodes_known` have their nodes of the stack tree; of the first `states_known` all of struct
 * stack_frame is known, of the others the pc alone, see walk.h. */
struct stack_memory {
  uint32_t depth, nodes_known, states_known;
  uint32_t epoch; /* of the stack tree that the nodes are of */
  struct stack_frame frames[STACK_LIMIT + 1];
  uint32_t nodes[STACK_LIMIT + 1];
  struct stack_frame fresh[STACK_LIMIT + 1];        /* a walk's new frames, leaf first */
  struct stack_check checks[3 * (STACK_LIMIT + 1)]; /* what was read, frame by frame, root first */
  uint32_t check_ends[STACK_LIMIT + 1];             /* of frame i: how many up to and with it */
  struct stack_child children[CHILDREN_KEPT];
  uint32_t joined; /* frames that the last walk left as they were; 0: not to be known again */
  struct stack_tails tails;
};

/* The cells in use, see cells.h. A place holds the low 16 bits of the site's hash, and where its
 * cell is: (slot << 7 | cell in the slot) + 1; 0: empty. */
#define CELL_SET_BITS 12
#define CELL_WAYS 4u
#define CELL_SLOTS_MAX 96u
struct cells {
  uint32_t used;                                /* cells 0..used - 1 have been somebody's */
  uint32_t hand;                                /* where a cell is looked for that may be taken */
  uint32_t more_count;                          /* slots of more cells */
  bool stuck;                                   /* no more can be had */
  struct trace_cell *slots[CELL_SLOTS_MAX + 1]; /* the first cells: of the window, of each slot */
  uint32_t places[1u << CELL_SET_BITS][CELL_WAYS];
};

#define SURVIVAL_BITS 12
/* A block is in the table of young blocks for no more of them: a reader waits for it. */
#define LANE_SEALS 8u

struct lane {
  /* what every event touches */
  struct trace_lane *window;          /* mapped; its state word is the commit */
  struct trace_young *young;          /* mapped: the table of young blocks, see young.h */
  uint32_t young_shift;               /* the table has 2^(64 - shift) sets */
  uint32_t young_first;               /* the first set that may be used */
  uint64_t young_bytes, young_blocks; /* that are in it */
  struct trace_young *touched;        /* being written or folded; NULL: none */
  int64_t sample_left;                /* bytes up to the next one that is picked */
  uint32_t number;                    /* from 1 */
  bool borrowed;                      /* for one event, by a thread that is past its end */
  bool meta;                          /* the open chunk has nodes, threads or modules */
  bool young_stuck;                   /* no bigger table of young blocks can be had */
  bool full;                          /* could not be sealed: everything is dropped from now on */

  struct trace_chunk *chunk; /* the open chunk's header, mapped */
  unsigned char *records;    /* right behind it */
  uint32_t used, sequence;
  uint32_t young_places;   /* entries of the table */
  uint32_t young_slots;    /* it is a bigger one, of so many slots; 0: the window's */
  uint64_t ticks, address; /* delta state */
  uint64_t last_ticks;
  uint64_t window_offset; /* where the window belongs when it is private memory; 0: it is mapped */
  uint64_t touched_point; /* of the state word, when `touched` was set to be written */

  uint32_t next_free;
  uint32_t thread; /* serial of the thread that it serves, 0 none */
  int tid;
  pthread_t self;
  int exit_rounds; /* how often the thread's exit destructor has run */
  char name[16];
  uint64_t random;                /* the sampler's */
  uint64_t stack_low, stack_high; /* the thread's stack, where reading cannot fault; 0 unknown */
  uint8_t survival[1u << SURVIVAL_BITS]; /* of sites' blocks, see young_expected() */
  uint32_t probes;
  uint64_t seals[LANE_SEALS]; /* last_ticks at the last seals, by sequence */
  struct cells cells;
  struct stack_memory memory;
  char path[PATH_BYTES]; /* room for a module's path, which the host's stack may not have */
};

/* A lane for the calling thread; NULL when there is no memory or no room in the file (counted). */
struct lane *lane_acquire(void);
void lane_release(struct lane *lane);
/* Maps slots of the file that the lane has besides its window, and writes their struct trace_more;
 * NULL when they are not to be had. */
void *lane_more(const struct lane *lane, uint32_t magic, uint32_t index, unsigned slots);
/* Writes the windows that are in private memory to their places in the file. What other threads do
 * meanwhile may spoil theirs, which the reader sees. */
void lanes_save(void);
/* In a fork's child that goes on inside of its parent's hook: what it records goes nowhere. */
void lanes_detach(void);

/* The time of an event. A clock that does not wait for earlier loads may be read some hundred ticks
 * early: before what another thread did, that this one has seen. With one lane there is no other
 * thread; a second one makes its lane before its first event. */
extern uint32_t lanes_made;
static inline bool lane_is_only_one(void) {
  return __atomic_load_n(&lanes_made, __ATOMIC_RELAXED) == 1;
}
/* The time of an event, if the clock was just read early. */
static inline uint64_t lane_ticks_of(const struct lane *lane, uint64_t early) {
  if (!lane_is_only_one()) return clock_ticks();
  return early > lane->last_ticks ? early : lane->last_ticks + 1;
}
static inline uint64_t lane_ticks(const struct lane *lane) {
  return lane_is_only_one() ? lane_ticks_of(lane, clock_ticks_early()) : clock_ticks();
}

/* Lanes by number, 1..lane_count(), some may be NULL; to look at other threads' names. */
uint32_t lane_count(void);
struct lane *lane_by_number(uint32_t number);

/* The hook that the lane's thread was in was left by longjmp or cancellation: what it was doing is
 * finished or undone, so that nothing is lost or counted twice. */
void lane_recover(struct lane *lane);

/* At the end: puts the CRCs of the open chunks into their lanes' state words. */
void lanes_sum_up(void);

/* In a forked child: forgets all lanes; unmaps the parent's windows. */
void lanes_forget(void);

/* Room for a record of `bytes`; seals the open chunk when it is full. False: the record is dropped.
 */
bool lane_make_room(struct lane *lane, size_t bytes);
static inline bool lane_reserve(struct lane *lane, size_t bytes) {
  if (__builtin_expect(lane->used + bytes + 8 <= TRACE_CHUNK_RECORDS, 1)) return true;
  return lane_make_room(lane, bytes);
}

/* Makes the bytes from records[used] to `end` one record of the trace. */
static inline void lane_commit(struct lane *lane, const unsigned char *end) {
  lane->used = (uint32_t)(end - lane->records);
  __atomic_store_n(&lane->window->state, TRACE_STATE(0, lane->sequence, lane->used),
                   __ATOMIC_RELEASE);
}

#endif
