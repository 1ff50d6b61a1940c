/* ledger BUILD kill|pairing COUNT VARIABLE: the long tests of the recorder, with VARIABLE
 * (DWELL_EXACT=1, or =0 for folding) in the host's environment.
 *
 * kill: SIGKILL at COUNT moments of four busy threads; no event but those in flight may be missing.
 * pairing: four threads pass and resize blocks to the end, COUNT operations each; nothing may be
 * lost, doubled or crossed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger_check.h"

static int sum_up(char **argv, long runs, uint64_t events, uint64_t folded, uint64_t faults) {
  printf("%s, %s: %ld runs, %llu events, %llu blocks folded, %llu faults\n", argv[2], argv[4], runs,
         (unsigned long long)events, (unsigned long long)folded, (unsigned long long)faults);
  return faults != 0;
}

int main(int argc, char **argv) {
  char directory[] = "/tmp/dwell-ledger-XXXXXX", path[64];
  struct ledger_verdict verdict;
  uint64_t events = 0, folded = 0, faults = 0;
  if (argc != 5 || !mkdtemp(directory)) {
    fputs("usage: ledger BUILD kill|pairing COUNT VARIABLE (BUILD absolute)\n", stderr);
    return 2;
  }
  long count = atol(argv[3]), runs = strcmp(argv[2], "kill") == 0 ? count : 1;
  int result = 0;
  srand(1);
  for (long i = 0; i < runs && result == 0; i++) {
    bool killing = strcmp(argv[2], "kill") == 0;
    result = ledger_run_and_check(argv[1], directory, argv[4], killing ? 1000000000 : count,
                                  killing ? 1000 + (unsigned)(rand() % 150000) : 0, &verdict);
    events += verdict.births + verdict.deaths + verdict.reallocs;
    folded += verdict.folded;
    faults += verdict.faults;
  }
  snprintf(path, sizeof path, "%s/ledger", directory);
  unlink(path);
  snprintf(path, sizeof path, "%s/ledger.dwl", directory);
  unlink(path);
  rmdir(directory);
  if (result != 0) {
    fprintf(stderr, "ledger: %s\n", strerror(-result));
    return 1;
  }
  return sum_up(argv, runs, events, folded, faults);
}
