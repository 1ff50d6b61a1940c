/* Processes: how they multiply, are replaced, and end; what was recorded is there in any case. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "harness.h"

/* The trace in which blocks of that size were born; it must be just one. */
static struct recording *recording_with(const struct trial *trial, uint64_t size) {
  struct recording *found = NULL;
  for (size_t i = 0; i < trial->trace_count; i++) {
    struct recording *recording = recording_open(trial->traces[i]);
    if (recording_tally(recording, size).births == 0) {
      recording_free(recording);
      continue;
    }
    cr_assert_null(found, "blocks of %lu in several traces", size);
    found = recording;
  }
  cr_assert(found, "blocks of %lu in none of %zu traces", size, trial->trace_count);
  return found;
}

Test(processes, a_forked_child_has_a_trace_that_names_its_parent) {
  struct trial *trial = TRIAL(.program = "forks");
  cr_assert_eq(trial->trace_count, 3);
  struct recording *parent = recording_of(trial, trial->pid, 0);
  struct recording *child = recording_with(trial, 12037);
  struct recording *grandchild = recording_with(trial, 12041);

  cr_assert_eq(recording_tally(parent, 12007).births, 1);
  cr_assert_eq(recording_tally(parent, 12007).deaths, 1);
  cr_assert_eq(recording_tally(parent, 12011).births, 5);
  cr_assert_eq(parent->profile->births, 6);
  cr_assert_eq(parent->profile->deaths, 6);
  cr_assert(!parent->info->forked);

  cr_assert(child->info->forked);
  cr_assert_eq(child->info->parent_pid, (uint64_t)trial->pid);
  cr_assert_str_eq(child->info->parent_trace, parent->info->path);
  cr_assert_eq(recording_tally(child, 12037).deaths, 3);
  cr_assert_eq(child->profile->births, 3);
  cr_assert_eq(child->profile->unmatched_deaths, 1); /* the parent's block */

  cr_assert_eq(grandchild->info->parent_pid, child->info->pid);
  cr_assert_str_eq(grandchild->info->parent_trace, child->info->path);
  cr_assert_eq(grandchild->profile->births, 1);
  recording_free(parent);
  recording_free(child);
  recording_free(grandchild);
  trial_free(trial);
}

/* By fork, and by calls that run no handlers of libc's. */
static void fork_busily(const char *how) {
  struct trial *trial =
      TRIAL(.program = "busy_forks", .arguments = {how}, .variables = {"DWELL_EXACT=1"});
  cr_assert_eq(trial->trace_count, 31);
  for (size_t i = 0; i < trial->trace_count; i++) {
    struct recording *recording = recording_open(trial->traces[i]);
    if (recording->info->pid != (uint64_t)trial->pid) {
      cr_assert_eq(recording_tally(recording, 12503).births, 1);
      cr_assert_eq(recording_tally(recording, 12511).births, 0);
    }
    recording_free(recording);
  }
  trial_free(trial);
}

Test(processes, fork_amid_allocating_threads_neither_hangs_nor_loses) {
  fork_busily("fork");
}

Test(processes, _Fork_amid_allocating_threads_neither_hangs_nor_loses) {
  fork_busily("_Fork");
}

Test(processes, raw_clone_amid_allocating_threads_neither_hangs_nor_loses) {
  fork_busily("clone");
}

Test(processes, a_child_that_is_forked_inside_of_the_hook_leaves_the_parents_trace_whole) {
  struct trial *trial = TRIAL(.program = "forks_in_handler", .variables = {"DWELL_EXACT=1"},
                              .preload = built("tests/plugins/jumping_malloc.so"));
  cr_assert_eq(trial->trace_count, 6);
  for (size_t i = 0; i < trial->trace_count; i++) {
    struct recording *recording = recording_open(trial->traces[i]);
    bool parent = recording->info->pid == (uint64_t)trial->pid;
    cr_assert_eq(recording_tally(recording, 25013).deaths, parent ? 5 : 0);
    cr_assert_eq(recording_tally(recording, 25057).deaths, parent ? 0 : 50);
    cr_assert_eq(recording_tally(recording, 25061).deaths, parent ? 5 : 0);
    cr_assert_eq(recording->profile->unmatched_deaths, parent ? 0 : 1);
    recording_free(recording);
  }
  trial_free(trial);
}

Test(processes, a_child_by_raw_clone_has_a_trace_of_its_own) {
  struct trial *trial = TRIAL(.program = "raw_clone");
  cr_assert_eq(trial->trace_count, 2);
  struct recording *parent = recording_of(trial, trial->pid, 0);
  struct recording *child = recording_with(trial, 13001);
  cr_assert_eq(recording_tally(parent, 13003).deaths, 2);
  cr_assert_eq(recording_tally(parent, 13001).births, 0);
  cr_assert_eq(recording_tally(child, 13001).deaths, 4);
  cr_assert_eq(child->info->parent_pid, (uint64_t)trial->pid);
  cr_assert(child->info->forked);
  recording_free(parent);
  recording_free(child);
  trial_free(trial);
}

Test(processes, a_vfork_child_leaves_the_parents_recording_whole) {
  struct trial *trial = TRIAL(.program = "vforks");
  struct recording *parent = recording_of(trial, trial->pid, 0);
  cr_assert_eq(recording_tally(parent, 13513).deaths, 3);
  cr_assert_eq(parent->info->ending, RUN_ENDED_EXIT);
  recording_free(parent);
  trial_free(trial);
}

Test(processes, exec_begins_a_second_trace_with_the_same_pid) {
  struct trial *trial = TRIAL(.program = "execs");
  cr_assert_eq(trial->trace_count, 2);
  struct recording *before = recording_of(trial, trial->pid, 0);
  struct recording *after = recording_of(trial, trial->pid, 1);
  cr_assert_eq(recording_tally(before, 14009).at_end, 1);
  cr_assert_eq(before->info->ending, RUN_ENDED_EXEC);
  cr_assert_eq(recording_tally(after, 14011).deaths, 1);
  cr_assert_eq(after->info->ending, RUN_ENDED_EXIT);
  cr_assert_eq(after->info->argc, 2);
  cr_assert_str_eq(after->info->argv[1], "again");
  recording_free(before);
  recording_free(after);
  trial_free(trial);
}

Test(processes, a_failed_exec_changes_nothing) {
  struct trial *trial = TRIAL(.program = "execs", .arguments = {"fail"});
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 14029).deaths, 1);
  cr_assert_eq(recording->info->ending, RUN_ENDED_EXIT);
  recording_free(recording);
  trial_free(trial);
}

Test(processes, no_children_are_recorded_when_so_asked) {
  static const char *const programs[] = {"forks", "raw_clone", "execs", "vforks"};
  for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
    struct trial *trial = TRIAL(.program = programs[i], .variables = {"DWELL_CHILDREN=0"});
    cr_assert_geq(trial->trace_count, 1);
    for (size_t t = 0; t < trial->trace_count; t++) {
      struct recording *recording = recording_open(trial->traces[t]);
      cr_assert_eq(recording->info->pid, (uint64_t)trial->pid, "%s", programs[i]);
      recording_free(recording);
    }
    trial_free(trial);
  }
}

struct leave {
  char how[20];
  int status; /* as wait(2) has it */
};

ParameterizedTestParameters(processes, all_that_was_recorded_is_there_however_it_ends) {
  static struct leave leaves[] = {
      {"return", 0},
      {"exit", 3 << 8},
      {"_exit", 4 << 8},
      {"_Exit", 5 << 8},
      {"quick_exit", 6 << 8},
      {"exit_group", 7 << 8},
      {"abort", SIGABRT},
      {"kill", SIGKILL},
      {"term", SIGTERM},
      {"segv", SIGSEGV},
      {"thread-exit", 3 << 8},
      {"thread-_exit", 4 << 8},
      {"thread-kill", SIGKILL},
  };
  return cr_make_param_array(struct leave, leaves, sizeof(leaves) / sizeof(leaves[0]));
}

ParameterizedTest(struct leave *leave, processes, all_that_was_recorded_is_there_however_it_ends) {
  struct trial *trial = TRIAL(.program = "leaves", .arguments = {leave->how});
  cr_assert_eq(trial->status & ~0x80, leave->status, "%s: %#x", leave->how, trial->status);
  struct recording *recording = recording_only(trial);
  struct tally tally = recording_tally(recording, 15013);
  cr_assert_eq(tally.births, 1000, "%s: %lu", leave->how, tally.births);
  cr_assert_eq(tally.deaths, 500, "%s: %lu", leave->how, tally.deaths);
  cr_assert_eq(tally.at_end, 500);
  recording_free(recording);
  trial_free(trial);
}

Test(processes, the_way_of_ending_is_recorded_where_the_process_can) {
  static const struct {
    const char *how;
    enum run_ending ending;
  } cases[] = {{"return", RUN_ENDED_EXIT},      {"exit", RUN_ENDED_EXIT},
               {"thread-exit", RUN_ENDED_EXIT}, {"_exit", RUN_ENDED_UNDER_EXIT},
               {"_Exit", RUN_ENDED_UNDER_EXIT}, {"kill", RUN_ENDED_UNKNOWN}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct trial *trial = TRIAL(.program = "leaves", .arguments = {cases[i].how});
    struct recording *recording = recording_only(trial);
    cr_assert_eq(recording->info->ending, cases[i].ending, "%s: %d", cases[i].how,
                 recording->info->ending);
    cr_assert_eq(recording->info->duration_at_least, cases[i].ending == RUN_ENDED_UNKNOWN);
    if (cases[i].ending == RUN_ENDED_UNDER_EXIT)
      cr_assert_eq(recording->info->status, WEXITSTATUS(trial->status));
    recording_free(recording);
    trial_free(trial);
  }
}
