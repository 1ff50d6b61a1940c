/* What the environment asks for: names of traces, and wrong values, each of which costs one line.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness.h"

static const char *name_of(const char *path) {
  return strrchr(path, '/') + 1;
}

Test(environment, a_name_is_made_of_program_pid_and_host) {
  struct utsname host;
  char expected[300];
  struct trial *trial = TRIAL(.program = "basics", .variables = {"DWELL_OUT=a%%b-%h-%c-%p.dwl"});
  cr_assert_eq(uname(&host), 0);
  snprintf(expected, sizeof(expected), "a%%b-%s-basics-%d.dwl", host.nodename, (int)trial->pid);
  cr_assert_eq(trial->trace_count, 1);
  cr_assert_str_eq(name_of(trial->traces[0]), expected);
  trial_free(trial);
}

Test(environment, the_default_name_is_in_the_working_directory) {
  char expected[64];
  struct trial *trial = TRIAL(.program = "basics", .variables = {"DWELL_OUT"});
  snprintf(expected, sizeof(expected), "dwell.basics.%d.dwl", (int)trial->pid);
  cr_assert_eq(trial->trace_count, 1);
  cr_assert_str_eq(name_of(trial->traces[0]), expected);
  trial_free(trial);
}

Test(environment, a_taken_name_gets_a_suffix_and_is_not_touched) {
  char path[] = "/tmp/dwell-taken-XXXXXX.dwl", variable[64], suffixed[80], text[8] = "";
  int fd = mkstemps(path, 4);
  cr_assert(fd >= 0 && write(fd, "mine", 4) == 4);
  snprintf(variable, sizeof(variable), "DWELL_OUT=%s", path);
  struct trial *trial = TRIAL(.program = "execs", .variables = {variable});
  /* the second program of the same pid finds that name taken as well */
  snprintf(suffixed, sizeof(suffixed), "%s.%d", path, (int)trial->pid);
  struct recording *first = recording_open(suffixed);
  cr_assert_eq(recording_tally(first, 14009).births, 1);
  unlink(suffixed);
  strcat(suffixed, ".2");
  struct recording *second = recording_open(suffixed);
  cr_assert_eq(recording_tally(second, 14011).births, 1);
  unlink(suffixed);
  cr_assert_eq(pread(fd, text, sizeof(text), 0), 4);
  cr_assert_str_eq(text, "mine");
  close(fd);
  unlink(path);
  recording_free(first);
  recording_free(second);
  trial_free(trial);
}

/* Runs with a variable whose value is wrong: one line that names it, and all goes on. */
static struct trial *complains_once(const char *variable) {
  char name[32];
  struct trial *trial =
      trial_run(&(struct trial_setup){.program = "basics", .variables = {variable}});
  snprintf(name, sizeof(name), "%.*s", (int)strcspn(variable, "="), variable);
  cr_assert_eq(trial->status, 0);
  cr_assert_eq(lines(trial->err), 1, "%s: %s", variable, trial->err);
  cr_assert(strstr(trial->err, name), "%s: %s", variable, trial->err);
  return trial;
}

Test(environment, wrong_values_cost_one_line_each_and_the_default_is_taken) {
  static const char *const wrong[] = {"DWELL_CHILDREN=yes",
                                      "DWELL_DEPTH=-3",
                                      "DWELL_DEPTH=9k",
                                      "DWELL_QUIET=2",
                                      "DWELL_UNWIND=magic",
                                      "DWELL_OUT=%z.dwl",
                                      "DWELL_DEPTH=99999999999999999999"};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    struct trial *trial = complains_once(wrong[i]);
    struct recording *recording = recording_only(trial);
    cr_assert_eq(recording->profile->births, 7);
    cr_assert_eq(recording->info->depth, 0);
    recording_free(recording);
    trial_free(trial);
  }
}

Test(environment, wrong_amounts_cost_one_line_each_and_the_default_is_taken) {
  static const char *const wrong[] = {
      "DWELL_FOLD=fast",        "DWELL_FOLD=1",         "DWELL_FOLD=-1ms",
      "DWELL_FOLD=1001ms",      "DWELL_FOLD=1ms,",      "DWELL_FOLD=1ms,1025KiB",
      "DWELL_FOLD=,1KiB",       "DWELL_FOLD=1ms,1k",    "DWELL_FOLD=99999999999999999999s",
      "DWELL_SAMPLE=0",         "DWELL_SAMPLE=often",   "DWELL_SAMPLE=-512KiB",
      "DWELL_SAMPLE=1.5MiB",    "DWELL_SAMPLE=1025GiB", "DWELL_MAX_SIZE=0",
      "DWELL_MAX_SIZE=1023KiB", "DWELL_MAX_SIZE=10 MB", "DWELL_MAX_SIZE=99999999999999999999",
      "DWELL_EXACT=yes"};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    struct trial *trial = complains_once(wrong[i]);
    struct recording *recording = recording_only(trial);
    cr_assert_eq(recording->profile->births, 7);
    const struct run_info *info = recording->info;
    cr_assert(!info->exact);
    cr_assert_eq(info->fold_age_count, 1);
    /* 1 ms: the rate of the clock is an estimate in a run as short as this */
    cr_assert(info->fold_ages[0].age_ns > 250000 && info->fold_ages[0].age_ns < 4000000, "%lu ns",
              info->fold_ages[0].age_ns);
    cr_assert_eq(info->fold_bytes, 32768);
    cr_assert_eq(info->sample_bytes, 0);
    cr_assert_eq(info->max_file_bytes, 0);
    recording_free(recording);
    trial_free(trial);
  }
}

Test(environment, exact_goes_before_sampling_and_says_so) {
  struct trial *trial = trial_run(&(struct trial_setup){
      .program = "basics", .variables = {"DWELL_EXACT=1", "DWELL_SAMPLE=512KiB"}});
  cr_assert_eq(lines(trial->err), 1, "%s", trial->err);
  struct recording *recording = recording_only(trial);
  cr_assert(recording->info->exact);
  cr_assert_eq(recording->info->sample_bytes, 0);
  cr_assert_eq(recording->profile->births, 7);
  recording_free(recording);
  trial_free(trial);
}

Test(environment, quiet_says_nothing_even_of_wrong_values) {
  struct trial *trial = TRIAL(.program = "basics",
                              .variables = {"DWELL_QUIET=1", "DWELL_DEPTH=x", "DWELL_OUT=%z.dwl"});
  cr_assert_eq(trial->trace_count, 1);
  trial_free(trial);
}

Test(environment, depth_and_unwinder_are_in_the_trace) {
  struct trial *trial = TRIAL(.program = "deep", .variables = {"DWELL_DEPTH=17"});
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording->info->depth, 17);
  cr_assert_str_eq(recording->info->unwinder, "memoised");
  recording_free(recording);
  trial_free(trial);
}

Test(environment, libunwind_finds_the_same_sites) {
  static const char *const programs[] = {"basics", "signals", "deep"};
  for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
    struct trial *one = TRIAL(.program = programs[i]);
    struct trial *two = TRIAL(.program = programs[i], .variables = {"DWELL_UNWIND=libunwind"});
    struct recording *by_libgcc = recording_only(one), *by_libunwind = recording_only(two);
    cr_assert_str_eq(by_libunwind->info->unwinder, "libunwind");
    cr_assert_eq(by_libgcc->profile->site_count, by_libunwind->profile->site_count, "%s",
                 programs[i]);
    cr_assert_eq(by_libgcc->profile->total.bytes, by_libunwind->profile->total.bytes);
    recording_free(by_libgcc);
    recording_free(by_libunwind);
    trial_free(one);
    trial_free(two);
  }
}

Test(environment, the_command_line_is_in_the_trace) {
  struct trial *trial = TRIAL(.program = "leaves", .arguments = {"return"});
  struct recording *recording = recording_only(trial);
  cr_assert_eq(recording->info->argc, 2);
  cr_assert_str_eq(recording->info->argv[0], built("tests/programs/leaves"));
  cr_assert_str_eq(recording->info->argv[1], "return");
  cr_assert_str_eq(recording->info->program, "leaves");
  recording_free(recording);
  trial_free(trial);
}

/* At a half and at three quarters of the limit tables of young blocks are made anew, bigger. */
Test(environment, near_the_size_limit_bigger_tables_lose_nothing, .timeout = 60) {
  struct trial *trial =
      TRIAL(.program = "keeps", .arguments = {"3500000"}, .variables = {"DWELL_MAX_SIZE=27MiB"});
  struct recording *recording = recording_only(trial);
  struct tally tally = recording_tally(recording, 24);
  cr_assert_geq(recording->info->fold_age_count, 3, "%zu", recording->info->fold_age_count);
  cr_assert_eq(recording->info->stop, TRACE_NOT_STOPPED);
  cr_assert_eq(tally.births, 3500000);
  cr_assert_eq(tally.at_end, 3500000);
  cr_assert_eq(recording->info->missing.late_events, 0);
  cr_assert(recording->info->complete);
  recording_free(recording);
  trial_free(trial);
}
