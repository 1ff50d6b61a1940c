/* A process that multiplies in the middle of folding, by fork, _Fork or the raw system call, as its
 * argument says. Before, the parent has 100 young blocks of 31001, and has folded, one at a time,
 * 50 of 31003 and 2 of 1000 + p at each of 500 paths; two more threads of its fold blocks of 31051
 * all the time. The child folds 70 of 31013 and 1 at each of the paths, keeps 10 of 31019, and
 * frees the 100. The parent frees them too, and folds 30 more of 31003. */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "say.h"

#include "paths.h"

enum { PATHS = 500, YOUNG = 100 };
static void *young[YOUNG];
static _Atomic int stop, busy_ones;

static void *busy(void *unused) {
  for (busy_ones++; !stop;)
    free(malloc(31051));
  return unused;
}

static void fold(unsigned path, void *count) {
  for (int i = *(int *)count; i > 0; i--)
    free(malloc(1000 + path));
}

static void fold_at_paths(int count) {
  for (unsigned path = 0; path < PATHS; path++)
    path_descend(0, path, fold, &count);
}

static void fold_31003(int count) {
  while (count-- > 0)
    free(malloc(31003));
}

static void free_young(void) {
  for (int i = 0; i < YOUNG; i++)
    free(young[i]);
}

static pid_t multiply(const char *how) {
  if (strcmp(how, "_Fork") == 0) return _Fork();
  if (strcmp(how, "clone") == 0) return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  return fork();
}

int main(int argc, char **argv) {
  pthread_t threads[2];
  int status;
  NEED(argc == 2);
  for (int i = 0; i < 2; i++)
    NEED(pthread_create(&threads[i], NULL, busy, NULL) == 0);
  while (busy_ones < 2)
    sched_yield();
  fold_at_paths(2);
  fold_31003(50);
  for (int i = 0; i < YOUNG; i++)
    young[i] = malloc(31001);
  pid_t child = multiply(argv[1]);
  if (child == 0) {
    for (int i = 0; i < 70; i++)
      free(malloc(31013));
    fold_at_paths(1);
    for (int i = 0; i < 10; i++)
      NEED(malloc(31019));
    free_young();
    _exit(0);
  }
  NEED(child > 0 && waitpid(child, &status, 0) == child && status == 0);
  free_young();
  fold_31003(30);
  stop = 1;
  for (int i = 0; i < 2; i++)
    pthread_join(threads[i], NULL);
  say("done\n");
  return 0;
}
