/* realloc in all its forms. Every block's sizes are its own. */
#include <malloc.h>

#include "say.h"

static volatile size_t huge = SIZE_MAX / 2; /* unknown to the compiler */

int main(void) {
  char *grown = malloc(1001);
  strcpy(grown, "kept");
  void *wall = malloc(1003); /* keeps it from growing in place */
  grown = realloc(grown, 500001);
  NEED(strcmp(grown, "kept") == 0);

  char *shrunk = malloc(2003);
  strcpy(shrunk, "kept");
  shrunk = realloc(shrunk, 203);
  NEED(strcmp(shrunk, "kept") == 0);

  void *same = malloc(3001);
  NEED(realloc(same, 3002) == same);

  void *from_null = realloc(NULL, 4001);

  void *to_zero = malloc(5003);
  NEED(realloc(to_zero, 0) == NULL);

  void *failed = malloc(6007);
  NEED(realloc(failed, huge) == NULL);

  void *array = reallocarray(NULL, 7, 1001);
  array = reallocarray(array, 8, 1001);
  NEED(array);
  NEED(reallocarray(array, huge, 3) == NULL);

  void *kept = malloc(9001);
  kept = realloc(kept, 9011);
  NEED(kept);

  free(array);
  free(failed);
  free(from_null);
  free(same);
  free(shrunk);
  free(grown);
  free(wall);
  say("done\n");
  return 0;
}
