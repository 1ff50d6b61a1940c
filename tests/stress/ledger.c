/* ledger BUILD kill RUNS | ledger BUILD pairing OPERATIONS: the long tests of the recorder.
 *
 * kill: SIGKILL at RUNS moments of four busy threads; no event but those in flight may be missing.
 * pairing: four threads pass and resize blocks to the end; nothing may be lost, doubled or crossed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger_check.h"

static int sum_up(const char *what, long runs, uint64_t events, uint64_t faults) {
  printf("%s: %ld runs, %llu events, %llu faults\n", what, runs, (unsigned long long)events,
         (unsigned long long)faults);
  return faults != 0;
}

int main(int argc, char **argv) {
  char directory[] = "/tmp/dwell-ledger-XXXXXX", path[64];
  struct ledger_verdict verdict;
  uint64_t events = 0, faults = 0;
  if (argc != 4 || !mkdtemp(directory)) {
    fputs("usage: ledger BUILD kill|pairing COUNT (BUILD absolute)\n", stderr);
    return 2;
  }
  long count = atol(argv[3]), runs = strcmp(argv[2], "kill") == 0 ? count : 1;
  int result = 0;
  srand(1);
  for (long i = 0; i < runs && result == 0; i++) {
    bool killing = strcmp(argv[2], "kill") == 0;
    result = ledger_run_and_check(argv[1], directory, killing ? 1000000000 : count,
                                  killing ? 1000 + (unsigned)(rand() % 150000) : 0, &verdict);
    events += verdict.births + verdict.deaths + verdict.reallocs;
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
  return sum_up(argv[2], runs, events, faults);
}
