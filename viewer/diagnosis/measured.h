/* measured.h - what is measured of a group before it is judged. Pure. */
#ifndef DWELL_MEASURED_H
#define DWELL_MEASURED_H

#include "departures.h"
#include "diagnosis.h"
#include "level.h"
#include "order.h"

/* What was measured of a group before it is judged. Counts and levels are of messages looked at. */
struct measured {
  struct level level;
  struct order order;
  struct departures departures;
  double weight;  /* messages that each one looked at stands for */
  bool estimated; /* of a sample: levels are noisy */
  size_t count, departed;
  double folded_after;  /* blocks of these sites that died young after the last of these came, */
  double folded_before; /* and until then */
  uint64_t first_ns, last_ns; /* arrival */
  uint64_t duration_ns;
  size_t top;
  uint64_t top_ns;
  size_t at_last;      /* level when nearly all had come: senders don't all end at once */
  double noise;        /* of levels, as a share: 0 when nothing is estimated */
  size_t emptied;      /* times that it went from half full to nearly empty, and filled again */
  double means[5];     /* mean level in each fifth of the time of arrivals */
  size_t fifths[5];    /* least level in each fifth of the time of arrivals, */
  size_t ceilings[5];  /* and highest */
  uint64_t reached_ns; /* when it first came near its top */
  struct level_moments plateau; /* from then to the last arrival */
  uint64_t rising_ns;           /* from when on it has not been empty until the last arrival */
  size_t risen;                 /* by how much it has risen since */
  double rise_noise;            /* by how much chance alone makes a level wander in that time */
  double ramp; /* correlation of residence and time of arrival, of those that came in the last two
                  thirds of the time and have departed; NAN: of too few */
  double lengthened; /* of those that came since then and left before the last arrival: how long the
                        last quarter stayed, over the first quarter; NAN: of too few */
  double lingering;  /* of those that came in the first half of the time: share still there at the
                        last arrival */
  double
      lengthening; /* how long nine tenths stay at most that came in the middle third of the time,
                      over the same of the first third; what is still there counts by its age */
  /* Standard deviation over mean: of the residences of those that departed, and of the level from
   * the first departure to the last arrival; NAN: none. */
  double stay_variation, level_variation;
  size_t departed_rising; /* departures in that time */
};

/* Fills in what is derived from level, order and departures. Returns 0 or -ENOMEM. */
int measured_derive(struct measured *measured);

#endif
