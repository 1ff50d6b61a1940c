/* survival.c - see survival.h. */
#include "survival.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct stay {
  uint64_t ns;
  bool over; /* it has departed */
};

/* Of equal ones, those that departed first: the others stayed at least so long. */
static int compare_stays(const void *a, const void *b) {
  const struct stay *x = a, *y = b;
  if (x->ns != y->ns) return x->ns < y->ns ? -1 : 1;
  return (int)y->over - (int)x->over;
}

int survival_quantiles(const struct residence *messages, size_t count, uint64_t end_ns,
                       const double *p, size_t quantiles, double *ns) {
  struct stay *stays = calloc(count + 1, sizeof(*stays));
  if (!stays) return -ENOMEM;
  for (size_t i = 0; i < count; i++) {
    bool over = messages[i].death_ns != RESIDENCE_LIVE;
    stays[i] = (struct stay){.ns = residence_ns(&messages[i], end_ns), .over = over};
  }
  qsort(stays, count, sizeof(*stays), compare_stays);
  for (size_t q = 0; q < quantiles; q++)
    ns[q] = NAN;
  double surviving = 1;
  size_t wanted = 0;
  for (size_t i = 0; i < count && wanted < quantiles; i++) {
    if (!stays[i].over) continue;
    surviving *= 1 - 1 / (double)(count - i);
    while (wanted < quantiles && 1 - surviving >= p[wanted] - 1e-9)
      ns[wanted++] = (double)stays[i].ns;
  }
  free(stays);
  return 0;
}
