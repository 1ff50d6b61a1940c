/* handoff BLOCKS: two pinned threads in lockstep; one allocates, the other frees, one block at a
 * time. Prints "BLOCKS WALL_NS CPU_NS". Nothing can be folded here: every free is another thread's.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "team.h"

static _Atomic(void *) slot;

/* Waits until the slot is full, or until it is empty. Spins for longer than a partner on another
 * core needs, and only then lets another on this core go on. */
static void *wait_until(bool full) {
  void *block;
  for (unsigned turns = 1;
       (block = atomic_load_explicit(&slot, memory_order_acquire)) == NULL ? full : !full;
       turns++) {
    if (turns % 1000 == 0) sched_yield();
#if defined __x86_64__
    __builtin_ia32_pause();
#endif
  }
  return block;
}

static void give(long count) {
  for (; count > 0; count--) {
    void *block = malloc(64);
    wait_until(false);
    atomic_store_explicit(&slot, block, memory_order_release);
  }
}

static void take(long count) {
  for (; count > 0; count--) {
    void *block = wait_until(true);
    atomic_store_explicit(&slot, NULL, memory_order_release);
    free(block);
  }
}

static void member(struct team *team, int index, void *argument) {
  long count = *(const long *)argument;
  (index ? take : give)(count / 10);
  team_ready(team);
  (index ? take : give)(count);
}

int main(int argc, char **argv) {
  struct team team;
  if (argc != 2) return 2;
  long count = atol(argv[1]);
  team_run(&team, 2, member, &count);
  printf("%ld %lld %lld\n", count, team.wall_ns, team.cpu_ns);
  return 0;
}
