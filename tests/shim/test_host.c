/* Hosts that take what is the recorder's, and places where there is no room: the program must go on
 * as without the recorder, and the trace must say what it lacks. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "shim/trace.h"

static size_t lines(const char *text) {
  size_t count = 0;
  for (; *text; text++)
    count += *text == '\n';
  return count;
}

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
  struct trial *trial =
      trial_run(&(struct trial_setup){.program = "takes_fds", .arguments = {"all"}});
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
    struct trial *trial = trial_run(&(struct trial_setup){
        .program = "limited", .arguments = {limits[i], built("tests/programs/much")}});
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

/* A small tmpfs of the test's own, or a visible skip. */
static void small_disk(const char *path, const char *options) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("tmpfs", path, "tmpfs", 0, options) != 0)
    cr_skip_test("no privilege to mount a tmpfs: %s", strerror(errno));
}

static void fill_disk(const char *options, const char *threads, bool some_recorded) {
  char directory[] = "/tmp/dwell-disk-XXXXXX", variable[64];
  cr_assert(mkdtemp(directory));
  small_disk(directory, options);
  snprintf(variable, sizeof(variable), "DWELL_OUT=%s/t.dwl", directory);
  struct trial *trial = trial_run(
      &(struct trial_setup){.program = "much", .arguments = {threads}, .variables = {variable}});
  cr_assert_eq(trial->status, 0, "%#x", trial->status);
  cr_assert_str_eq(trial->out, "alive\n");
  cr_assert_eq(lines(trial->err), 1, "%s", trial->err);
  cr_assert(strstr(trial->err, strerror(ENOSPC)), "%s", trial->err);
  if (some_recorded) {
    strcat(directory, "/t.dwl");
    struct recording *recording = recording_open(directory);
    cr_assert_eq(recording->info->stop, TRACE_STOP_WRITE);
    cr_assert_eq(recording->info->stop_errno, ENOSPC);
    cr_assert(!recording->info->complete);
    cr_assert_gt(recording->info->missing.dropped_events, 0);
    cr_assert_gt(recording_tally(recording, 19001).births, 1000);
    recording_free(recording);
    *strrchr(directory, '/') = 0;
  }
  umount2(directory, MNT_DETACH);
  rmdir(directory);
  trial_free(trial);
}

Test(host, a_full_disk_stops_the_recording_not_the_program) {
  fill_disk("size=1m", "1", true);
}

Test(host, a_full_disk_is_no_harm_to_many_threads) {
  fill_disk("size=3m", "8", true);
}

Test(host, a_disk_without_room_for_the_head_is_said_so) {
  fill_disk("size=16k", "4", false);
}

Test(host, a_place_that_cannot_be_written_is_said_so) {
  struct trial *trial = trial_run(&(struct trial_setup){
      .program = "basics", .variables = {"DWELL_OUT=/etc/hostname/t.%p.dwl"}});
  cr_assert_eq(trial->status, 0);
  cr_assert_str_eq(trial->out, "done\n");
  cr_assert_eq(lines(trial->err), 1, "%s", trial->err);
  cr_assert(strstr(trial->err, "/etc/hostname/t."), "%s", trial->err);
  cr_assert(strstr(trial->err, strerror(ENOTDIR)), "%s", trial->err);
  cr_assert_eq(trial->trace_count, 0);
  trial_free(trial);
}

Test(host, under_a_killing_system_call_filter_lives_on) {
  struct trial *trial = trial_run(&(struct trial_setup){.program = "seccomp"});
  cr_assert_eq(trial->status, 0, "%#x", trial->status);
  cr_assert_str_eq(trial->out, "alive\n");
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 22013).deaths, 1);
  cr_assert_eq(recording->info->stop, TRACE_STOP_SECCOMP);
  cr_assert_gt(recording_tally(recording, 22003).births, 0);
  cr_assert_gt(recording->info->missing.dropped_events, 0);
  recording_free(recording);
  trial_free(trial);
}
