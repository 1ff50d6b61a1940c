/* fork: the parent allocates 12007 before, 12011 after; the child 12037 and frees one of the
 * parent's 12007. A grandchild allocates 12041. */
#include <sys/wait.h>

#include "say.h"

static void wait_for(pid_t pid) {
  int status;
  NEED(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
  void *shared = malloc(12007);
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 3; i++)
      free(malloc(12037));
    free(shared);
    pid_t grandchild = fork();
    if (grandchild == 0) {
      free(malloc(12041));
      exit(0);
    }
    wait_for(grandchild);
    exit(0);
  }
  for (int i = 0; i < 5; i++)
    free(malloc(12011));
  wait_for(child);
  free(shared);
  say("done\n");
  return 0;
}
