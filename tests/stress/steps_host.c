/* steps_host LEDGER OPERATIONS WARM_UP: one thread allocates, resizes and frees blocks at 256 sites
 * and writes down what it does in LEDGER, as ledger_host does. Before each operation after the
 * first WARM_UP ones it stops at a breakpoint: whoever traces it may step on from there.
 *
 * SIGUSR1 leaves what it interrupts by siglongjmp, as a cautious program does; what was under way
 * then is left alone for ever, and stays marked in the ledger. SIGUSR2 allocates, on an alternate
 * stack that lies in main's frame.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "ledger.h"

static struct ledger *ledger;
static sigjmp_buf before_operation;
static volatile long done;

static void jump(int signal) {
  (void)signal;
  siglongjmp(before_operation, 1);
}

/* What it allocates is none of the ledger's, and too big to be folded. */
static void interrupt(int signal) {
  (void)signal;
  free(malloc(100000));
}

static void set_state(struct ledger_slot *slot, uint32_t state) {
  __atomic_store_n(&slot->state, state, __ATOMIC_RELEASE);
}

/* Each of these calls is a frame of its own, so `site` names one of 256 stacks. */
static __attribute__((noinline)) void *allocate(unsigned site, unsigned bits, size_t size) {
  void *block;
  if (bits == 0) return malloc(size);
  if (site & 1)
    block = allocate(site >> 1, bits - 1, size);
  else
    block = allocate(site >> 1, bits - 1, size);
  __asm__ volatile("" : "+r"(block)); /* no tail call */
  return block;
}

static void give_birth(struct ledger_slot *slot, unsigned dice) {
  slot->size = LEDGER_LEAST + 2 * (uint64_t)(dice >> 12 & 15);
  set_state(slot, LEDGER_BIRTHING);
  slot->address = (uint64_t)(uintptr_t)allocate(dice >> 4, 8, slot->size);
  ledger->threads[0].births++;
  set_state(slot, LEDGER_LIVE);
}

static void let_die(struct ledger_slot *slot) {
  set_state(slot, LEDGER_DYING);
  free((void *)(uintptr_t)slot->address);
  ledger->threads[0].deaths++;
  ledger->threads[0].death_bytes += slot->size;
  ledger->threads[0].handed[0]++;
  set_state(slot, LEDGER_EMPTY);
}

static void resize(struct ledger_slot *slot, unsigned dice) {
  uint64_t size = LEDGER_LEAST + 2 * (uint64_t)(dice >> 12 & 63);
  set_state(slot, LEDGER_RESIZING);
  slot->address = (uint64_t)(uintptr_t)realloc((void *)(uintptr_t)slot->address, size);
  slot->size = size;
  ledger->threads[0].reallocs++;
  set_state(slot, LEDGER_LIVE);
}

/* A slot whose operation was left in the middle is not touched again. */
static void operate(unsigned dice) {
  struct ledger_slot *slot = &ledger->threads[0].slots[(dice >> 20) % LEDGER_SLOTS];
  if (slot->state == LEDGER_EMPTY)
    give_birth(slot, dice);
  else if (slot->state == LEDGER_LIVE && dice % 16 == 0)
    resize(slot, dice);
  else if (slot->state == LEDGER_LIVE)
    let_die(slot);
  if (dice % 4 && slot->state == LEDGER_EMPTY) { /* one that dies at once */
    give_birth(slot, dice);
    let_die(slot);
  }
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  int fd = open(argv[1], O_RDWR | O_CREAT, 0600);
  if (fd < 0 || ftruncate(fd, sizeof *ledger) != 0) return 3;
  ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (ledger == MAP_FAILED) return 3;
  const long operations = atol(argv[2]), warm_up = atol(argv[3]);
  char further_out[65536]; /* than all frames of what it interrupts */
  const stack_t alternate = {.ss_sp = further_out, .ss_size = sizeof further_out};
  struct sigaction jumping = {.sa_handler = jump};
  struct sigaction interrupting = {.sa_handler = interrupt, .sa_flags = SA_ONSTACK};
  if (sigaction(SIGUSR1, &jumping, NULL) != 0 || sigaction(SIGUSR2, &interrupting, NULL) != 0 ||
      sigaltstack(&alternate, NULL) != 0)
    return 3;
  prctl(PR_SET_NAME, "ledger-0");
  ledger->started = LEDGER_THREADS;
  unsigned dice = 1;
  /* a hook that is called from further out than the one that was left shows the recorder that; the
   * size is none of the ledger's, and too big to be folded */
  if (sigsetjmp(before_operation, 1)) free(malloc(100000));
  while (done < operations) {
    dice = (unsigned)done++ * 2654435761u;
    dice = (dice ^ dice >> 15) * 2246822519u;
    if (done > warm_up) __asm__ volatile("int3");
    operate(dice ^ dice >> 13);
  }
  return 0;
}
