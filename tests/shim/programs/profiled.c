/* A timer at 10 kHz whose handler allocates and frees 991, while the program does the same with
 * 107: blocks of different lists of libc's, or malloc itself could not be interrupted by another.
 * Ends when the handler ran 3,000 times. "jumps": 500 times, and it leaves by siglongjmp, with
 * signal_safe_malloc.so, which may be left. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <time.h>

#include "say.h"

static volatile sig_atomic_t times, most = 3000;
static volatile int jumps, armed;
static sigjmp_buf back;

static void handler(int number) {
  (void)number;
  int saved = errno;
  if (times < most) {
    times++;
    free(malloc(991));
  }
  errno = saved;
  if (jumps && armed) siglongjmp(back, 1);
}

int main(int argc, char **argv) {
  (void)argv;
  jumps = argc > 1;
  if (jumps) most = 500;
  free(malloc(991));
  free(malloc(107));
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  NEED(sigaction(SIGPROF, &action, NULL) == 0);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
  struct itimerspec every = {.it_interval = {.tv_nsec = 100000}, .it_value = {.tv_nsec = 100000}};
  timer_t timer;
  NEED(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  NEED(timer_settime(timer, 0, &every, NULL) == 0);
  sigsetjmp(back, 1);
  armed = 1;
  while (times < most) {
    errno = 79;
    void *block = malloc(107);
    free(block);
    NEED(block && errno == 79);
  }
  armed = 0;
  NEED(timer_delete(timer) == 0);
  for (int i = 0; i < 1000; i++)
    free(malloc(113));
  say("done\n");
  return 0;
}
