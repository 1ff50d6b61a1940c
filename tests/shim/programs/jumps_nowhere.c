/* Calls functions at addresses where there are none; the handler of SIGSEGV, on a stack of its own
 * and on the ordinary one, allocates 30011 for its report, and goes on. */
#include <setjmp.h>
#include <signal.h>

#include "say.h"

static sigjmp_buf back;

static void handler(int number) {
  (void)number;
  free(malloc(30011));
  siglongjmp(back, 1);
}

static void (*volatile nowhere)(void);

static void call(uintptr_t address) {
  nowhere = (void (*)(void))address;
  if (sigsetjmp(back, 1) == 0) nowhere();
  free(malloc(30013));
}

int main(void) {
  static char memory[65536];
  stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)};
  struct sigaction action = {.sa_handler = handler};
  NEED(sigaltstack(&stack, NULL) == 0);
  for (int i = 0; i < 2; i++) {
    action.sa_flags = i ? SA_ONSTACK : 0;
    NEED(sigaction(SIGSEGV, &action, NULL) == 0);
    call(0);
    call(0x10);
    call(0xdeaddeaddeadde);
    call((uintptr_t)memory); /* memory, but not to be executed */
  }
  say("done\n");
  return 0;
}
