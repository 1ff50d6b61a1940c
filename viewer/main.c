/* main.c - dwell: the table of contents. Each command is a file of its own. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

static const struct command {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *summary;
} commands[] = {
    {"run", run_command, "record a program, then show what waits and lives long in it"},
    {"summary", summary_command, "show which memory waits in a queue, and what lives long"},
    {"whatif", whatif_command, "replay a run's queues with bounds: peak, waiting, finishing time"},
    {"check", check_command, "hold a recorded run against rules, for continuous integration"},
    {"diff", diff_command, "compare two recorded runs, site by site"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *out) {
  fputs("usage: dwell COMMAND [OPTIONS] ...\n\n"
        "Which memory waits in a queue? Where was it born, how long did it live, where did it "
        "die?\n\n",
        out);
  for (size_t i = 0; i < COMMANDS; i++)
    fprintf(out, "  dwell %-9s %s\n", commands[i].name, commands[i].summary);
  fputs(
      "  dwell help COMMAND\n"
      "  dwell --version\n\n"
      "Start with:\n"
      "  dwell run -- PROGRAM ARGUMENTS\n"
      "  dwell summary dwell.PROGRAM.PID.dwl\n\n"
      "Exit codes: 0 done; 1 reported, but events are missing from the trace; 2 wrong usage;\n"
      "3 the trace can't be read; 4 no memory, or the report can't be written; 5 a rule of `dwell\n"
      "check` is broken. `dwell run` passes its program's code through. See dwell(1).\n",
      out);
}

static const struct command *find_command(const char *name) {
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  return NULL;
}

static int help_command(int argc, char **argv) {
  if (argc < 2) {
    print_help(stdout);
    return DWELL_OK;
  }
  const struct command *command = find_command(argv[1]);
  if (!command) {
    fprintf(stderr, "dwell help: no command '%s'; 'dwell help' lists them\n", argv[1]);
    return DWELL_USAGE;
  }
  char *asked[] = {argv[1], (char[]){"--help"}, NULL};
  return command->run(2, asked);
}

int main(int argc, char **argv) {
  /* Only for the widths of characters; numbers are written as in the C locale. */
  setlocale(LC_CTYPE, "C.UTF-8");
  if (argc < 2) {
    print_help(stderr);
    return DWELL_USAGE;
  }
  const char *name = argv[1];
  if (strcmp(name, "help") == 0) return help_command(argc - 1, argv + 1);
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
    print_help(stdout);
    return DWELL_OK;
  }
  if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
    puts("dwell " DWELL_VERSION);
    return DWELL_OK;
  }
  const struct command *command = find_command(name);
  if (!command) {
    fprintf(stderr, "dwell: no command '%s'; 'dwell help' lists them\n", name);
    return DWELL_USAGE;
  }
  return command->run(argc - 1, argv + 1);
}
