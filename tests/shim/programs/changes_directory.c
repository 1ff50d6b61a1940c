/* Goes elsewhere before its first allocation (18013), and does much there (enough for several
 * chunks, 18041). */
#include "say.h"

int main(void) {
  NEED(chdir("/") == 0);
  free(malloc(18013));
  for (int i = 0; i < 30000; i++)
    free(malloc(18041));
  say("done\n");
  return 0;
}
