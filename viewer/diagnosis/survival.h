/* survival.h - how long messages stay, when not all have gone yet. Pure. */
#ifndef DWELL_SURVIVAL_H
#define DWELL_SURVIVAL_H

#include <stddef.h>

#include "residences.h"

/* Residences below or at which shares p[0..] (ascending, 0..1) of the messages stay, in ns, by the
 * product-limit estimate: a message that is still there at the end of the run counts as "at least
 * so long". NAN where the estimate never comes so low. Source: E. L. Kaplan and P. Meier,
 * Nonparametric Estimation from Incomplete Observations, JASA 53, 1958. Returns 0 or -ENOMEM. */
int survival_quantiles(const struct residence *messages, size_t count, uint64_t end_ns,
                       const double *p, size_t quantiles, double *ns);

#endif
