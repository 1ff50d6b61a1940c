/* test_ledger.c - the short form of the stress tests: kills and pairing against the program's own
 * ledger. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/stress/ledger_check.h"

static char directory[] = "/tmp/dwell-ledger-XXXXXX";
static char build[PATH_MAX];

static void prepare(void) {
  const char *name = getenv("DWELL_BUILD");
  cr_assert(realpath(name ? name : "build", build));
  cr_assert(mkdtemp(directory));
}

static void clean_up(void) {
  char path[64];
  snprintf(path, sizeof path, "%s/ledger", directory);
  unlink(path);
  snprintf(path, sizeof path, "%s/ledger.dwl", directory);
  unlink(path);
  rmdir(directory);
}

Test(ledger, a_kill_loses_at_most_the_event_in_flight_of_each_thread, .init = prepare,
     .fini = clean_up) {
  for (unsigned run = 0; run < 20; run++) {
    struct ledger_verdict verdict;
    cr_assert_eq(ledger_run_and_check(build, directory, 1000000000, 500 + 3700 * run, &verdict), 0);
    cr_expect_eq(verdict.faults, 0);
    cr_expect_gt(verdict.births, 0);
  }
}

Test(ledger, no_block_is_lost_doubled_or_crossed_between_four_threads, .init = prepare,
     .fini = clean_up) {
  struct ledger_verdict verdict;
  cr_assert_eq(ledger_run_and_check(build, directory, 250000, 0, &verdict), 0);
  cr_expect_eq(verdict.faults, 0);
  cr_expect_gt(verdict.births, 100000);
  cr_expect_gt(verdict.reallocs, 10000);
}
