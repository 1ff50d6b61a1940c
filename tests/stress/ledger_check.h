/* ledger_check.h - holds a trace of ledger_host against the ledger that it kept. */
#ifndef LEDGER_CHECK_H
#define LEDGER_CHECK_H

#include <stdbool.h>
#include <stdint.h>

struct ledger;
struct ledger_verdict {
  uint64_t births, deaths, reallocs; /* of the ledger's blocks, in the trace */
  uint64_t folded;                   /* births and deaths that were folded; counted in those too */
  uint64_t live;                     /* at the end, in the trace */
  uint64_t faults;                   /* each has been printed to stderr */
};

/* Runs BUILD/tests/stress/ledger_host under BUILD/libdwell.so in the directory, with `variable`
 * (NAME=VALUE) in its environment; `operations` for each thread. With `kill_after_us` SIGKILL after
 * so many microseconds of its threads' work, else to the end. Then compares: after a kill at most
 * one event in flight a thread may differ, else nothing. Returns 0, or -errno when the run itself
 * could not be made. */
int ledger_run_and_check(const char *build, const char *directory, const char *variable,
                         long operations, unsigned kill_after_us, struct ledger_verdict *verdict);

/* Compares a trace as it is now with the ledger as it is now: so many events may be in flight, none
 * when the program has ended. Returns 0, or -errno when the trace could not be read. */
int ledger_compare(const char *trace, const struct ledger *ledger, unsigned in_flight,
                   struct ledger_verdict *verdict);

#endif
