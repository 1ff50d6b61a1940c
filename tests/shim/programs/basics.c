/* malloc, calloc, free: known totals. 101 x 3 freed, 203 by calloc freed, 0 freed, 1009 and 0 kept.
 */
#include <malloc.h>

#include "say.h"

static volatile size_t huge = SIZE_MAX / 2; /* unknown to the compiler */

int main(void) {
  void *three[3];
  for (int i = 0; i < 3; i++) {
    three[i] = malloc(101);
    memset(three[i], 'x', 101);
    NEED(malloc_usable_size(three[i]) >= 101);
  }
  unsigned char *zeros = calloc(7, 29);
  for (int i = 0; i < 203; i++)
    NEED(zeros[i] == 0);
  for (int i = 0; i < 3; i++)
    free(three[i]);
  free(zeros);
  free(NULL);
  void *nothing = malloc(0);
  NEED(nothing);
  free(nothing);
  void *kept = malloc(1009);
  NEED(kept && malloc_usable_size(kept) >= 1009 && malloc_usable_size(NULL) == 0);
  void *kept_nothing = malloc(0);
  NEED(kept_nothing);
  NEED(calloc(huge, 3) == NULL);
  NEED(malloc(huge) == NULL);
  say("done\n");
  return 0;
}
