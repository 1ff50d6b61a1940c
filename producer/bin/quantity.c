/* quantity.c - tables of units, read and written. */
#include "quantity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
  const char *name;
  double factor;
};

static const struct unit size_units[] = {{"B", 1},         {"KiB", 1024}, {"MiB", 1 << 20},
                                         {"GiB", 1 << 30}, {"kB", 1e3},   {"MB", 1e6},
                                         {"GB", 1e9},      {NULL, 0}};
static const struct unit duration_units[] = {{"ns", 1},  {"us", 1e3},   {"ms", 1e6},
                                             {"s", 1e9}, {"min", 60e9}, {NULL, 0}};

bool quantity_count(const char *text, uint64_t *value) {
  char *end;
  if (*text < '0' || *text > '9') return false;
  errno = 0;
  unsigned long long parsed = strtoull(text, &end, 10);
  if (errno || *end != '\0') return false;
  *value = parsed;
  return true;
}

/* A bare number other than 0 needs `bare` to be a unit. */
static bool parse(const char *text, const struct unit *units, double bare, uint64_t *value) {
  char *end;
  /* strtod also takes hexadecimal, infinities and signs; people who write these err */
  if (strspn(text, "0123456789.") == 0) return false;
  size_t digits = strspn(text, "0123456789.");
  double number = strtod(text, &end);
  if (end != text + digits) return false;
  double factor = number == 0 && *end == '\0' ? 1 : bare;
  if (*end != '\0') {
    while (units->name && strcmp(units->name, end) != 0)
      units++;
    factor = units->factor;
  }
  if (factor == 0 || number * factor >= 9e18) return false;
  *value = (uint64_t)(number * factor + 0.5);
  return true;
}

bool quantity_size(const char *text, uint64_t *bytes) {
  return parse(text, size_units, 1, bytes);
}

bool quantity_duration(const char *text, uint64_t *ns) {
  return parse(text, duration_units, 0, ns);
}

const char *quantity_print_size(uint64_t bytes, char out[24]) {
  if (bytes < 1024)
    snprintf(out, 24, "%u B", (unsigned)bytes);
  else if (bytes < 1024 * 1024)
    snprintf(out, 24, "%.1f KiB", (double)bytes / 1024);
  else if (bytes < 1024ull * 1024 * 1024)
    snprintf(out, 24, "%.1f MiB", (double)bytes / (1 << 20));
  else
    snprintf(out, 24, "%.2f GiB", (double)bytes / (1 << 30));
  return out;
}

const char *quantity_print_duration(uint64_t ns, char out[24]) {
  if (ns < 1000)
    snprintf(out, 24, "%u ns", (unsigned)ns);
  else if (ns < 1000000)
    snprintf(out, 24, "%.4g us", (double)ns / 1e3);
  else if (ns < 1000000000)
    snprintf(out, 24, "%.4g ms", (double)ns / 1e6);
  else
    snprintf(out, 24, "%.2f s", (double)ns / 1e9);
  return out;
}
