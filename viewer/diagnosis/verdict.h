/* verdict.h - what kind of memory a group is. Pure: figures in, a kind and a confidence out. */
#ifndef DWELL_VERDICT_H
#define DWELL_VERDICT_H

#include "measured.h"

struct verdict {
  enum queue_kind kind;
  double confidence;
};
struct verdict verdict_of(const struct measured *measured);

#endif
