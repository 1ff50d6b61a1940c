/* command.c - fork, exec, wait, read. Output goes to hidden files in the command's directory. */
#include "command.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HANG_SECONDS 60

const char *command_built(const char *name) {
  const char *build = getenv("DWELL_BUILD");
  char *path, directory[PATH_MAX] = "";
  if (!build) build = "build";
  cr_assert(build[0] == '/' || getcwd(directory, sizeof(directory)));
  cr_assert(asprintf(&path, "%s%s%s/%s", directory, *directory ? "/" : "", build, name) > 0);
  return path;
}

const char *command_path(const struct command *command, const char *name) {
  static char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/%s", command->directory, name);
  return path;
}

static void redirect(int fd, const char *path, int flags) {
  int opened = open(path, flags, 0600);
  if (opened < 0 || dup2(opened, fd) < 0) _exit(100);
  if (opened != fd) close(opened);
}

static _Noreturn void child(const struct command *command, const struct command_setup *setup) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  redirect(0, setup->input ? setup->input : "/dev/null", O_RDONLY);
  redirect(1, command_path(command, ".stdout"), O_WRONLY | O_CREAT | O_APPEND);
  redirect(2, command_path(command, ".stderr"), O_WRONLY | O_CREAT | O_APPEND);
  close_range(3, ~0U, 0);
  if (chdir(command->directory) != 0) _exit(100);
  for (size_t i = 0; i < sizeof(setup->variables) / sizeof(setup->variables[0]); i++) {
    if (!setup->variables[i]) break;
    if (strchr(setup->variables[i], '='))
      putenv(strdup(setup->variables[i]));
    else
      unsetenv(setup->variables[i]);
  }
  if (setup->before_exec) setup->before_exec();
  char *arguments[COMMAND_STRINGS + 1] = {0};
  for (size_t i = 0; i < COMMAND_STRINGS && setup->arguments[i]; i++)
    arguments[i] = strdup(setup->arguments[i]);
  execvp(arguments[0], arguments);
  _exit(100);
}

struct command *command_start(const struct command_setup *setup) {
  struct command *command = calloc(1, sizeof(*command));
  cr_assert(command);
  snprintf(command->directory, sizeof(command->directory), "/tmp/dwell-command-XXXXXX");
  cr_assert(mkdtemp(command->directory));
  command->pid = fork();
  cr_assert(command->pid >= 0);
  if (command->pid == 0) child(command, setup);
  return command;
}

static char *file_read(const char *path, size_t *bytes) {
  struct stat status;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  cr_assert(fd >= 0 && fstat(fd, &status) == 0, "%s", path);
  char *text = calloc(1, (size_t)status.st_size + 1);
  cr_assert(text && read(fd, text, (size_t)status.st_size) == status.st_size);
  close(fd);
  *bytes = (size_t)status.st_size;
  return text;
}

static void pause_briefly(const struct timespec *begin, pid_t kill_pid, const char *what) {
  struct timespec now;
  nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (now.tv_sec - begin->tv_sec < HANG_SECONDS) return;
  kill(kill_pid, SIGKILL);
  cr_assert(false, "%s hangs", what);
}

void command_wait(struct command *command) {
  struct timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  while (waitpid(command->pid, &command->status, WNOHANG) == 0)
    pause_briefly(&begin, command->pid, "the command");
  command->out = file_read(command_path(command, ".stdout"), &command->out_bytes);
  command->err = file_read(command_path(command, ".stderr"), &command->err_bytes);
}

struct command *command_run(const struct command_setup *setup) {
  struct command *command = command_start(setup);
  command_wait(command);
  return command;
}

void command_await_file(const struct command *command, const char *name) {
  struct timespec begin;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  while (access(command_path(command, name), F_OK) != 0)
    pause_briefly(&begin, command->pid, name);
}

size_t command_files(const struct command *command, const char *part) {
  size_t count = 0;
  DIR *directory = opendir(command->directory);
  cr_assert(directory);
  for (struct dirent *entry; (entry = readdir(directory));)
    count += entry->d_name[0] != '.' && strstr(entry->d_name, part) != NULL;
  closedir(directory);
  return count;
}

static int entry_remove(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status, (void)type, (void)ftw;
  return remove(path);
}

void command_directory_remove(const char *path) {
  nftw(path, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

void command_free(struct command *command) {
  command_directory_remove(command->directory);
  free(command->out);
  free(command->err);
  free(command);
}
