/* format.h - figures for human eyes: three significant digits, the unit always written.
 *
 * Pure and independent of the locale. Text is UTF-8 (the terminal layer turns it into ASCII where
 * needed). Each function returns a small value, so that a call can stand in an argument list:
 * printf("%s", format_bytes(n).text).
 */
#ifndef DWELL_FORMAT_H
#define DWELL_FORMAT_H

#include <stdint.h>

struct human {
  char text[48];
};

struct human format_bytes(uint64_t bytes);             /* "418 B", "11.8 MiB": powers of 1024 */
struct human format_byte_seconds(double byte_seconds); /* "1.21 GiB·s" */
struct human format_duration(double ns);               /* "18.3 ms", "2 min 05 s" */
struct human format_count(uint64_t count);             /* "1,234,567" */
struct human format_blocks(uint64_t count);            /* "1 block", "1,234 blocks" */
struct human format_rate(double per_second);           /* "48,200/s", "4.10/s", "2.50 a minute" */
struct human format_factor(double factor);             /* "4.8", "1.04", "78.7", "1,230" */
/* "97.3%". 0% and 100% only when exact; else "<0.1%" and ">99.9%". "-" when the whole is 0. */
struct human format_share(double part, double whole);
/* b over a: "×1.01", "×0.081"; "-" when both are 0, "new" when only a is, "gone" when only b is. */
struct human format_ratio(double a, double b);
/* b against a in words: "12.4 times less", "3.1 times more", "8% less", "about the same" (below
 * 0.5%), "the same". */
struct human format_comparison(double a, double b);

/* "10%" of a run gives *share = 0.1, "200ms" gives *ns (units ns, us, ms, s, min, h); the other one
 * is 0. Returns 0, or -EINVAL. */
int format_parse_lifetime(const char *text, double *share, double *ns);

#endif
