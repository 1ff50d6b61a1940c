/* Another converter of the same shape, which may be loaded where the first one was. */
#define MAKE made_by_two
#include "gconv_one.c"
