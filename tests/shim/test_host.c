/* Hosts that take what is the recorder's, and places where there is no room: the program must go on
 * as without the recorder, and the trace must say what it lacks. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "shim/trace.h"

Test(host, that_closes_all_descriptors_is_recorded_on) {
  struct trial *trial = TRIAL(.program = "closes_all");
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 17011).deaths, 3000);
  cr_assert_eq(recording_tally(recording, 17021).deaths, 30000);
  cr_assert_eq(recording->info->stop, TRACE_NOT_STOPPED);
  recording_free(recording);
  trial_free(trial);
}

Test(host, that_puts_files_on_all_descriptors_keeps_them_untouched) {
  struct trial *trial = TRIAL(.program = "takes_fds");
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 17519).deaths, 1);
  cr_assert_eq(recording_tally(recording, 17539).deaths, 30000);
  recording_free(recording);
  trial_free(trial);
}

Test(host, that_leaves_no_descriptor_free_stops_the_recording_only) {
  struct trial *trial = trial_run(&(struct trial_setup){
      .program = "takes_fds", .arguments = {"all"}, .variables = {"DWELL_EXACT=1"}});
  cr_assert_eq(trial->status, 0, "%s", trial->out);
  cr_assert_str_eq(trial->out, "done\n");
  cr_assert_eq(lines(trial->err), 1, "%s", trial->err);
  struct recording *recording = recording_only(trial);
  cr_assert_neq(recording->info->stop, TRACE_NOT_STOPPED);
  cr_assert_eq(recording->info->stop_errno, EMFILE);
  cr_assert_gt(recording->info->missing.dropped_events, 0);
  cr_assert(!recording->info->complete);
  recording_free(recording);
  trial_free(trial);
}

Test(host, that_puts_sockets_on_all_descriptors_receives_nothing_on_them) {
  struct trial *trial = TRIAL(.program = "takes_fds", .arguments = {"some", "socket"},
                              .variables = {"DWELL_EXACT=1"});
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 17539).deaths, 30000);
  recording_free(recording);
  trial_free(trial);
}

Test(host, keeps_its_descriptors_signals_timers_limits_and_directory) {
  struct trial *trial = TRIAL(.program = "undisturbed", .variables = {"DWELL_EXACT=1"});
  /* the same as without the recorder; and that it was there */
  cr_assert_eq(trial->trace_count, 2);
  struct recording *recording = recording_of(trial, trial->pid, 0);
  cr_assert_eq(recording_tally(recording, 18503).deaths, 40000);
  recording_free(recording);
  trial_free(trial);
}

Test(host, that_changes_directory_has_its_trace_where_it_started) {
  struct trial *trial = TRIAL(.program = "changes_directory");
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 18013).births, 1);
  cr_assert_eq(recording_tally(recording, 18041).births, 30000);
  recording_free(recording);
  trial_free(trial);
}

Test(host, a_limit_on_file_size_stops_the_recording_not_the_program) {
  static const char *const limits[] = {"100", "65536", "200000", "1000000"};
  for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
    struct trial *trial = trial_run(
        &(struct trial_setup){.program = "limited",
                              .arguments = {"fsize", limits[i], built("tests/programs/much")},
                              .variables = {"DWELL_EXACT=1"}});
    cr_assert_eq(trial->status, 0, "%s: %#x", limits[i], trial->status);
    cr_assert_str_eq(trial->out, "alive\n");
    cr_assert_leq(lines(trial->err), 1, "%s", trial->err);
    cr_assert(strstr(trial->err, "dwell: "));
    for (size_t t = 0; t < trial->trace_count; t++) {
      struct stat status;
      cr_assert(stat(trial->traces[t], &status) == 0);
      if (strstr(trial->traces[t], "much.")) cr_assert_leq(status.st_size, atol(limits[i]));
    }
    trial_free(trial);
  }
}

Test(host, a_place_that_cannot_be_written_is_said_so) {
  static const struct {
    const char *variable, *why;
  } places[] = {{"DWELL_OUT=/etc/hostname/t.%p.dwl", "Not a directory"},
                {"DWELL_OUT=/nonexistent/t.%p.dwl", "No such file or directory"}};
  for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
    struct trial *trial =
        trial_run(&(struct trial_setup){.program = "basics", .variables = {places[i].variable}});
    cr_assert_eq(trial->status, 0);
    cr_assert_str_eq(trial->out, "done\n");
    cr_assert_eq(lines(trial->err), 1, "%s", trial->err);
    cr_assert(strstr(trial->err, "/t."), "%s", trial->err);
    cr_assert(strstr(trial->err, places[i].why), "%s", trial->err);
    cr_assert_eq(trial->trace_count, 0);
    trial_free(trial);
  }
}

Test(host, whose_stderr_is_bad_to_write_to_is_not_told) {
  static const char *const bad[] = {"broken", "full", "limit"};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    struct trial *trial =
        trial_run(&(struct trial_setup){.program = "bad_stderr",
                                        .arguments = {bad[i], built("tests/programs/basics")},
                                        .variables = {"DWELL_OUT=/nonexistent/t.dwl"}});
    cr_assert_eq(trial->status, 0, "%s: %#x", bad[i], trial->status);
    cr_assert_str_eq(trial->out, "done\n");
    cr_assert_eq(lines(trial->err), 1, "%s", trial->err); /* the first program's, which was good */
    trial_free(trial);
  }
}

/* ---- filters ---------------------------------------------------------------------------- */

/* Recorded until the windows were full, and stopped for the filter. */
static void assert_filtered(const struct recording *recording) {
  cr_assert_eq(recording_tally(recording, 22013).deaths, 1);
  cr_assert_eq(recording->info->stop, TRACE_STOP_SECCOMP);
  cr_assert_gt(recording->info->missing.dropped_events, 0);
}

Test(host, under_a_killing_system_call_filter_lives_on) {
  static const char *const ways[] = {"prctl", "syscall", "forks"};
  for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
    struct trial *trial =
        TRIAL(.program = "seccomp", .arguments = {ways[i]}, .variables = {"DWELL_EXACT=1"});
    cr_assert_eq(trial->status, 0, "%s: %#x", ways[i], trial->status);
    /* a forked child has the filter too: it is not recorded */
    struct recording *recording = recording_only(trial);
    assert_filtered(recording);
    cr_assert_gt(recording_tally(recording, 22003).births, 0);
    recording_free(recording);
    trial_free(trial);
  }
}

Test(host, under_strict_seccomp_lives_on) {
  struct trial *trial =
      TRIAL(.program = "seccomp", .arguments = {"strict"}, .variables = {"DWELL_EXACT=1"});
  cr_assert_eq(trial->status, 0, "%#x", trial->status);
  struct recording *recording = recording_only(trial);
  assert_filtered(recording);
  /* the clock is forbidden as well: nothing more is recorded */
  cr_assert_eq(recording->info->missing.dropped_events, 40000);
  recording_free(recording);
  trial_free(trial);
}

Test(host, that_was_refused_a_filter_is_recorded_on) {
  struct trial *trial =
      TRIAL(.program = "seccomp", .arguments = {"probe"}, .variables = {"DWELL_EXACT=1"});
  struct recording *recording = recording_only(trial);
  cr_assert(recording->info->complete);
  cr_assert_eq(recording_tally(recording, 22003).deaths, 20000);
  recording_free(recording);
  trial_free(trial);
}

Test(host, that_begins_under_a_filter_is_left_alone) {
  struct trial *trial = TRIAL(.program = "seccomp", .arguments = {"execs"});
  cr_assert_eq(trial->status, 0, "%#x", trial->status);
  cr_assert_str_eq(trial->out, "child alive\n");
  struct recording *recording = recording_only(trial); /* of the first program */
  cr_assert_eq(recording_tally(recording, 22013).deaths, 1);
  cr_assert_eq(recording_tally(recording, 22031).births, 0);
  recording_free(recording);
  trial_free(trial);
}

/* In a container all processes have a filter, the first one too: that must not stop a recording. */
static void record_contained(const char *filter, uint64_t unprotected) {
  if (geteuid() != 0) cr_skip_test("not root");
  struct trial *trial =
      TRIAL(.program = "contained", .arguments = {filter, built("tests/programs/handoff")},
            .variables = {"DWELL_EXACT=1"});
  cr_assert_eq(trial->status, 0, "%#x: %s", trial->status, trial->out);
  cr_assert_eq(trial->trace_count, 2);
  struct recording *recording = recording_of(trial, 1, 0);
  cr_assert_eq(recording_tally(recording, 3001).handoffs, 500);
  cr_assert_eq(recording_tally(recording, 3011).deaths, 300);
  cr_assert_eq(recording->info->ending, RUN_ENDED_EXIT);
  cr_assert_eq(recording->info->missing.unprotected_lanes, unprotected);
  cr_assert_eq(recording->info->complete, unprotected == 0);
  recording_free(recording);
  trial_free(trial);
}

Test(host, under_the_filter_of_its_container_is_recorded) {
  record_contained("plain", 0);
}

Test(host, without_shared_mappings_has_its_trace_written_at_the_end) {
  record_contained("unmapped", 2);
}

Test(host, man_which_filters_what_it_starts_shows_the_page) {
  char page[PATH_MAX];
  cr_assert(getcwd(page, sizeof(page) - 16));
  strcat(page, "/man/dwell.1");
  struct trial *trial = TRIAL(.program = "/usr/bin/man", .arguments = {"-P", "cat", "-l", page},
                              .variables = {"MANWIDTH=80", "LC_ALL=C"});
  cr_assert_eq(trial->status, 0, "%#x: %s", trial->status, trial->err);
  cr_assert(strstr(trial->out, "DWELL"), "%s", trial->out);
  cr_assert_gt(trial->trace_count, 0);
  trial_free(trial);
}
