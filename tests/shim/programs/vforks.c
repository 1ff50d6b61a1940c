/* vfork and posix_spawn: both run another program; the parent allocates 13513 around them, and once
 * in the vfork child, which shares its memory (13523, freed by the parent). */
#include <spawn.h>
#include <sys/wait.h>

#include "say.h"

extern char **environ;

int main(void) {
  int status;
  static void *volatile from_child;
  char *arguments[] = {(char[]){"true"}, NULL};
  free(malloc(13513));
  pid_t child = vfork();
  if (child == 0) {
    from_child = malloc(13523);
    execv("/bin/true", arguments);
    _exit(127);
  }
  NEED(waitpid(child, &status, 0) == child && status == 0);
  free(from_child);
  free(malloc(13513));
  NEED(posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ) == 0);
  NEED(waitpid(child, &status, 0) == child && status == 0);
  free(malloc(13513));
  say("done\n");
  return 0;
}
