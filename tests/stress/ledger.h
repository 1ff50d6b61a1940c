/* ledger.h - what ledger_host keeps in shared memory, so that it outlives the process: the truth
 * about its blocks, to hold a trace against. */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdint.h>

#define LEDGER_THREADS 4
#define LEDGER_SLOTS 256 /* of each thread */
#define LEDGER_MAILBOX 8 /* shared: blocks on their way from thread to thread */
/* Sizes are odd and at least this, so that nobody else's blocks are taken for the ledger's. */
#define LEDGER_LEAST 1001

enum ledger_state {
  LEDGER_EMPTY,
  LEDGER_LIVE,
  LEDGER_BIRTHING, /* malloc is being called */
  LEDGER_DYING,    /* free is being called */
  LEDGER_RESIZING, /* realloc is being called */
  LEDGER_MOVING,   /* between a slot and the mailbox: alive */
};

/* The state is stored last when a slot is filled, first when it is emptied. */
struct ledger_slot {
  uint64_t address, size;
  uint32_t state, birth_thread;
};

struct ledger_thread {
  uint64_t births, deaths, reallocs; /* done */
  uint64_t handed[LEDGER_THREADS];   /* deaths here of blocks born in thread i */
  uint64_t death_bytes;
  struct ledger_slot slots[LEDGER_SLOTS];
};

struct ledger {
  uint64_t started;
  struct ledger_thread threads[LEDGER_THREADS];
  struct ledger_slot mailbox[LEDGER_MAILBOX];
};

#endif
