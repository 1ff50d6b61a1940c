/* Coroutines by a switch of one's own, as small libraries have them: the first frame on a new stack
 * returns to a function that never
 * called it, or to nowhere, and right above it the stack ends, with a page that
 * can't be read. On each 29009 is allocated; the main stack's are 29017. */
#include <sys/mman.h>

#include "say.h"

#if defined(__x86_64__)

void stack_switch(void **save, void *to);
__asm__(".text\n.globl stack_switch\n.type stack_switch, @function\nstack_switch:\n"
        "push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
        "mov %rsp, (%rdi); mov %rsi, %rsp\n"
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp; ret\n"
        ".size stack_switch, . - stack_switch\n"
        /* that function, and right before it another one, which a return address - 1 lies in */
        ".type before, @function\nbefore:\n"
        ".cfi_startproc\npush %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset 6, -16\nhlt\n"
        ".cfi_endproc\n.size before, . - before\n"
        ".globl crash\n.type crash, @function\ncrash: hlt\n.size crash, . - crash\n");
void crash(void);

enum { STACK = 65536, ROUNDS = 100 };
static void *main_stack, *coroutine_stack;

static void allocate(int depth) {
  if (depth > 0)
    allocate(depth - 1);
  else
    free(malloc(29009));
  __asm__ volatile("" ::: "memory"); /* no tail call */
}

static void coroutine(void) {
  for (int i = 0;; i++) {
    allocate(i % 5);
    stack_switch(&coroutine_stack, main_stack);
  }
}

static void run(void *return_address) {
  char *memory =
      mmap(NULL, STACK + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  NEED(memory != MAP_FAILED && mprotect(memory + STACK, 4096, PROT_NONE) == 0);
  void **top = (void **)(memory + STACK);
  *--top = return_address;
  *--top = (void *)coroutine;
  coroutine_stack = top - 6; /* the registers */
  for (int i = 0; i < ROUNDS; i++) {
    stack_switch(&main_stack, coroutine_stack);
    free(malloc(29017));
  }
}

int main(void) {
  run((void *)crash);
  run((void *)(uintptr_t)0xdeaddeaddeaddead);
  say("done\n");
  return 0;
}

#else

int main(void) {
  for (int i = 0; i < 200; i++) {
    free(malloc(29009));
    free(malloc(29017));
  }
  say("done\n");
  return 0;
}

#endif
