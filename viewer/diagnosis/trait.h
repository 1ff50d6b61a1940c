/* trait.h - what is asked of a list of residences again and again. Pure. */
#ifndef DWELL_TRAIT_H
#define DWELL_TRAIT_H

#include "level.h"

struct trait {
  const struct residence_list *list;
  struct level level;       /* of its blocks */
  double birth_gap_ns;      /* mean */
  double death_gap_ns;      /* that half of the time lies in shorter ones */
  double fillers, drainers; /* threads; 16 is many */
  /* Births during its blocks' lives: the quartiles; INFINITY: they stay. */
  double meanwhile_low, meanwhile_high;
  bool waits; /* its blocks stay for a good part of the time between two births: no churn */
};

/* `list` must outlive it. Returns 0 or -ENOMEM; trait_free() in any case. */
int trait_take(struct trait *trait, const struct residence_list *list);
void trait_free(struct trait *trait);

#endif
