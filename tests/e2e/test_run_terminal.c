/* dwell run on a terminal: Ctrl-C is the program's, Ctrl-Z stops both. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

/* What a child process of a test does, as leader of a session on a new terminal. Its exit status is
 * the verdict: 0, or the number of the line that was not so. */
#define NEED(condition)                                                                            \
  do {                                                                                             \
    if (!(condition)) _exit(__LINE__ % 250 + 1);                                                   \
  } while (0)

static const char *dwell; /* found before the directory changes */

/* Starts it in a process group of its own in the foreground, as a shell with job control does. */
static pid_t job_start(const char *script) {
  pid_t job = fork();
  if (job == 0) {
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(0, getpgrp());
    signal(SIGTTOU, SIG_DFL);
    execl(dwell, "dwell", "run", "--no-summary", "--no-children", "-o", "t.dwl", "sh", "-c", script,
          (char *)NULL);
    _exit(100);
  }
  return job;
}

/* Types `key` when the file `ready` is there, and waits for the verdict of `shell`. */
static void on_terminal(void (*shell)(void), const char *key) {
  char directory[] = "/tmp/dwell-terminal-XXXXXX", path[64], said[4096] = "";
  size_t used = 0;
  int terminal, status = 0;
  cr_assert(mkdtemp(directory));
  snprintf(path, sizeof(path), "%s/ready", directory);
  dwell = command_built("dwell");
  pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
  cr_assert_geq(pid, 0);
  if (pid == 0) {
    alarm(60);
    if (chdir(directory) == 0) shell();
    _exit(250);
  }
  while (access(path, F_OK) != 0) {
    cr_assert_eq(waitpid(pid, &status, WNOHANG), 0, "ended before it was ready: %#x", status);
    usleep(2000);
  }
  cr_assert_eq(write(terminal, key, 1), 1);
  for (ssize_t got; used < sizeof(said) - 1; used += (size_t)got)
    if ((got = read(terminal, said + used, sizeof(said) - 1 - used)) <= 0) break;
  cr_assert_eq(waitpid(pid, &status, 0), pid);
  cr_assert_eq(status, 0, "%#x: %s", status, said);
  cr_assert(strstr(said, "dwell: trace of sh"), "%s", said);
  close(terminal);
  snprintf(path, sizeof(path), "%s/t.dwl", directory);
  cr_assert_eq(access(path, F_OK), 0);
  command_directory_remove(directory); /* a program that calls exec has left two traces */
}

static void interrupted_shell(void) {
  int status;
  pid_t job = job_start("trap 'exit 11' INT; : >ready; while :; do sleep 0.01; done");
  NEED(waitpid(job, &status, 0) == job);
  NEED(WIFEXITED(status) && WEXITSTATUS(status) == 11);
  _exit(0);
}

static void killed_shell(void) {
  int status;
  pid_t job = job_start(": >ready; exec sleep 50");
  NEED(waitpid(job, &status, 0) == job);
  NEED(WIFEXITED(status));
  NEED(WEXITSTATUS(status) == 128 + SIGINT || WEXITSTATUS(status) == 128 + SIGQUIT);
  _exit(0);
}

static void stopped_shell(void) {
  int status;
  /* no command in the loop: a shell in the middle of a vfork, whose child is stopped, doesn't stop
   */
  pid_t job = job_start("trap 'exit 12' USR1; : >ready; while :; do :; done");
  NEED(waitpid(job, &status, WUNTRACED) == job);
  NEED(WIFSTOPPED(status));
  NEED(kill(-job, SIGCONT) == 0);
  NEED(waitpid(job, &status, WCONTINUED) == job && WIFCONTINUED(status));
  NEED(kill(job, SIGUSR1) == 0);
  NEED(waitpid(job, &status, 0) == job);
  NEED(WIFEXITED(status) && WEXITSTATUS(status) == 12);
  _exit(0);
}

Test(run_terminal, interrupt_is_the_programs_and_the_report_comes_after) {
  on_terminal(interrupted_shell, "\003");
}

Test(run_terminal, a_program_that_dies_of_the_interrupt_is_reported) {
  on_terminal(killed_shell, "\003");
}

Test(run_terminal, a_program_that_dies_of_quit_is_reported) {
  on_terminal(killed_shell, "\034");
}

Test(run_terminal, stop_and_continue_reach_both) {
  on_terminal(stopped_shell, "\032");
}
