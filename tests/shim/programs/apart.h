/* apart.h - equal calls in two branches of a function stay two call sites. Compilers join branches
 * that end alike, and clang those too that begin alike.
 */
#ifndef APART_H
#define APART_H

/* One of the equal calls, each with a number of its own: no branch begins or ends as another. */
#define APART(number, call)                                                                        \
  do {                                                                                             \
    __asm__ volatile("" : : "i"(2 * (number)) : "memory");                                         \
    call;                                                                                          \
    __asm__ volatile("" : : "i"(2 * (number) + 1) : "memory");                                     \
  } while (0)

#endif
