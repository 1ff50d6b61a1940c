/* Limits and losses: of memory, of file size, of disk, of rights and of the file tree. The host
 * goes on as without the recorder; what can't be recorded is said in one line and in the trace. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "shim/trace.h"

static bool file_put(const char *directory, const char *name, const char *text) {
  char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (fd >= 0) close(fd);
  return done;
}

/* The program must have lived, and the recorder said why it stopped, in one line. */
static void assert_lived(const struct trial *trial, const char *why) {
  cr_assert_eq(trial->status, 0, "%#x: %s%s", trial->status, trial->out, trial->err);
  cr_assert_str_eq(trial->out, "alive\n");
  cr_assert_eq(lines(trial->err), 1, "%s", trial->err);
  cr_assert(strstr(trial->err, why), "%s", trial->err);
}

/* All of before the loss is there, what was lost after it is counted. */
static void assert_stopped(const struct recording *recording, int error) {
  cr_assert_neq(recording->info->stop, TRACE_NOT_STOPPED);
  cr_assert_eq(recording->info->stop_errno, (uint64_t)error);
  cr_assert(!recording->info->complete);
  cr_assert_eq(recording_tally(recording, 27011).births, 1000);
  uint64_t written = recording->profile->births + recording->profile->deaths;
  uint64_t dropped = recording->info->missing.dropped_events;
  /* 2 x 1,000 and 2 x 30,000, and a thread's descriptor */
  cr_assert_geq(written + dropped, 62000, "%lu written, %lu dropped", written, dropped);
  cr_assert_leq(written + dropped, 62010, "%lu written, %lu dropped", written, dropped);
}

Test(limits, of_file_size_set_in_the_middle_stops_the_recording_only) {
  struct trial *trial = trial_run(&(struct trial_setup){
      .program = "loses", .arguments = {"fsize"}, .variables = {"DWELL_EXACT=1"}});
  assert_lived(trial, strerror(EFBIG));
  struct recording *recording = recording_only(trial);
  assert_stopped(recording, EFBIG);
  recording_free(recording);
  trial_free(trial);
}

Test(limits, of_rights_cost_nothing) {
  if (geteuid() != 0) cr_skip_test("not root");
  struct trial *trial =
      TRIAL(.program = "loses", .arguments = {"user"}, .variables = {"DWELL_EXACT=1"});
  struct recording *recording = recording_only(trial);
  cr_assert(recording->info->complete);
  cr_assert_eq(recording_tally(recording, 27011).deaths, 1000);
  cr_assert_eq(recording_tally(recording, 27017).deaths, 30000);
  recording_free(recording);
  trial_free(trial);
}

Test(limits, of_the_file_tree_stop_the_recording_when_the_descriptor_goes_too) {
  if (geteuid() != 0) cr_skip_test("not root");
  struct trial *trial = trial_run(&(struct trial_setup){
      .program = "loses", .arguments = {"root"}, .variables = {"DWELL_EXACT=1"}});
  assert_lived(trial, strerror(ENOENT));
  struct recording *recording = recording_only(trial);
  assert_stopped(recording, ENOENT);
  cr_assert_eq(recording->info->stop, TRACE_STOP_LOST);
  recording_free(recording);
  trial_free(trial);
}

Test(limits, of_a_directory_that_is_removed_with_its_trace) {
  char directory[] = "/tmp/dwell-gone-XXXXXX", variable[64];
  cr_assert(mkdtemp(directory));
  snprintf(variable, sizeof(variable), "DWELL_OUT=%s/t.dwl", directory);
  struct trial *trial = trial_run(&(struct trial_setup){
      .program = "loses", .arguments = {"directory", directory}, .variables = {variable}});
  assert_lived(trial, strerror(ENOENT));
  cr_assert_neq(access(directory, F_OK), 0, "%s is there again", directory);
  cr_assert_eq(trial->trace_count, 0);
  trial_free(trial);
}

Test(limits, of_address_space_are_the_hosts_to_meet) {
  static const char *const mib[] = {"1", "2", "4", "16"};
  for (size_t i = 0; i < sizeof(mib) / sizeof(mib[0]); i++) {
    struct trial *trial =
        TRIAL(.program = "little_memory", .arguments = {mib[i]}, .variables = {"DWELL_EXACT=1"});
    struct recording *recording = recording_only(trial);
    struct tally filled = recording_tally(recording, 26003);
    cr_assert_gt(filled.births, 10); /* in the MiB that a thread has its lane in, too */
    cr_assert_eq(filled.births, filled.deaths);
    cr_assert_eq(recording_tally(recording, 26017).deaths, 1000);
    struct stat status;
    cr_assert_eq(stat(trial->traces[0], &status), 0);
    /* threads that got no lane took no space of the file */
    cr_assert_leq(status.st_size, 4 << 20, "%ld bytes", (long)status.st_size);
    recording_free(recording);
    trial_free(trial);
  }
}

Test(limits, of_address_space_at_the_start_cost_the_recording_at_most) {
  /* from where ld.so can't map the libraries, to where all of the recorder has room */
  size_t unmapped = 0, whole = 0;
  for (unsigned long kib = 4000; kib <= 9000; kib += 100) {
    char limit[24];
    snprintf(limit, sizeof(limit), "%lu", kib << 10);
    struct trial *trial = trial_run(&(struct trial_setup){
        .program = "limited", .arguments = {"as", limit, built("tests/programs/asks")}});
    bool unable = WIFEXITED(trial->status) && WEXITSTATUS(trial->status) == 127;
    cr_assert(trial->status == 0 || unable, "%lu KiB: %#x: %s", kib, trial->status, trial->err);
    if (!unable) cr_assert_str_eq(trial->out, "alive\n");
    if (!unable) cr_assert_leq(lines(trial->err), 1, "%s", trial->err);
    for (size_t t = 0; t < trial->trace_count; t++) {
      if (!strstr(trial->traces[t], "asks.")) continue;
      struct recording *recording = recording_open(trial->traces[t]);
      uint64_t dropped = recording->info->missing.dropped_events;
      /* a malloc that fails is no event: there may be none at all */
      cr_assert(dropped > 0 || recording_tally(recording, 26041).births ==
                                   recording_tally(recording, 26041).deaths);
      whole += dropped == 0 && recording_tally(recording, 26041).births == 100;
      recording_free(recording);
    }
    unmapped += unable;
    trial_free(trial);
  }
  cr_assert_gt(unmapped, 0);
  cr_assert_gt(whole, 0);
}

Test(limits, of_a_memory_control_group_that_the_trace_exceeds) {
  char directory[64], text[24];
  const char *limit = "memory.limit_in_bytes";
  snprintf(directory, sizeof(directory), "/sys/fs/cgroup/memory/dwell-test-%d", (int)getpid());
  if (mkdir(directory, 0700) != 0) {
    limit = "memory.max";
    snprintf(directory, sizeof(directory), "/sys/fs/cgroup/dwell-test-%d", (int)getpid());
    if (mkdir(directory, 0700) != 0) cr_skip_test("no control groups to make: %s", strerror(errno));
  }
  snprintf(text, sizeof(text), "%d", 16 << 20);
  if (!file_put(directory, limit, text)) {
    rmdir(directory);
    cr_skip_test("no memory control groups");
  }
  struct trial *trial =
      TRIAL(.program = "in_cgroup", .arguments = {directory}, .variables = {"DWELL_EXACT=1"});
  cr_assert_eq(rmdir(directory), 0);
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording_tally(recording, 28001).deaths, 400000);
  cr_assert(recording->info->complete);
  recording_free(recording);
  trial_free(trial);
}

/* ---- full disks ------------------------------------------------------------------------- */

/* A small tmpfs of the test's own, or a visible skip. */
static void small_disk(const char *path, const char *options) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("tmpfs", path, "tmpfs", 0, options) != 0)
    cr_skip_test("no privilege to mount a tmpfs: %s", strerror(errno));
}

struct disk {
  char directory[32], variable[64], path[48];
};

static struct disk disk_make(const char *options) {
  struct disk disk = {.directory = "/tmp/dwell-disk-XXXXXX"};
  cr_assert(mkdtemp(disk.directory));
  small_disk(disk.directory, options);
  snprintf(disk.variable, sizeof(disk.variable), "DWELL_OUT=%s/t.dwl", disk.directory);
  snprintf(disk.path, sizeof(disk.path), "%s/t.dwl", disk.directory);
  return disk;
}

static void disk_free(struct disk *disk) {
  umount2(disk->directory, MNT_DETACH);
  rmdir(disk->directory);
}

static void fill_disk(const char *options, const char *threads, bool some_recorded) {
  struct disk disk = disk_make(options);
  struct trial *trial = trial_run(&(struct trial_setup){
      .program = "much", .arguments = {threads}, .variables = {disk.variable, "DWELL_EXACT=1"}});
  assert_lived(trial, strerror(ENOSPC));
  if (some_recorded) {
    struct recording *recording = recording_open(disk.path);
    cr_assert_eq(recording->info->stop, TRACE_STOP_WRITE);
    cr_assert_eq(recording->info->stop_errno, ENOSPC);
    cr_assert(!recording->info->complete);
    cr_assert_gt(recording->info->missing.dropped_events, 0);
    cr_assert_gt(recording_tally(recording, 19001).births, 1000);
    recording_free(recording);
  } else {
    cr_assert_neq(access(disk.path, F_OK), 0);
  }
  disk_free(&disk);
  trial_free(trial);
}

Test(limits, of_a_disk_stop_the_recording_not_the_program) {
  fill_disk("size=1m", "1", true);
}

Test(limits, of_a_disk_are_no_harm_to_many_threads) {
  fill_disk("size=3m", "8", true);
}

Test(limits, of_a_disk_without_room_for_the_head_are_said_so) {
  fill_disk("size=16k", "4", false);
}

Test(limits, of_a_disk_that_ends_anywhere_in_the_first_windows) {
  /* a page more each time: the head's slot, the first window, the second thread's, a chunk */
  for (unsigned kib = 16; kib <= 400; kib += 24) {
    char options[32];
    snprintf(options, sizeof(options), "size=%uk", kib);
    struct disk disk = disk_make(options);
    struct trial *trial = trial_run(&(struct trial_setup){
        .program = "much", .arguments = {"2"}, .variables = {disk.variable, "DWELL_EXACT=1"}});
    assert_lived(trial, strerror(ENOSPC));
    if (access(disk.path, F_OK) == 0) {
      struct recording *recording = recording_open(disk.path);
      cr_assert(!recording->info->complete, "%u KiB", kib);
      recording_free(recording);
    }
    disk_free(&disk);
    trial_free(trial);
  }
}

Test(limits, of_a_disk_that_another_fills_in_the_middle) {
  struct disk disk = disk_make("size=2m");
  struct trial *trial =
      trial_run(&(struct trial_setup){.program = "loses",
                                      .arguments = {"disk", disk.directory},
                                      .variables = {disk.variable, "DWELL_EXACT=1"}});
  assert_lived(trial, strerror(ENOSPC));
  struct recording *recording = recording_open(disk.path);
  assert_stopped(recording, ENOSPC);
  recording_free(recording);
  disk_free(&disk);
  trial_free(trial);
}
