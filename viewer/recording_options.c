/* recording_options.c - see recording_options.h. The limits are those of shim/settings.c. */
#include "recording_options.h"

#include <string.h>

#define FOLD_AGE_MAX_NS 1000000000u
#define FOLD_BYTES_MAX (1u << 20)
#define SAMPLE_MAX ((uint64_t)1 << 40)
#define MAX_SIZE_LEAST (1u << 20)
#define MAX_SIZE_MOST ((uint64_t)1 << 62)

struct unit {
  const char *name;
  uint64_t times;
};
static const struct unit sizes[] = {
    {"", 1},           {"B", 1},        {"K", 1u << 10},   {"KiB", 1u << 10}, {"M", 1u << 20},
    {"MiB", 1u << 20}, {"G", 1u << 30}, {"GiB", 1u << 30}, {NULL, 0},
};
static const struct unit times[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {NULL, 0},
};

/* A whole number and its unit. */
static bool read_quantity(const char *text, size_t length, const struct unit *units,
                          uint64_t *value) {
  uint64_t number = 0;
  size_t digits = 0;
  for (; digits < length && text[digits] >= '0' && text[digits] <= '9'; digits++)
    if (__builtin_mul_overflow(number, 10, &number) ||
        __builtin_add_overflow(number, (uint64_t)(text[digits] - '0'), &number))
      return false;
  for (; digits && units->name; units++)
    if (strlen(units->name) == length - digits &&
        strncmp(text + digits, units->name, length - digits) == 0)
      return !__builtin_mul_overflow(number, units->times, value);
  return false;
}

bool recording_options_size(const char *text, uint64_t *size) {
  return read_quantity(text, strlen(text), sizes, size);
}

static bool size_between(const char *text, uint64_t least, uint64_t most) {
  uint64_t size;
  return recording_options_size(text, &size) && size >= least && size <= most;
}

const char *recording_options_fold_wrong(const char *value) {
  uint64_t age;
  size_t length = strcspn(value, ",");
  if (read_quantity(value, length, times, &age) && age <= FOLD_AGE_MAX_NS &&
      (!value[length] || size_between(value + length + 1, 0, FOLD_BYTES_MAX)))
    return NULL;
  return "an age up to 1s (ns, us, ms, s) and, after a comma, a size up to 1MiB, like 1ms or "
         "500us,4KiB";
}

const char *recording_options_sample_wrong(const char *value) {
  return size_between(value, 1, SAMPLE_MAX) ? NULL : "a size from 1B to 1024GiB, like 512KiB";
}

const char *recording_options_max_size_wrong(const char *value) {
  return size_between(value, MAX_SIZE_LEAST, MAX_SIZE_MOST) ? NULL
                                                            : "a size from 1MiB, like 200MiB";
}

const char *recording_options_conflict(const struct recording_options *options) {
  if (options->exact && options->sample)
    return "--exact records every event, --sample some: give one of them";
  if (options->exact && options->fold) return "--exact folds nothing: leave --fold out, or --exact";
  if (options->sample && options->fold)
    return "a sample folds nothing: leave --fold out, or --sample";
  return NULL;
}

size_t recording_options_variables(const struct recording_options *options,
                                   struct recording_variable variables[RECORDING_VARIABLES_MAX]) {
  size_t count = 0;
  bool kind_given = options->exact || options->fold || options->sample;
  if (kind_given)
    variables[count++] = (struct recording_variable){"DWELL_EXACT", options->exact ? "1" : "0"};
  if (kind_given)
    variables[count++] =
        (struct recording_variable){"DWELL_SAMPLE", options->sample ? options->sample : ""};
  if (options->fold) variables[count++] = (struct recording_variable){"DWELL_FOLD", options->fold};
  if (options->max_size)
    variables[count++] = (struct recording_variable){"DWELL_MAX_SIZE", options->max_size};
  return count;
}
