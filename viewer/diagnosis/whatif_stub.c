/* whatif_stub.c - stands in until whatif.c is merged; never on a pushed main. */
#include "whatif.h"
#include <errno.h>
int whatif_predict(const struct queue *queue, uint64_t duration_ns, uint64_t bound,
                   struct prediction *prediction) {
  (void)queue, (void)duration_ns, (void)bound, (void)prediction;
  return -ENODATA;
}
uint64_t whatif_recommend(const struct queue *queue, uint64_t duration_ns) {
  (void)queue, (void)duration_ns;
  return 0;
}
unsigned whatif_doubts(const struct diagnosis *diagnosis, const struct queue *queue) {
  (void)diagnosis, (void)queue;
  return 0;
}
