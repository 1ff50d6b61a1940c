/* Allocates 1,000 blocks of 15013, frees every other one, and leaves as its argument says. */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

#include "say.h"

static const char *how;

static void leave(void) {
  if (strcmp(how, "return") == 0) return;
  if (strcmp(how, "exit") == 0) exit(3);
  if (strcmp(how, "_exit") == 0) _exit(4);
  if (strcmp(how, "_Exit") == 0) _Exit(5);
  if (strcmp(how, "quick_exit") == 0) quick_exit(6);
  if (strcmp(how, "exit_group") == 0) syscall(SYS_exit_group, 7);
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "kill") == 0) kill(getpid(), SIGKILL);
  if (strcmp(how, "term") == 0) kill(getpid(), SIGTERM);
  if (strcmp(how, "segv") == 0) *(volatile int *)(uintptr_t)8 = 1;
}

static void *in_thread(void *unused) {
  how += strlen("thread-");
  leave();
  return unused;
}

int main(int argc, char **argv) {
  NEED(argc == 2);
  how = argv[1];
  for (int i = 0; i < 1000; i++) {
    void *block = malloc(15013);
    if (i % 2) free(block);
  }
  say("leaving\n");
  if (strncmp(how, "thread-", 7) == 0) {
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, in_thread, NULL) == 0);
    pthread_join(thread, NULL);
  }
  leave();
  return 0;
}
