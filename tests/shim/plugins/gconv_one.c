/* A converter that converts nothing: what it allocates says by whom it was made. */
#include <gconv.h>
#include <stdlib.h>

#ifndef MAKE
#define MAKE made_by_one
#endif

int gconv_init(struct __gconv_step *step);
void gconv_end(struct __gconv_step *step);
int gconv(struct __gconv_step *step, struct __gconv_step_data *data, const unsigned char **in,
          const unsigned char *end, unsigned char **out, size_t *irreversible, int flush,
          int consume);

static void *MAKE(size_t size) {
  void *block = malloc(size);
  __asm__ volatile("" ::: "memory"); /* no tail call */
  return block;
}

int gconv_init(struct __gconv_step *step) {
  step->__data = MAKE(16103);
  step->__min_needed_from = step->__max_needed_from = 1;
  step->__min_needed_to = step->__max_needed_to = 4;
  step->__stateful = 0;
  return __GCONV_OK;
}

void gconv_end(struct __gconv_step *step) {
  free(step->__data);
}

int gconv(struct __gconv_step *step, struct __gconv_step_data *data, const unsigned char **in,
          const unsigned char *end, unsigned char **out, size_t *irreversible, int flush,
          int consume) {
  (void)step, (void)data, (void)out, (void)irreversible, (void)flush, (void)consume;
  *in = end;
  return __GCONV_EMPTY_INPUT;
}
