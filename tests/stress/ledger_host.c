/* ledger_host LEDGER OPERATIONS: four threads allocate, resize, pass to one another and free
 * blocks, and write down what they do in the file LEDGER (mapped, so that it survives SIGKILL).
 * Uses no stdio.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "ledger.h"

static struct ledger *ledger;
static long operations;

static void set_state(struct ledger_slot *slot, uint32_t state) {
  __atomic_store_n(&slot->state, state, __ATOMIC_RELEASE);
}

/* Mostly sizes that malloc keeps in its threads' own caches: so a thread that frees another's block
 * gets its address at once. */
static uint64_t odd_size(unsigned *seed) {
  unsigned dice = (unsigned)rand_r(seed);
  return LEDGER_LEAST + 2 * (uint64_t)(dice % 4 ? dice / 4 % 12 : dice / 4 % 2000);
}

static void give_birth(struct ledger_thread *mine, uint32_t self, struct ledger_slot *slot,
                       unsigned *seed) {
  slot->size = odd_size(seed);
  slot->birth_thread = self;
  set_state(slot, LEDGER_BIRTHING);
  slot->address = (uint64_t)(uintptr_t)malloc(slot->size);
  mine->births++;
  set_state(slot, LEDGER_LIVE);
}

static void let_die(struct ledger_thread *mine, struct ledger_slot *slot) {
  set_state(slot, LEDGER_DYING);
  free((void *)(uintptr_t)slot->address);
  mine->deaths++;
  mine->death_bytes += slot->size;
  mine->handed[slot->birth_thread]++;
  set_state(slot, LEDGER_EMPTY);
}

static void resize(struct ledger_thread *mine, struct ledger_slot *slot, unsigned *seed) {
  uint64_t size = odd_size(seed);
  set_state(slot, LEDGER_RESIZING);
  slot->address = (uint64_t)(uintptr_t)realloc((void *)(uintptr_t)slot->address, size);
  slot->size = size;
  mine->reallocs++;
  set_state(slot, LEDGER_LIVE);
}

/* Gives and takes: what is in the slot goes to the place in the mailbox, and what was there comes
 * into the slot; either may be nothing. */
static void exchange(struct ledger_slot *slot, struct ledger_slot *box) {
  uint32_t mine = slot->state, theirs = __atomic_load_n(&box->state, __ATOMIC_RELAXED);
  if (theirs == LEDGER_MOVING ||
      !__atomic_compare_exchange_n(&box->state, &theirs, LEDGER_MOVING, 0, __ATOMIC_ACQ_REL,
                                   __ATOMIC_RELAXED))
    return;
  set_state(slot, LEDGER_MOVING);
  const struct ledger_slot given = *slot;
  slot->address = box->address;
  slot->size = box->size;
  slot->birth_thread = box->birth_thread;
  box->address = given.address;
  box->size = given.size;
  box->birth_thread = given.birth_thread;
  set_state(box, mine);
  set_state(slot, theirs);
}

static void *work(void *argument) {
  uint32_t self = (uint32_t)(uintptr_t)argument;
  struct ledger_thread *mine = &ledger->threads[self];
  unsigned seed = self + 1;
  char name[16] = "ledger-0";
  name[7] = (char)('0' + self);
  prctl(PR_SET_NAME, name);
  __atomic_fetch_add(&ledger->started, 1, __ATOMIC_RELAXED);
  for (long i = 0; i < operations; i++) {
    struct ledger_slot *slot = &mine->slots[rand_r(&seed) % LEDGER_SLOTS];
    struct ledger_slot *box = &ledger->mailbox[rand_r(&seed) % LEDGER_MAILBOX];
    int dice = rand_r(&seed) % 8;
    if (dice < 3)
      exchange(slot, box);
    else if (slot->state == LEDGER_EMPTY)
      give_birth(mine, self, slot, &seed);
    else if (dice == 3)
      resize(mine, slot, &seed);
    else
      let_die(mine, slot);
    /* what was just freed is born again at the same place, and goes back to another thread */
    if (dice >= 4 && slot->state == LEDGER_EMPTY) {
      give_birth(mine, self, slot, &seed);
      exchange(slot, box);
    }
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int fd = open(argv[1], O_RDWR | O_CREAT, 0600);
  if (fd < 0 || ftruncate(fd, sizeof *ledger) != 0) return 3;
  ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (ledger == MAP_FAILED) return 3;
  operations = atol(argv[2]);
  pthread_t threads[LEDGER_THREADS];
  for (uintptr_t i = 0; i < LEDGER_THREADS; i++)
    if (pthread_create(&threads[i], NULL, work, (void *)i) != 0) return 3;
  for (int i = 0; i < LEDGER_THREADS; i++)
    pthread_join(threads[i], NULL);
  return 0;
}
