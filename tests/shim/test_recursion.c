/* Recursions deeper than a stack is kept: the stack tree stays small, and no block is lost. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"
#include "shim/trace.h"

static uint64_t stack_nodes(const char *path) {
  struct trace_control control;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  cr_assert(fd >= 0);
  cr_assert_eq(pread(fd, &control, sizeof(control), TRACE_CONTROL_OFFSET), sizeof(control));
  close(fd);
  return control.stack_nodes;
}

static void recurse(const char *how, uint64_t size, uint64_t nodes_least, uint64_t nodes_most) {
  static const char *const modes[] = {"DWELL_EXACT=0", "DWELL_EXACT=1"};
  for (size_t mode = 0; mode < 2; mode++) {
    struct trial *trial =
        TRIAL(.program = "recursive", .arguments = {how}, .variables = {modes[mode]});
    uint64_t nodes = stack_nodes(trial->traces[0]);
    cr_assert_geq(nodes, nodes_least, "%s: %lu nodes", how, nodes);
    cr_assert_leq(nodes, nodes_most, "%s: %lu nodes", how, nodes);
    struct recording *recording = recording_only(trial);
    struct tally tally = recording_tally(recording, size);
    cr_assert_eq(tally.births, strtoul(trial->out, NULL, 10), "%lu", tally.births);
    cr_assert_eq(tally.deaths, tally.births);
    cr_assert_eq(recording->info->missing.incomplete_stacks, 0);
    recording_free(recording);
    trial_free(trial);
  }
}

/* 11,129 levels are entered, each with a call of its own and two that end at malloc and free. */
Test(recursion, of_depth_10000_with_random_branches_stays_small, .timeout = 120) {
  recurse("tree", 701, 11000, 60000);
}

/* The levels add themselves alone, twice where they are beyond the limit and the root is cut. */
Test(recursion, of_two_functions_about_the_limit_stays_small, .timeout = 120) {
  recurse("swing", 709, 1100, 10000);
}
