/* golden.c - see golden.h. Tests run in the project's directory. */
#include "golden.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_whole(const char *path) {
  FILE *file = fopen(path, "r");
  cr_assert(file, "%s is missing: DWELL_UPDATE_GOLDEN=1 writes it", path);
  char *text = NULL;
  size_t size = 0;
  if (getdelim(&text, &size, 0, file) < 0) *text = 0;
  fclose(file);
  return text;
}

/* The first line that differs tells more than two whole reports. */
static void assert_equal_lines(const char *path, const char *expected, const char *actual) {
  for (int line = 1; *expected || *actual; line++) {
    int expected_length = (int)strcspn(expected, "\n"), length = (int)strcspn(actual, "\n");
    cr_assert(expected_length == length && memcmp(expected, actual, (size_t)length) == 0,
              "%s:%d\nexpected: %.*s\nactual:   %.*s\n", path, line, expected_length, expected,
              length, actual);
    expected += expected_length + (expected[expected_length] != 0);
    actual += length + (actual[length] != 0);
  }
}

void golden_assert(const char *name, const char *text) {
  char path[256];
  snprintf(path, sizeof path, "tests/golden/%s", name);
  if (getenv("DWELL_UPDATE_GOLDEN")) {
    FILE *file = fopen(path, "w");
    cr_assert(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
    return;
  }
  char *expected = read_whole(path);
  assert_equal_lines(path, expected, text);
  free(expected);
}
