/* report_diff.h - two runs side by side, as text or JSON. */
#ifndef DWELL_REPORT_DIFF_H
#define DWELL_REPORT_DIFF_H

#include "comparison.h"

/* `top`: sites to show, 0 all. */
void report_diff_text(struct terminal *terminal, const struct report runs[2],
                      const struct comparison *comparison, enum comparison_key key, size_t top);
/* docs/summary-json.md. Returns 0, or -ENOMEM. */
int report_diff_json(FILE *out, const struct report runs[2], const struct comparison *comparison,
                     size_t top);

#endif
