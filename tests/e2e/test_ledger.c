/* test_ledger.c - the short form of the stress tests: kills and pairing against the program's own
 * ledger. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdbool.h>
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

static void kill_at_20_moments(const char *variable, bool folding) {
  uint64_t folded = 0;
  for (unsigned run = 0; run < 20; run++) {
    struct ledger_verdict verdict;
    cr_assert_eq(
        ledger_run_and_check(build, directory, variable, 1000000000, 500 + 3700 * run, &verdict),
        0);
    cr_expect_eq(verdict.faults, 0);
    cr_expect_gt(verdict.births, 0);
    folded += verdict.folded;
  }
  cr_expect_eq(folded > 0, folding);
}

Test(ledger, a_kill_loses_at_most_the_event_in_flight_of_each_thread, .init = prepare,
     .fini = clean_up) {
  kill_at_20_moments("DWELL_EXACT=0", true);
}

Test(ledger, a_kill_loses_at_most_the_event_in_flight_of_each_thread_in_an_exact_recording,
     .init = prepare, .fini = clean_up) {
  kill_at_20_moments("DWELL_EXACT=1", false);
}

/* A million events in each. */
static struct ledger_verdict run_to_the_end(const char *variable) {
  struct ledger_verdict verdict;
  cr_assert_eq(ledger_run_and_check(build, directory, variable, 500000, 0, &verdict), 0);
  cr_expect_eq(verdict.faults, 0);
  cr_expect_gt(verdict.births, 200000);
  cr_expect_gt(verdict.reallocs, 20000);
  return verdict;
}

Test(ledger, no_block_is_lost_doubled_crossed_or_falsely_folded_between_four_threads,
     .init = prepare, .fini = clean_up) {
  cr_expect_gt(run_to_the_end("DWELL_EXACT=0").folded, 100000);
}

Test(ledger, no_block_is_lost_doubled_or_crossed_in_an_exact_recording, .init = prepare,
     .fini = clean_up) {
  cr_expect_eq(run_to_the_end("DWELL_EXACT=1").folded, 0);
}
