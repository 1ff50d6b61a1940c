/* Says how much stack a pair of malloc and free uses: the stack is painted before and looked at
 * after. The first in a thread's life; one that was just made from the same place; from ever new
 * stacks; 20,000, in which chunks are sealed; and in a signal handler. */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "say.h"

#define PAINTED (48u << 10)
#define PAINT 0xa5

static void pair(void) {
  free(malloc(71));
}
static void pairs(void) {
  for (int i = 0; i < 20000; i++)
    free(malloc(71));
}
static void handler(int number) {
  (void)number;
  free(malloc(73));
}
static void in_handler(void) {
  raise(SIGUSR1);
}

/* 4^5 stacks of the same depth */
static void branch(int left, int depth);
#define WAY(n)                                                                                     \
  static void way##n(int left, int depth) {                                                        \
    branch(left, depth - 1);                                                                       \
    __asm__ volatile("" ::: "memory");                                                             \
  }
WAY(0) WAY(1) WAY(2) WAY(3) static void branch(int left, int depth) {
  static void (*const ways[])(int, int) = {way0, way1, way2, way3};
  if (depth == 0)
    free(malloc(79));
  else
    ways[left % 4](left / 4, depth);
}
static void branches(void) {
  for (int i = 0; i < 1024; i++)
    branch(i, 5);
}

static void measure(const char *name, int times, void (*call)(void)) {
  volatile unsigned char *high = (unsigned char *)__builtin_frame_address(0) - 128;
  volatile unsigned char *low = high - PAINTED;
  for (int i = 0; i < times; i++) { /* from the same place each time */
    for (volatile unsigned char *at = low; at < high; at++)
      *at = PAINT;
    call();
  }
  while (low < high && *low == PAINT)
    low++;
  say("%s %ld\n", name, (long)(high - low));
}

static void *body(void *unused) {
  measure("first", 1, pair);
  measure("warm", 2, pair);
  measure("branches", 1, branches);
  measure("pairs", 1, pairs);
  measure("handler", 1, in_handler);
  return unused;
}

int main(void) {
  const size_t size = 256 << 10;
  pthread_t thread;
  pthread_attr_t attributes;
  signal(SIGUSR1, handler);
  say("%s", ""); /* what printf needs is bound */
  void *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  NEED(stack != MAP_FAILED);
  pthread_attr_init(&attributes);
  NEED(pthread_attr_setstack(&attributes, stack, size) == 0);
  NEED(pthread_create(&thread, &attributes, body, NULL) == 0);
  NEED(pthread_join(thread, NULL) == 0);
  return 0;
}
