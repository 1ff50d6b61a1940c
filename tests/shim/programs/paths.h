/* paths.h - many call stacks from few functions: each bit of a path's number is one of two calls.
 */
#ifndef PATHS_H
#define PATHS_H

#include "apart.h"

#define PATH_BITS 14

/* Calls leaf(path, argument) from a stack that no other path has. */
static void path_descend(int bit, unsigned path, void (*leaf)(unsigned path, void *argument),
                         void *argument) {
  if (bit == PATH_BITS)
    leaf(path, argument);
  else if (path >> bit & 1)
    APART(1, path_descend(bit + 1, path, leaf, argument));
  else
    APART(2, path_descend(bit + 1, path, leaf, argument));
}

#endif
