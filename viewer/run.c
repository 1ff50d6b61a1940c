/* run.c - `dwell run`: starts a program with the recorder preloaded, watches it, reports.
 *
 * The program's standard streams are its own: all that dwell says goes to stderr, before the
 * program starts or after it has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "launch.h"
#include "recordable.h"
#include "recorder_library.h"
#include "run_options.h"
#include "run_report.h"
#include "session.h"
#include "trace_template.h"

/* What run has in hand; freed by run_end(). */
struct run {
  struct run_options options;
  char library[PATH_MAX];
  char *template; /* absolute */
  char *variables[8 + RECORDING_VARIABLES_MAX];
  size_t variable_count;
  struct recordable recordable;
  struct session session;
  struct launch launch;
  unsigned ticks;
};

/* A file that dwell opens must not become its stdin, stdout or stderr where it was started without;
 * the program is started without, too. */
static void standard_descriptors_fill(void) {
  for (int fd = 0; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      int opened = open("/dev/null", O_RDWR | O_CLOEXEC);
      if (opened >= 0 && opened != fd) close(opened);
    }
}

static int output_check(const struct run_options *options) {
  struct stat status;
  if (!options->out || lstat(options->out, &status) != 0) return -1;
  if (!S_ISREG(status.st_mode))
    return run_fail(DWELL_RUN_FAILED, "-o %s: it is there and no regular file; give another name",
                    options->out);
  if (!options->force)
    return run_fail(DWELL_RUN_FAILED,
                    "-o %s: it is there; add --force to replace it, or give another "
                    "name",
                    options->out);
  return -1;
}

static int template_choose(struct run *run) {
  const char *from = getenv("DWELL_OUT");
  int status = output_check(&run->options);
  if (status >= 0) return status;
  if (run->options.out) {
    run->template = trace_template_literal(run->options.out);
    from = run->options.out;
  } else {
    if (!from || !*from) from = TRACE_TEMPLATE_DEFAULT;
    if (!trace_template_valid(from))
      return run_fail(DWELL_RUN_FAILED,
                      "DWELL_OUT=%s: after %% only p (pid), c (program), h (host) and %% are known",
                      from);
    run->template = trace_template_absolute(from);
  }
  if (!run->template) return run_fail(DWELL_RUN_FAILED, "%s: %s", from, strerror(errno));
  char *directory = trace_template_directory(run->template);
  if (directory && access(directory, W_OK | X_OK) != 0)
    status = run_fail(DWELL_RUN_FAILED,
                      "traces cannot be written in %s: %s; name another place with "
                      "-o FILE or DWELL_OUT",
                      directory, strerror(errno));
  free(directory);
  return status;
}

static int variable_add(struct run *run, char *variable) {
  if (!variable) return run_fail(DWELL_RUN_FAILED, "%s", strerror(ENOMEM));
  run->variables[run->variable_count++] = variable;
  return -1;
}

static int variable_set(struct run *run, const char *name, const char *value) {
  char *variable;
  if (asprintf(&variable, "%s=%s", name, value) < 0) variable = NULL;
  return variable_add(run, variable);
}

static int environment_make(struct run *run) {
  char number[17];
  snprintf(number, sizeof(number), "%016llx", (unsigned long long)run->session.number);
  int status = variable_add(run, recorder_library_preload(run->library));
  if (status < 0) status = variable_set(run, "DWELL_OUT", run->template);
  if (status < 0) status = variable_set(run, "DWELL_SESSION", number);
  if (status < 0 && run->options.no_children) status = variable_set(run, "DWELL_CHILDREN", "0");
  if (status < 0 && run->options.depth)
    status = variable_set(run, "DWELL_DEPTH", run->options.depth);
  if (status < 0 && run->options.unwind)
    status = variable_set(run, "DWELL_UNWIND", run->options.unwind);
  if (status < 0 && run->options.quiet) status = variable_set(run, "DWELL_QUIET", "1");
  struct recording_variable variables[RECORDING_VARIABLES_MAX];
  size_t count = recording_options_variables(&run->options.recording, variables);
  for (size_t i = 0; i < count && status < 0; i++)
    status = variable_set(run, variables[i].name, variables[i].value);
  return status;
}

static int not_executed(const struct run *run, int error) {
  int status = error == ENOENT || error == ENOTDIR ? DWELL_RUN_NOT_FOUND : DWELL_RUN_NOT_STARTED;
  const char *program = run->options.program[0];
  if (run->recordable.kind == RECORDABLE_MISSING)
    return run_fail(status, "%s", run->recordable.message);
  if (status == DWELL_RUN_NOT_FOUND)
    return run_fail(status, "%s: no such program%s", program,
                    strchr(program, '/') ? "" : " in PATH; give its path if it is elsewhere");
  return run_fail(status, "%s: cannot be executed: %s", program, strerror(error));
}

/* Everything up to the program's start. Returns -1 to go on, or an exit status. */
static int run_prepare(struct run *run, int argc, char **argv) {
  char message[512], program[PATH_MAX];
  int status = run_options_parse(&run->options, argc, argv);
  if (status >= 0) return status;
  standard_descriptors_fill();
  if (recorder_library_find(run->library, message) != 0)
    return run_fail(DWELL_RUN_FAILED, "%s", message);
  status = template_choose(run);
  if (status >= 0) return status;
  int error = recordable_find(run->options.program[0], program);
  if (error) return not_executed(run, -error);
  recordable_inspect(program, run->library, &run->recordable);
  if (run->options.force) unlink(run->options.out);
  error = session_begin(&run->session, run->template);
  if (error) return run_fail(DWELL_RUN_FAILED, "%s", strerror(-error));
  return environment_make(run);
}

/* Short runs get some samples too: looks at 0, 5, 10, 20, 50 ms, then every 50. */
static unsigned run_tick(void *context) {
  static const unsigned first_ms[] = {5, 5, 10, 30};
  struct run *run = context;
  session_look(&run->session, &run->launch);
  return run->ticks < sizeof(first_ms) / sizeof(first_ms[0]) ? first_ms[run->ticks++] : 50;
}

static void run_report(struct run *run) {
  if (run->options.quiet) return;
  if (run->session.count == 0)
    run_report_nothing(&run->session, &run->recordable, stderr);
  else if (run->options.no_summary)
    run_report_places(&run->session, stderr);
  else
    run_report_summary(&run->session, stderr);
}

static int run_program(struct run *run) {
  bool evident = recordable_evident(&run->recordable);
  if (evident && !run->options.quiet) fprintf(stderr, "dwell: %s\n", run->recordable.message);
  int error = launch_start(&run->launch, run->options.program, run->variables);
  if (error && run->launch.pid > 0) return not_executed(run, -error);
  if (error)
    return run_fail(DWELL_RUN_FAILED, "%s: cannot be started: %s", run->options.program[0],
                    strerror(-error));
  launch_wait(&run->launch, run_tick, run);
  session_finish(&run->session, &run->launch);
  launch_end(&run->launch);
  run_report(run);
  return launch_exit_status(&run->launch);
}

static void run_end(struct run *run) {
  session_free(&run->session);
  for (size_t i = 0; i < run->variable_count; i++)
    free(run->variables[i]);
  free(run->template);
}

int run_command(int argc, char **argv) {
  struct run run = {0};
  int status = run_prepare(&run, argc, argv);
  if (status < 0) status = run_program(&run);
  run_end(&run);
  return status;
}
