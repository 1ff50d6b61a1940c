/* Coroutines by makecontext, on stacks from malloc and from mmap. Each allocates 9501 at the depth
 * of its own frames, switches away, and frees on return; three threads in turn take all of them on,
 * so that blocks are freed, and frames returned to, in another thread. 9511 is the main stack's. */
#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "say.h"

enum { COROUTINES = 16, STACK = 65536, ROUNDS = 30 };

static struct { ucontext_t context; } coroutines[COROUTINES];
static ucontext_t *_Atomic back;
static int born, died;

static void deeper(int which, int depth) {
  void *block = malloc(9501);
  born++;
  if (depth > 0) deeper(which, depth - 1);
  swapcontext(&coroutines[which].context, back);
  free(block);
  died++;
}

static void body(int which) {
  for (;;)
    deeper(which, which);
}

static void make(int which) {
  ucontext_t *context = &coroutines[which].context;
  NEED(getcontext(context) == 0);
  context->uc_stack.ss_size = STACK;
  context->uc_stack.ss_sp =
      which % 2 ? malloc(STACK)
                : mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  makecontext(context, (void (*)(void))body, 1, which);
}

static void step(int which) {
  ucontext_t here;
  void *volatile block = malloc(9511);
  back = &here;
  swapcontext(&here, &coroutines[which].context);
  free(block);
}

static void *run(void *unused) {
  for (int i = 0; i < ROUNDS * COROUTINES; i++)
    step(i % COROUTINES);
  return unused;
}

int main(void) {
  for (int i = 0; i < COROUTINES; i++)
    make(i);
  run(NULL);
  for (int i = 0; i < 2; i++) {
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, run, NULL) == 0 && pthread_join(thread, NULL) == 0);
  }
  say("%d born, %d died\n", born, died);
  return 0;
}
