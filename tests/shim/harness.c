/* harness.c - starts, waits, reads, opens. A program that hangs is killed after a minute. */
#include "harness.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HANG_SECONDS 60

const char *built(const char *name) {
  const char *build = getenv("DWELL_BUILD");
  char *path, directory[PATH_MAX];
  if (!build) build = "build";
  cr_assert(getcwd(directory, sizeof(directory)));
  int length = build[0] == '/' ? asprintf(&path, "%s/%s", build, name)
                               : asprintf(&path, "%s/%s/%s", directory, build, name);
  cr_assert(length >= 0);
  return path;
}

static char *file_text(const char *directory, const char *name) {
  char path[PATH_MAX + 16];
  struct stat status;
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  cr_assert(fd >= 0 && fstat(fd, &status) == 0, "%s", path);
  char *text = calloc(1, (size_t)status.st_size + 1);
  cr_assert(text && read(fd, text, (size_t)status.st_size) == status.st_size);
  close(fd);
  return text;
}

static void variable_put(char **environment, size_t *count, const char *variable) {
  size_t length = strcspn(variable, "=");
  size_t at = 0;
  while (at < *count &&
         (strncmp(environment[at], variable, length) != 0 || environment[at][length] != '='))
    at++;
  if (variable[length] == '=') {
    if (at == *count) ++*count;
    environment[at] = strdup(variable);
  } else if (at < *count) {
    environment[at] = environment[--*count];
  }
  environment[*count] = NULL;
}

static void trial_start(struct trial *trial, const struct trial_setup *setup) {
  char path[PATH_MAX], preload[2 * PATH_MAX + 16], out[PATH_MAX + 16], err[PATH_MAX + 16];
  char *arguments[TRIAL_STRINGS + 2] = {path}, *environment[TRIAL_STRINGS + 4] = {0};
  size_t variables = 0;

  snprintf(path, sizeof(path), "tests/programs/%s", setup->program);
  snprintf(path, sizeof(path), "%s",
           setup->program[0] == '/' ? setup->program : built(strdup(path)));
  for (size_t i = 0; i < TRIAL_STRINGS && setup->arguments[i]; i++)
    arguments[i + 1] = strdup(setup->arguments[i]);
  const char *between = setup->preload ? setup->preload : "";
  snprintf(preload, sizeof(preload), "LD_PRELOAD=%s:%s", setup->bare ? "" : built("libdwell.so"),
           between);
  variable_put(environment, &variables, "PATH=/usr/bin:/bin");
  if (!setup->bare || *between) variable_put(environment, &variables, preload);
  if (!setup->bare) variable_put(environment, &variables, "DWELL_OUT=%c.%p.dwl");
  for (size_t i = 0; i < TRIAL_STRINGS && setup->variables[i]; i++)
    variable_put(environment, &variables, setup->variables[i]);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  snprintf(out, sizeof(out), "%s/.stdout", trial->directory);
  snprintf(err, sizeof(err), "%s/.stderr", trial->directory);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawn_file_actions_addchdir_np(&actions, trial->directory);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigmask(&attributes, &none);
  int error = posix_spawn(&trial->pid, path, &actions, &attributes, arguments, environment);
  cr_assert(error == 0, "%s: %s", path, strerror(error));
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
}

static void trial_wait(struct trial *trial, const char *program) {
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  while (waitpid(trial->pid, &trial->status, WNOHANG) == 0) {
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - begin.tv_sec < HANG_SECONDS) continue;
    kill(trial->pid, SIGKILL);
    waitpid(trial->pid, &trial->status, 0);
    cr_assert(false, "%s hangs", program);
  }
}

static int may_be_trace(const struct dirent *entry) {
  return entry->d_name[0] != '.' && strstr(entry->d_name, ".dwl") != NULL;
}

static void traces_list(struct trial *trial) {
  struct dirent **entries;
  int count = scandir(trial->directory, &entries, may_be_trace, alphasort);
  cr_assert(count >= 0);
  trial->trace_count = (size_t)count;
  trial->traces = calloc((size_t)count + 1, sizeof(*trial->traces));
  for (int i = 0; i < count; i++) {
    cr_assert(asprintf(&trial->traces[i], "%s/%s", trial->directory, entries[i]->d_name) > 0);
    free(entries[i]);
  }
  free(entries);
}

struct trial *trial_run(const struct trial_setup *setup) {
  struct trial *trial = calloc(1, sizeof(*trial));
  cr_assert(trial);
  snprintf(trial->directory, sizeof(trial->directory), "/tmp/dwell-trial-XXXXXX");
  cr_assert(mkdtemp(trial->directory));
  trial_start(trial, setup);
  trial_wait(trial, setup->program);
  trial->out = file_text(trial->directory, ".stdout");
  trial->err = file_text(trial->directory, ".stderr");
  traces_list(trial);
  return trial;
}

struct trial *trial_record(const struct trial_setup *setup) {
  struct trial_setup bare_setup = *setup;
  bare_setup.bare = true;
  struct trial *trial = trial_run(setup), *bare = trial_run(&bare_setup);
  cr_assert_eq(trial->status, bare->status, "%s: status %#x, without the recorder %#x: %s%s",
               setup->program, (unsigned)trial->status, (unsigned)bare->status, trial->out,
               trial->err);
  cr_assert_str_eq(trial->out, bare->out);
  cr_assert_str_eq(trial->err, bare->err);
  cr_assert_eq(bare->trace_count, 0);
  trial_free(bare);
  return trial;
}

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status, (void)type, (void)ftw;
  return remove(path);
}

void trial_free(struct trial *trial) {
  nftw(trial->directory, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
  for (size_t i = 0; i < trial->trace_count; i++)
    free(trial->traces[i]);
  free(trial->traces);
  free(trial->out);
  free(trial->err);
  free(trial);
}

size_t lines(const char *text) {
  size_t count = 0;
  for (; *text; text++)
    count += *text == '\n';
  return count;
}

bool stressing(void) {
  return getenv("DWELL_STRESS") != NULL;
}

uint64_t trial_trace_bytes(const struct trial *trial) {
  struct stat status;
  cr_assert_eq(trial->trace_count, 1, "%zu traces; stderr: %s", trial->trace_count, trial->err);
  cr_assert_eq(stat(trial->traces[0], &status), 0);
  return (uint64_t)status.st_size;
}

struct recording *recording_open(const char *path) {
  char message[512] = "";
  struct recording *recording = calloc(1, sizeof(*recording));
  cr_assert(recording);
  int error = trace_file_open(path, &recording->file, message);
  cr_assert(error == 0, "%s: %s", path, message);
  error = trace_file_profile(recording->file, &recording->profile, NULL, NULL, NULL);
  cr_assert(error == 0, "%s: %s", path, strerror(-error));
  recording->info = trace_file_info(recording->file);
  recording->symbols = symbols_open(recording->file);
  cr_assert(recording->symbols);
  const struct run_missing *missing = &recording->info->missing;
  cr_assert(missing->bad_slots == 0 && missing->lost_chunks == 0 && missing->cut_bytes == 0 &&
                missing->bad_records == 0 && missing->unknown_records == 0 &&
                missing->missing_nodes == 0,
            "%s: damaged: %lu bad slots, %lu lost chunks, %lu bytes cut, %lu bad records, %lu "
            "unknown, %lu nodes missing",
            path, missing->bad_slots, missing->lost_chunks, missing->cut_bytes,
            missing->bad_records, missing->unknown_records, missing->missing_nodes);
  cr_assert(recording->profile->check.agree, "%s: %.9g by pairs, %.9g by curve", path,
            recording->profile->check.held_by_pairs, recording->profile->check.held_by_curve);
  cr_assert_eq(recording->profile->order_violations, 0, "%s: %lu births at taken addresses", path,
               recording->profile->order_violations);
  return recording;
}

struct recording *recording_only(const struct trial *trial) {
  cr_assert_eq(trial->trace_count, 1, "%zu traces; stderr: %s", trial->trace_count, trial->err);
  return recording_open(trial->traces[0]);
}

struct recording *recording_of(const struct trial *trial, pid_t pid, unsigned which) {
  struct recording *found[8];
  size_t count = 0;
  for (size_t i = 0; i < trial->trace_count; i++) {
    struct recording *recording = recording_open(trial->traces[i]);
    if (recording->info->pid != (uint64_t)pid || count == sizeof(found) / sizeof(found[0])) {
      recording_free(recording);
      continue;
    }
    size_t at = count++;
    for (; at && found[at - 1]->info->start_realtime_ns > recording->info->start_realtime_ns; at--)
      found[at] = found[at - 1];
    found[at] = recording;
  }
  cr_assert(which < count, "pid %d has %zu traces", (int)pid, count);
  for (size_t i = 0; i < count; i++)
    if (i != which) recording_free(found[i]);
  return found[which];
}

void recording_free(struct recording *recording) {
  symbols_close(recording->symbols);
  profile_free(recording->profile);
  trace_file_close(recording->file);
  free(recording);
}

struct tally recording_tally(const struct recording *recording, uint64_t size) {
  struct tally tally = {0};
  for (size_t i = 0; i < recording->profile->site_count; i++) {
    const struct site *site = &recording->profile->sites[i];
    if (site->reallocations || site->births == 0 || site->total.bytes != size * site->births)
      continue;
    tally.sites++;
    tally.births += site->births;
    tally.deaths += site->deaths;
    tally.handoffs += site->handoffs;
    tally.at_end += site->at_end.blocks;
    tally.site = site;
  }
  return tally;
}

const struct site *recording_site(const struct recording *recording, uint64_t blocks,
                                  uint64_t bytes) {
  for (size_t i = 0; i < recording->profile->site_count; i++) {
    const struct site *site = &recording->profile->sites[i];
    if (site->total.blocks == blocks && site->total.bytes == bytes) return site;
  }
  cr_assert(false, "no site with %lu blocks, %lu bytes", blocks, bytes);
  return NULL;
}

bool recording_stack_has(const struct recording *recording, uint32_t stack, const char *function) {
  const struct frame *frames;
  size_t count = symbols_stack(recording->symbols, stack, 0, &frames);
  for (size_t i = 0; i < count; i++)
    if (frames[i].function && strcmp(frames[i].function, function) == 0) return true;
  return false;
}

static const char *only_thread(const struct recording *recording, const struct shares *shares) {
  cr_assert_eq(shares->count, 1, "%zu threads", shares->count);
  return trace_file_thread_name(recording->file, shares->of[0].id);
}

const char *recording_birth_thread(const struct recording *recording, const struct site *site) {
  return only_thread(recording, &site->birth_threads);
}

const char *recording_death_thread(const struct recording *recording, const struct site *site) {
  return only_thread(recording, &site->death_threads);
}
