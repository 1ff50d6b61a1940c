/* command.h - runs a command in a temporary directory of its own and keeps what it said.
 *
 * For tests of built programs as a user starts them. Failures of the harness fail the test. What is
 * built is looked for in $DWELL_BUILD, or build/.
 */
#ifndef DWELL_TESTS_COMMAND_H
#define DWELL_TESTS_COMMAND_H

#include <stddef.h>
#include <sys/types.h>

#define COMMAND_STRINGS 24

struct command_setup {
  const char *arguments[COMMAND_STRINGS]; /* argv; [0] is looked up in PATH */
  const char *variables[8];               /* NAME=VALUE, or NAME to take one away */
  const char *input;                      /* file for stdin; NULL: /dev/null */
  void (*before_exec)(void);              /* in the child; NULL: nothing */
};

struct command {
  char directory[64]; /* its working directory, there until command_free() */
  pid_t pid;
  int status; /* as wait(2) has it, after command_wait() */
  char *out, *err;
  size_t out_bytes, err_bytes;
};

/* The absolute path of something that was built; malloc'ed, never freed. */
const char *command_built(const char *name);

struct command *command_start(const struct command_setup *setup);
/* Waits (a minute at most), then reads what it wrote. */
void command_wait(struct command *command);
/* Both. */
struct command *command_run(const struct command_setup *setup);
/* Removes a directory and all that is in it. */
void command_directory_remove(const char *path);
/* Removes its directory, too. */
void command_free(struct command *command);

/* Waits until the file is there, in the command's directory. */
void command_await_file(const struct command *command, const char *name);
/* How many files are in its directory whose name contains `part`. */
size_t command_files(const struct command *command, const char *part);
/* The path of such a file of its directory; static. */
const char *command_path(const struct command *command, const char *name);

#define COMMAND(...) command_run(&(struct command_setup){.arguments = {__VA_ARGS__}})

#endif
