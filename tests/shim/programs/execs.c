/* exec: allocates 14009, becomes itself again with an argument, allocates 14011. "fail" tries an
 * exec that fails first, and allocates 14029 after it. */
#include <errno.h>

#include "say.h"

int main(int argc, char **argv) {
  (void)argc;
  if (argv[1] && strcmp(argv[1], "again") == 0) {
    free(malloc(14011));
    say("done\n");
    return 0;
  }
  void *kept = malloc(14009);
  NEED(kept);
  if (argv[1] && strcmp(argv[1], "fail") == 0) {
    char *nothing[] = {(char[]){"nothing"}, NULL};
    NEED(execv("/nonexistent/program", nothing) == -1 && errno == ENOENT);
    free(malloc(14029));
    say("failed\n");
    return 0;
  }
  char *arguments[] = {argv[0], (char[]){"again"}, NULL};
  execv("/proc/self/exe", arguments);
  return 1;
}
