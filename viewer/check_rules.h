/* check_rules.h - what a run must not do: the rules of `dwell check`, held against its report. */
#ifndef DWELL_CHECK_RULES_H
#define DWELL_CHECK_RULES_H

#include "report.h"

struct check_rules {
  bool no_unbounded_queue;
  bool limit_peak, limit_end, limit_growth; /* whether there is one */
  uint64_t peak_bytes, end_bytes;
  double growth; /* seconds that a message stays longer for each second of running */
};

bool check_rules_any(const struct check_rules *rules);
/* Writes a line for each rule that is broken: what is wrong, and where in the program. The terminal
 * is one that cuts no line. Returns 0 or -ENOMEM. */
int check_rules_hold_against(const struct check_rules *rules, const struct report *report,
                             struct terminal *terminal, size_t *broken);

#endif
