/* format.c - see format.h. Rounding is decided before the unit, so that 1023.99 KiB reads 1.00 MiB
 * and 59.97 s reads 1 min 00 s. */
#include "format.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int decimals(double value) {
  value = fabs(value);
  return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}

static struct human binary(double value, const char *unit, const char *suffix) {
  static const char prefixes[][3] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi"};
  size_t prefix = 0;
  while (value >= 1023.5 && prefix + 1 < sizeof prefixes / sizeof *prefixes) {
    value /= 1024;
    prefix++;
  }
  struct human human;
  snprintf(human.text, sizeof human.text, "%.*f %s%s%s", decimals(value), value, prefixes[prefix],
           unit, suffix);
  return human;
}

struct human format_bytes(uint64_t bytes) {
  if (bytes < 1024) {
    struct human human;
    snprintf(human.text, sizeof human.text, "%" PRIu64 " B", bytes);
    return human;
  }
  return binary((double)bytes, "B", "");
}

struct human format_byte_seconds(double byte_seconds) {
  if (byte_seconds == 0) return (struct human){"0 B·s"};
  return binary(byte_seconds, "B", "·s");
}

struct human format_duration(double ns) {
  struct human human;
  if (ns < 999.5) {
    snprintf(human.text, sizeof human.text, "%.0f ns", ns);
    return human;
  }
  static const struct {
    double ns;
    const char *unit;
  } units[] = {{1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}};
  double limit = 999.5;
  for (size_t i = 0; i < 3; i++) {
    double value = ns / units[i].ns;
    if (i == 2) limit = 59.95;
    if (value < limit) {
      snprintf(human.text, sizeof human.text, "%.*f %s", decimals(value), value, units[i].unit);
      return human;
    }
  }
  uint64_t seconds = (uint64_t)(ns / 1e9 + 0.5);
  if (seconds < 3600)
    snprintf(human.text, sizeof human.text, "%" PRIu64 " min %02" PRIu64 " s", seconds / 60,
             seconds % 60);
  else
    snprintf(human.text, sizeof human.text, "%" PRIu64 " h %02" PRIu64 " min", seconds / 3600,
             seconds / 60 % 60);
  return human;
}

struct human format_count(uint64_t count) {
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
  struct human human = {""};
  char *to = human.text;
  for (int i = 0; i < length; i++) {
    if (i && (length - i) % 3 == 0) *to++ = ',';
    *to++ = digits[i];
  }
  *to = 0;
  return human;
}

struct human format_blocks(uint64_t count) {
  struct human human = format_count(count);
  strcat(human.text, count == 1 ? " block" : " blocks");
  return human;
}

/* Three significant digits, with separators. */
static struct human rounded(double value) {
  double unit = 1;
  if (value < 999.5) {
    struct human human;
    snprintf(human.text, sizeof human.text, "%.*f", decimals(value), value);
    return human;
  }
  while (value / unit >= 999.5 && unit < 1e15)
    unit *= 10;
  return format_count((uint64_t)(round(value / unit) * unit));
}

struct human format_rate(double per_second) {
  struct human human = {"0/s"};
  if (per_second >= 0.0995)
    snprintf(human.text, sizeof human.text, "%.30s/s", rounded(per_second).text);
  else if (per_second * 60 >= 0.0995)
    snprintf(human.text, sizeof human.text, "%.30s a minute", rounded(per_second * 60).text);
  else if (per_second > 0)
    snprintf(human.text, sizeof human.text, "%.30s an hour", rounded(per_second * 3600).text);
  return human;
}

struct human format_factor(double factor) {
  struct human human;
  if (factor < 1.995)
    snprintf(human.text, sizeof human.text, "%.2f", factor);
  else if (factor < 99.95)
    snprintf(human.text, sizeof human.text, "%.1f", factor);
  else
    return rounded(factor);
  return human;
}

struct human format_share(double part, double whole) {
  struct human human;
  if (whole <= 0) return (struct human){"-"};
  double percent = 100 * part / whole;
  if (part > 0 && percent < 0.05) return (struct human){"<0.1%"};
  if (part < whole && percent >= 99.95) return (struct human){">99.9%"};
  /* sums of doubles may miss the whole by their last bits */
  if (percent == 0 || percent == 100)
    snprintf(human.text, sizeof human.text, "%.0f%%", percent);
  else
    snprintf(human.text, sizeof human.text, "%.1f%%", percent);
  return human;
}

struct human format_ratio(double a, double b) {
  if (a == 0 && b == 0) return (struct human){"-"};
  if (a == 0) return (struct human){"new"};
  if (b == 0) return (struct human){"gone"};
  double ratio = b / a;
  struct human human;
  if (ratio < 0.0005) return (struct human){"×<0.001"};
  if (ratio < 0.0995)
    snprintf(human.text, sizeof human.text, "×%.3f", ratio);
  else if (ratio < 0.995)
    snprintf(human.text, sizeof human.text, "×%.2f", ratio);
  else if (ratio < 999.5)
    snprintf(human.text, sizeof human.text, "×%.*f", decimals(ratio), ratio);
  else
    snprintf(human.text, sizeof human.text, "×%.30s", format_count((uint64_t)(ratio + 0.5)).text);
  return human;
}

struct human format_comparison(double a, double b) {
  struct human human;
  if (a == b) return (struct human){"the same"};
  if (b == 0) return (struct human){"none any more"};
  if (a == 0) return (struct human){"none before"};
  const char *word = b < a ? "less" : "more";
  double times = b < a ? a / b : b / a;
  double percent = 100 * fabs(b - a) / a;
  if (percent < 0.5) return (struct human){"about the same"};
  if (times < 1.5)
    snprintf(human.text, sizeof human.text, "%.0f%% %s", percent, word);
  else if (times < 99.5)
    snprintf(human.text, sizeof human.text, "%.1f times %s", times, word);
  else
    snprintf(human.text, sizeof human.text, "%.30s times %s",
             format_count((uint64_t)(times + 0.5)).text, word);
  return human;
}

int format_parse_lifetime(const char *text, double *share, double *ns) {
  static const struct {
    const char *unit;
    double ns;
  } units[] = {{"ns", 1},  {"us", 1e3},   {"µs", 1e3},   {"ms", 1e6},
               {"s", 1e9}, {"min", 6e10}, {"h", 3.6e12}, {"%", 0}};
  char *end;
  if (!strchr("0123456789.", *text) || !*text)
    return -EINVAL; /* strtod would take signs, "inf" and "nan" */
  double value = strtod(text, &end);
  if (end == text || !isfinite(value)) return -EINVAL;
  while (*end == ' ')
    end++;
  *share = *ns = 0;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strcmp(end, units[i].unit) == 0) {
      if (*end != '%')
        *ns = value * units[i].ns;
      else if (value <= 100)
        *share = value / 100;
      else
        return -EINVAL;
      return 0;
    }
  return -EINVAL;
}
