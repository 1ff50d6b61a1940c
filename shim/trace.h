/* trace.h - the trace file format: all that the recorder and the viewer share.
 *
 * A trace is a sequence of equal, aligned slots (TRACE_SLOT bytes), little-endian throughout.
 * Slot 0 is the file head. Every other slot is a sealed chunk, or part of a lane window, or
 * torn, or a hole; a reader tells them apart by their first word and checks what it takes.
 * Nothing in the file points to anything else, so any part may be missing.
 *
 *   slot 0        the head: what was recorded, the calibration, how it ended
 *   lane window   TRACE_LANE_SLOTS slots: lane control and cells, the lane's open chunk, its table
 *                 of young blocks
 *   more cells    a slot of cells that one lane has besides
 *   more young    up to TRACE_MORE_SLOTS slots: a bigger table of young blocks for one lane
 *   chunk         a sealed copy of a lane's open chunk, checked by CRC32C
 *
 * HOW RECORDS ARE COMMITTED. A thread appends records to its lane's open chunk, which is mapped
 * MAP_SHARED, so the kernel owns what was stored even when the process is killed. A record counts
 * from the moment of one 64-bit store of the lane's state word {crc:24, sequence:24, used:16}.
 * A full chunk is sealed: its header is completed, the whole slot is written to a new place, and
 * one store of {crc 0, sequence + 1, used 0} empties the lane. Killed between the two, the chunk
 * is in the file twice: a reader drops a lane's open chunk when that sequence is already sealed.
 * When the process ends by itself, the state gets the crc of what the open chunk has then.
 *
 * FOLDING (unless TRACE_EXACT, or sampling). A birth first goes into its lane's table of young
 * blocks, not into the chunk. A free by the same thread that finds it there, young enough, is
 * folded: counted in the cell of its site, and nothing is written for it. What leaves the table
 * otherwise becomes a birth record, with its own ticks. A cell is written as a TRACE_FOLD record
 * (of one block: TRACE_LIFE) when it spans 10 to 100 ms, and is empty again; also when its thread
 * ends, and where so many sites fold in turn, tens of thousands, that there are not cells enough:
 * then some blocks get a TRACE_LIFE at once. So what a lane knows is its records, and what its
 * cells and its young blocks hold at that moment; both lie in the file as the chunk does. Killed in
 * the middle of a move from one to another, a reader finds a thing twice, and can tell: see struct
 * trace_young, struct trace_cell and trace_lane.flushing.
 *
 * SAMPLING (sample_bytes in the head is not 0). Of the stream of all bytes requested, a Poisson
 * process picks one in sample_bytes on average; a block that has a picked byte is recorded, every
 * other is not: a block of s bytes is there with probability 1 - e^(-s / sample_bytes) and stands
 * for the inverse of that. What a block grows by realloc takes part (by what the allocator gave it
 * before and after; what it was asked for before is not known); one that is first picked then has a
 * TRACE_REALLOC whose old address is not known, with s its new size. A recorded block that grows
 * counts from then on by its largest size.
 *
 * ORDER. Records of one lane are nearly in order of time: no event of a later chunk is older than
 * the chunk's floor_ticks (TRACE_FOLD and TRACE_LIFE are about a span of time, and no events).
 * Lanes are merged by ticks. A birth may come after its death in the file (other lane, or written
 * late); time puts them right.
 *
 * VERSIONS. A reader refuses another major version. A minor version may add record types and fields
 * at the end of structures (those read 0 in older files). Records of unknown type are skipped by
 * their length; a new type must not change the delta state of the old ones.
 */
#ifndef DWELL_TRACE_H
#define DWELL_TRACE_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_MAGIC "dwelltrc"
#define TRACE_VERSION_MAJOR 2
#define TRACE_VERSION_MINOR 0

#define TRACE_SLOT 65536u
#define TRACE_PAGE 4096u
#define TRACE_LANE_SLOTS 3u
#define TRACE_MORE_SLOTS 32u

/* ---- slot 0 -----------------------------------------------------------------------------
 *
 * OFFSET   SIZE    DESCRIPTION
 *      0   4096    struct trace_head, written once; head_crc covers it and the strings
 *   4096  12288    strings: NUL-terminated, each at the offset (from byte 4096) that the head names
 *  16384  32768    struct trace_rss[TRACE_RSS_SAMPLES], by `dwell run`; unused ones are 0
 *  49152   4096    struct trace_end, by `dwell run`, when the process is gone
 *  61440   4096    struct trace_control, mapped and kept current by the recorder
 */
#define TRACE_STRINGS_OFFSET 4096u
#define TRACE_STRINGS_SIZE 12288u
#define TRACE_RSS_OFFSET 16384u
#define TRACE_RSS_SAMPLES 2048u
#define TRACE_END_OFFSET 49152u
#define TRACE_CONTROL_OFFSET 61440u

enum trace_clock {
  TRACE_CLOCK_TSC = 1,       /* ticks are those of a constant, nonstop time stamp counter */
  TRACE_CLOCK_MONOTONIC = 2, /* ticks are nanoseconds of CLOCK_MONOTONIC */
};

enum trace_head_flags {
  TRACE_FORKED = 1u, /* begun by fork: blocks born before are not in this trace */
  TRACE_EXACT = 2u,  /* every event is written; nothing is folded or sampled */
};

/* One of these holds at any time: ticks = start_ticks at start_monotonic_ns; a later pair is in the
 * control page or the end record; a reader takes the pair furthest apart and interpolates.
 *
 * OFFSET SIZE DESCRIPTION
 *  0   8  magic
 *  8   2  version_major
 * 10   2  version_minor
 * 12   4  head_crc: CRC32C of bytes 0..16383 with this field 0
 * 16   4  slot_size, TRACE_SLOT
 * 20   4  lane_slots, TRACE_LANE_SLOTS
 * 24   4  flags, enum trace_head_flags
 * 28   4  machine, the ELF e_machine
 * 32   8  pid
 * 40   8  parent_pid
 * 48   8  process_start: field 22 of /proc/PID/stat (clock ticks since boot); with pid, an identity
 * 56   8  session: number of the `dwell run` that began it, 0 without one
 * 64   8  start_realtime_ns, since 1970
 * 72   8  start_monotonic_ns
 * 80   8  start_ticks
 * 88   4  clock, enum trace_clock
 * 92   4  depth: frames of a stack that reports should show (DWELL_DEPTH), 0 all
 * 96  ... string offsets, 4 bytes each
 */
struct trace_head {
  char magic[8];
  uint16_t version_major, version_minor;
  uint32_t head_crc;
  uint32_t slot_size, lane_slots;
  uint32_t flags;
  uint32_t machine;
  uint64_t pid, parent_pid, process_start;
  uint64_t session;
  uint64_t start_realtime_ns, start_monotonic_ns, start_ticks;
  uint32_t clock;
  uint32_t depth;
  uint32_t executable;   /* string: absolute path */
  uint32_t command_line; /* argv, joined by NUL, command_line_bytes long with the last NUL */
  uint32_t command_line_bytes;
  uint32_t directory; /* string: working directory at the start */
  uint32_t host;      /* string: node name */
  uint32_t boot_id;   /* string: /proc/sys/kernel/random/boot_id: ticks compare within one boot */
  uint32_t program;   /* string: short name, as %c */
  uint32_t unwinder;  /* string: "libgcc", "libunwind", ... */
  uint32_t allocator; /* string: path of the module whose malloc is called */
  uint32_t parent_trace; /* string: absolute path of the parent's trace, "" unless TRACE_FORKED */
  uint32_t command_line_cut; /* 1 when the command line did not fit */
  uint32_t unused;
  uint64_t fold_age_ticks; /* blocks that died younger could be folded; 0: no folding */
  uint64_t fold_bytes;     /* and if they were not bigger than this */
  uint64_t sample_bytes;   /* mean bytes between picked ones; 0: no sampling */
  uint64_t max_file_bytes; /* DWELL_MAX_SIZE; 0: none */
};

/* One resident-set sample. `dwell run` halves the samples (drops every other one) when full. */
struct trace_rss {
  uint64_t monotonic_ns; /* 0: unused */
  uint64_t bytes;
};

enum trace_ending {
  TRACE_RUNNING = 0,    /* no word: alive, killed, or left by a raw system call */
  TRACE_EXITED = 1,     /* exit() or return from main; status in end_status when known, else -1 */
  TRACE_UNDER_EXIT = 2, /* _exit(end_status), without destructors */
  TRACE_EXECED = 3,     /* replaced by exec; the new program has a trace of its own */
};

enum trace_stop {
  TRACE_NOT_STOPPED = 0,
  TRACE_STOP_WRITE = 1, /* the file could not be extended: stop_errno says why */
  TRACE_STOP_LOST = 2,  /* the host took the descriptor and the file could not be reopened */
  TRACE_STOP_SECCOMP =
      3,                 /* the host asked for a system call filter; windows filled, then dropped */
  TRACE_STOP_MEMORY = 4, /* no memory for the recorder's own tables */
  TRACE_STOP_SIZE = 5,   /* the file reached DWELL_MAX_SIZE */
};

#define TRACE_GROWTHS 4

/* Kept current by the recorder in the mapped page; plain stores, no CRC. */
struct trace_control {
  uint64_t calibration_ticks[2]; /* two pairs; the one that `calibration` names is whole */
  uint64_t calibration_monotonic_ns[2];
  uint64_t calibration; /* 0 or 1; 2: none yet */
  uint64_t ending;      /* enum trace_ending, stored last */
  uint64_t end_ticks;
  int64_t end_status;
  uint64_t stop; /* enum trace_stop */
  uint64_t stop_errno;
  uint64_t stop_ticks; /* younger events may be there, but not all: a reader leaves them out */
  uint64_t dropped;    /* events not recorded since: by threads without a lane, or after a stop */
  uint64_t skipped;    /* events inside the recorder's own work (signal handlers), no lane yet */
  uint64_t early;      /* allocations served before recording began */
  uint64_t unprotected_lanes; /* lanes in private memory: what they hold is lost on a kill */
  uint64_t stack_nodes;       /* nodes of the stack tree */
  uint64_t incomplete_stacks; /* walks that could not be finished */
  uint64_t checked_stacks;    /* DWELL_CHECK_STACKS: walks that were compared with libunwind's */
  uint64_t differing_stacks;  /* and those that differed */
  uint64_t max_rss_bytes;     /* by the recorder at exit; 0: unknown */
  uint64_t new_unseen; /* 1: the allocator has an operator new of its own that calls no malloc */
  uint64_t slots;      /* whole slots that the file has had; 0 unknown. A shorter file was cut. */
  /* Near max_file_bytes the fold age grows: to age_ticks[i] at grown_ticks[i]; 0: not yet. */
  uint64_t grown_ticks[TRACE_GROWTHS], age_ticks[TRACE_GROWTHS];
};

enum trace_end_kind {
  TRACE_END_NONE = 0,
  TRACE_END_EXIT = 1,   /* status is the exit status */
  TRACE_END_SIGNAL = 2, /* status is the signal */
  TRACE_END_GONE = 3,   /* not a child of dwell: seen to be gone; status unknown, -1 */
};

/* Written by `dwell run` with one pwrite after the process is gone. */
struct trace_end {
  uint32_t kind;
  uint32_t end_crc; /* CRC32C of the structure with this field 0 */
  int64_t status;
  uint64_t start_monotonic_ns; /* when dwell started it; 0: not started by dwell itself */
  uint64_t end_monotonic_ns;
  uint64_t end_ticks;     /* the same moment by the recorder's clock; 0: unknown */
  uint64_t max_rss_bytes; /* 0: unknown */
};

/* ---- lane window ------------------------------------------------------------------------
 * OFFSET   SIZE   DESCRIPTION
 *      0   4096   struct trace_lane
 *   4096  61440   struct trace_cell[TRACE_LANE_CELLS]
 *  65536  65536   the open chunk: a struct trace_chunk whose magic is TRACE_OPEN_MAGIC, and records
 * 131072  65536   struct trace_young[TRACE_LANE_YOUNG]
 */
#define TRACE_LANE_MAGIC 0x4e4c5744u  /* "DWLN" */
#define TRACE_OPEN_MAGIC 0x504f5744u  /* "DWOP" */
#define TRACE_CHUNK_MAGIC 0x4b435744u /* "DWCK" */
#define TRACE_CELLS_MAGIC 0x45435744u /* "DWCE" */
#define TRACE_YOUNG_MAGIC 0x4f595744u /* "DWYO" */

struct trace_lane {
  uint32_t magic;
  uint32_t lane;     /* number, from 1 */
  uint64_t state;    /* TRACE_STATE(): the commit word */
  uint64_t dropped;  /* events lost when the chunk could not be sealed */
  uint64_t skipped;  /* events inside the recorder's own work (signal handlers) */
  uint64_t flushing; /* TRACE_FLUSHING(), 0 none: that cell is void once the lane's state has come
                        so far: its figures are in a record that ends there */
  uint64_t flushes;  /* how often a cell was written: unchanged around a reader's copy of the cells
                        and the chunk, nothing is in both */
  /* The most bytes, and blocks, that the tables of young blocks have held at once: no more can have
   * been alive, at any one moment, of blocks that were folded. */
  uint64_t young_bytes_max, young_blocks_max;
};

/* used: bytes of records in the open chunk; sequence counts the lane's chunks from 1, modulo 2^24;
 * crc: low 24 bits of the CRC32C of the used bytes; 0: not known (a killed process). */
#define TRACE_STATE(crc, sequence, used)                                                           \
  ((uint64_t)((crc)&0xffffffu) << 40 | (uint64_t)((sequence)&0xffffffu) << 16 | ((used)&0xffffu))
#define TRACE_STATE_USED(s) ((uint32_t)((s)&0xffff))
#define TRACE_STATE_SEQUENCE(s) ((uint32_t)((s) >> 16 & 0xffffff))
#define TRACE_STATE_CRC(s) ((uint32_t)((s) >> 40))
/* Grows, modulo 2^40, with each record and each seal. */
#define TRACE_STATE_POINT(s) ((s)&0xffffffffffu)

/* The cell: its number in the lane, from 0; those of the window first, then those of the slots of
 * more cells in the order of their `index`. */
#define TRACE_FLUSHING(cell, sequence, used)                                                       \
  ((uint64_t)((cell) + 1) << 40 | (uint64_t)((sequence)&0xffffffu) << 16 | ((used)&0xffffu))
#define TRACE_FLUSHING_CELL(f) ((uint32_t)((f) >> 40) - 1)
#define TRACE_FLUSHING_POINT(f) ((f)&0xffffffffffu) /* as TRACE_STATE_POINT */

/* A block that was born and has neither died nor been written. The address is stored last and
 * cleared first; 0: no block. Void when the lane's last record is the birth of this address at
 * these ticks, or a TRACE_LIFE of its stack that began then, or when TRACE_SUM_BIRTH of its site's
 * cell (of the valid sum) is ticks' low half. */
struct trace_young {
  uint64_t address;
  uint64_t ticks;
  uint32_t size;  /* bytes requested */
  uint32_t stack; /* node id */
  uint64_t guard; /* the recorder's: how it knows that nobody else freed the address meanwhile */
};
#define TRACE_LANE_YOUNG (TRACE_SLOT / (uint32_t)sizeof(struct trace_young))

/* Folded blocks of one site (one birth stack), not in a record yet. Of the two sums that with the
 * higher commit word is valid. The histogram has as many counts as the sum has blocks, or one
 * fewer: then TRACE_SUM_BUCKET is to be counted. Void while stack is 0. Times in ticks. */
struct trace_sum {
  uint64_t commit; /* TRACE_SUM(), stored last */
  uint64_t bytes;
  uint64_t lifetime_ticks; /* sum of lifetimes */
  uint64_t byte_ticks;     /* sum of size x lifetime */
};
#define TRACE_SUM(blocks, bucket, birth_ticks)                                                     \
  ((uint64_t)(blocks) << 40 | (uint64_t)(bucket) << 32 | (uint32_t)(birth_ticks))
#define TRACE_SUM_BLOCKS(c) ((uint32_t)((c) >> 40))
#define TRACE_SUM_BUCKET(c) ((uint32_t)((c) >> 32 & 0xff)) /* the last block's */
#define TRACE_SUM_BIRTH(c) ((uint32_t)(c))                 /* low half of the last block's birth */

#define TRACE_BUCKETS 107u
struct trace_cell {
  struct trace_sum sums[2];
  uint64_t first_ticks, last_ticks; /* birth of the first block, death of the last */
  uint32_t stack;
  uint32_t counts[TRACE_BUCKETS]; /* lifetimes: see trace_bucket() */
};
#define TRACE_LANE_CELLS ((TRACE_SLOT - TRACE_PAGE) / (uint32_t)sizeof(struct trace_cell))
#define TRACE_MORE_CELLS (TRACE_SLOT / (uint32_t)sizeof(struct trace_cell) - 1)

static inline const struct trace_sum *trace_valid_sum(const struct trace_cell *cell) {
  return &cell->sums[cell->sums[1].commit > cell->sums[0].commit];
}

/* Buckets of lifetimes in ticks: 0 below 64, then four an octave. The last one has all above. */
static inline uint32_t trace_bucket(uint64_t ticks) {
  if (ticks < 64) return 0;
  uint32_t exponent = 63 - (uint32_t)__builtin_clzll(ticks);
  uint32_t bucket = 1 + 4 * (exponent - 6) + (uint32_t)(ticks >> (exponent - 2) & 3);
  return bucket < TRACE_BUCKETS ? bucket : TRACE_BUCKETS - 1;
}
/* The least lifetime that is in a bucket. */
static inline uint64_t trace_bucket_low(uint32_t bucket) {
  if (bucket == 0) return 0;
  return (uint64_t)(4 + (bucket - 1) % 4) << (4 + (bucket - 1) / 4);
}

/* The first bytes of a slot of more cells (which follow from byte 512 on, TRACE_MORE_CELLS of
 * them), and of a bigger table of young blocks: `slots` slots full of struct trace_young, the first
 * two of which are this header. */
struct trace_more {
  uint32_t magic; /* stored last */
  uint32_t lane;
  uint32_t index; /* of slots of cells: from 0 */
  uint32_t slots; /* of a table */
  uint64_t unused[6];
};

/* ---- chunk ------------------------------------------------------------------------------
 * OFFSET SIZE DESCRIPTION
 *  0  4  magic
 *  4  4  lane
 *  8  4  sequence
 * 12  4  bytes of records after this header
 * 16  8  base_ticks: delta state at the first record (address 0, ticks base_ticks)
 * 24  8  last_ticks: the youngest event in it; in an open chunk 0
 * 32  8  floor_ticks: no record in a later chunk of the lane is older; in an open chunk 0
 * 40  4  thread: serial number of the thread that its first records belong to, 0 none yet
 * 44  4  flags: TRACE_CHUNK_META when nodes, threads or modules are in it (an open chunk may have
 *        them without)
 * 48  4  records_crc: CRC32C of the records; in an open chunk 0
 * 52  4  header_crc: CRC32C of this header with this field 0; in an open chunk 0
 * 56  8  reserved, 0
 */
struct trace_chunk {
  uint32_t magic, lane, sequence, bytes;
  uint64_t base_ticks, last_ticks, floor_ticks;
  uint32_t thread, flags;
  uint32_t records_crc, header_crc;
  uint64_t reserved;
};
#define TRACE_CHUNK_META 1u
#define TRACE_CHUNK_RECORDS (TRACE_SLOT - (uint32_t)sizeof(struct trace_chunk))

_Static_assert(sizeof(struct trace_chunk) == 64, "chunk header");
_Static_assert(sizeof(struct trace_young) == 32, "young block");
_Static_assert(sizeof(struct trace_cell) == 512, "cell");
_Static_assert(sizeof(struct trace_more) == 2 * sizeof(struct trace_young), "header of a table");
_Static_assert(sizeof(struct trace_head) <= TRACE_STRINGS_OFFSET, "head");
_Static_assert(sizeof(struct trace_control) <= TRACE_PAGE, "control");

/* ---- records ----------------------------------------------------------------------------
 * A record is a head, then up to 4 (short) or 8 (long) unsigned fields, then bytes (long only).
 *
 *   short  2 bytes: type (4 bits, 0..7), then 4 length codes of 3 bits, field 0 lowest
 *   long   4 bytes: type (8 bits, bit 3 set), then 8 length codes of 3 bits; field 7 is the
 *          number of bytes that follow the fields
 *
 * A length code says how many bytes hold the field (its low bytes; 0 bytes: the value is 0).
 * Type 0 is not a record. Fields marked z hold signed numbers as zigzag: (n << 1) ^ (n >> 63).
 *
 * The delta state of a chunk is {ticks, address}, at first {base_ticks, 0}. A field "ticks z" is
 * relative to the state's ticks, "address z" to the state's address; both then become the state.
 * Arithmetic is modulo 2^64. */
static const uint8_t trace_field_bytes[8] = {0, 1, 2, 3, 4, 5, 6, 8};

enum trace_type {
  /* short */
  TRACE_BIRTH = 1, /* ticks z (after the allocation), address z, size requested, stack */
  TRACE_DEATH = 2, /* ticks z (before the free), address z, stack */
  TRACE_NODE = 3,  /* id, id - parent, module, (pc - the module's base) z */
  TRACE_LIFE = 4,  /* ticks z (of its death), lifetime, size (0 counts 1), stack: one block that was
                      folded, as TRACE_FOLD has them */
  /* long */
  TRACE_REALLOC = 0x08, /* ticks z before the call, (old address) z, (new - old address) z, size,
                           ticks after - ticks before, stack. State: ticks after, new address. */
  TRACE_THREAD = 0x18,  /* ticks z, thread, tid; bytes: name. This lane's records from here on,
                           and its later chunks, belong to that thread. */
  TRACE_THREAD_NAME = 0x28, /* ticks z, thread; bytes: name */
  TRACE_THREAD_END = 0x38,  /* ticks z, thread */
  TRACE_MODULE = 0x48, /* ticks z, module, base (load bias), start, size of the mapping, length of
                          the build id; bytes: build id, then the path */
  TRACE_MODULE_GONE = 0x58, /* ticks z, module */
  /* Blocks of one site that were folded, all of the thread that the lane then served.
   * ticks z (death of the last), span (back to the birth of the first), stack, blocks, bytes,
   * sum of lifetimes, sum of size x lifetime; bytes: the histogram, for each bucket in use one byte
   * for how far it lies behind the one before (the first: its number), then its count as ULEB128.
   * Its counts add up to `blocks`. */
  TRACE_FOLD = 0x68,
};
#define TRACE_TYPE_IS_LONG(first_byte) (((first_byte)&8u) != 0)
#define TRACE_SHORT_FIELDS 4
#define TRACE_LONG_FIELDS 8
#define TRACE_RECORD_MAX 8192u /* no record is longer, payload and all */

/* A stack is the id of a node of the stack tree; its frames are the node, its parent, and so on:
 * leaf first. Id 0 is no stack. pc is a return address (for a frame interrupted by a signal, the
 * interrupted instruction + 1), so that pc - 1 is in the calling instruction. A node's parent has
 * a lower id. Module 0 is none: base 0; pc may then be one of these marks. */
enum trace_mark {
  TRACE_PC_TRUNCATED = 1,  /* root-side frames beyond the recorder's limit */
  TRACE_PC_INCOMPLETE = 2, /* the walk ended early here */
};

static inline uint64_t trace_zigzag(int64_t n) {
  return ((uint64_t)n << 1) ^ -(uint64_t)(n < 0);
}
static inline int64_t trace_unzigzag(uint64_t z) {
  return (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
}

#endif
