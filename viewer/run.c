/* run.c - `dwell run`: starts a program with the recorder preloaded, watches it, reports.
 *
 * The program's standard streams are its own: all that dwell says goes to stderr, before the
 * program starts or after it has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "launch.h"
#include "recordable.h"
#include "recorder_library.h"
#include "recording_options.h"
#include "run_report.h"
#include "session.h"
#include "trace_template.h"

#define DEPTH_MAX 1024 /* as the recorder takes it */

struct options {
  const char *out; /* NULL: by DWELL_OUT or the default */
  bool force, quiet, no_children, no_summary;
  const char *depth, *unwind; /* NULL: as the environment has it */
  struct recording_options recording;
  char **program; /* argv of it */
};

/* What run has in hand; freed by run_end(). */
struct run {
  struct options options;
  char library[PATH_MAX];
  char *template; /* absolute */
  char *variables[8 + RECORDING_VARIABLES_MAX];
  size_t variable_count;
  struct recordable recordable;
  struct session session;
  struct launch launch;
  unsigned ticks;
};

static const char help[] =
    "usage: dwell run [OPTIONS] [--] PROGRAM [ARGUMENTS]\n\n"
    "Runs PROGRAM with the recorder preloaded, then shows what lived long in it.\n\n"
    "  -o, --output FILE   name of the first process's trace; its children's get .PID added\n"
    "      --force         replace FILE if it is there\n"
    "      --no-children   record only the first process\n"
    "      --no-summary    only say where the traces are\n"
    "      --exact         write every allocation and free, fold nothing\n"
    "      --fold AGE[,SIZE] blocks that their own thread frees younger than AGE, and not bigger\n"
    "                      than SIZE, are only counted (default 1ms,32KiB)\n"
    "      --sample SIZE   record a sample, on average one byte in SIZE, like 512KiB\n"
    "      --max-size SIZE no trace gets bigger; near it blocks are folded that are older\n"
    "      --depth N       frames of a stack that reports show, 0 (all) to 1024\n"
    "      --unwind NAME   memoised (default), libgcc or libunwind\n"
    "  -q, --quiet         say nothing\n"
    "  -h, --help          this text\n\n"
    "Without -o the trace's name comes from DWELL_OUT, or is " TRACE_TEMPLATE_DEFAULT " (program,\n"
    "pid) in the working directory. DWELL_LIBRARY names another libdwell.so.\n\n"
    "PROGRAM keeps its standard streams; what dwell says goes to stderr. Ctrl-C and Ctrl-\\ are\n"
    "PROGRAM's; other signals to dwell are passed on. The exit status is PROGRAM's, 128+N if\n"
    "signal N ended it, 125 if dwell fails, 126 if PROGRAM can't be executed, 127 if there is no\n"
    "such program.\n";

static int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("dwell run: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return status;
}

/* Returns -1 to go on, or an exit status. */
static int options_parse(struct options *options, int argc, char **argv) {
  enum { FORCE = 256, NO_CHILDREN, NO_SUMMARY, EXACT, FOLD, SAMPLE, MAX_SIZE, DEPTH, UNWIND };
  static const struct option long_options[] = {
      {"output", required_argument, NULL, 'o'},
      {"force", no_argument, NULL, FORCE},
      {"no-children", no_argument, NULL, NO_CHILDREN},
      {"no-summary", no_argument, NULL, NO_SUMMARY},
      {"exact", no_argument, NULL, EXACT},
      {"fold", required_argument, NULL, FOLD},
      {"sample", required_argument, NULL, SAMPLE},
      {"max-size", required_argument, NULL, MAX_SIZE},
      {"depth", required_argument, NULL, DEPTH},
      {"unwind", required_argument, NULL, UNWIND},
      {"quiet", no_argument, NULL, 'q'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0},
  };
  struct recording_options *recording = &options->recording;
  const char *wrong;
  char *end;
  opterr = 0;
  optind = 0; /* begins anew, whoever has parsed before */
  for (int option; (option = getopt_long(argc, argv, "+:o:qh", long_options, NULL)) != -1;) {
    switch (option) {
    case 'o':
      options->out = optarg;
      break;
    case FORCE:
      options->force = true;
      break;
    case NO_CHILDREN:
      options->no_children = true;
      break;
    case NO_SUMMARY:
      options->no_summary = true;
      break;
    case 'q':
      options->quiet = true;
      break;
    case EXACT:
      recording->exact = true;
      break;
    case FOLD:
      recording->fold = optarg;
      if ((wrong = recording_options_fold_wrong(optarg)))
        return fail(DWELL_RUN_FAILED, "--fold '%s': give %s", optarg, wrong);
      break;
    case SAMPLE:
      recording->sample = optarg;
      if ((wrong = recording_options_sample_wrong(optarg)))
        return fail(DWELL_RUN_FAILED, "--sample '%s': give %s", optarg, wrong);
      break;
    case MAX_SIZE:
      recording->max_size = optarg;
      if ((wrong = recording_options_max_size_wrong(optarg)))
        return fail(DWELL_RUN_FAILED, "--max-size '%s': give %s", optarg, wrong);
      break;
    case DEPTH:
      options->depth = optarg;
      if (*optarg < '0' || *optarg > '9' || strtoul(optarg, &end, 10) > DEPTH_MAX || *end)
        return fail(DWELL_RUN_FAILED, "--depth '%s': give a number of frames from 0 (all) to %d",
                    optarg, DEPTH_MAX);
      break;
    case UNWIND:
      options->unwind = optarg;
      if (strcmp(optarg, "memoised") != 0 && strcmp(optarg, "libgcc") != 0 &&
          strcmp(optarg, "libunwind") != 0)
        return fail(DWELL_RUN_FAILED, "--unwind '%s': give memoised, libgcc or libunwind", optarg);
      break;
    case 'h':
      fputs(help, stdout);
      return DWELL_OK;
    case ':':
      return fail(DWELL_RUN_FAILED, "%s needs a value; see 'dwell run --help'", argv[optind - 1]);
    default:
      return fail(DWELL_RUN_FAILED,
                  "unknown option '%s'; see 'dwell run --help', or put -- before the program",
                  argv[optind - 1]);
    }
  }
  if (optind >= argc)
    return fail(DWELL_RUN_FAILED, "no program to run; usage: dwell run [OPTIONS] -- PROGRAM ARGS");
  if (options->out && !*options->out)
    return fail(DWELL_RUN_FAILED, "-o '': give the name of a file");
  if (options->force && !options->out)
    return fail(DWELL_RUN_FAILED, "--force replaces the file of -o FILE; without it nothing is "
                                  "overwritten, so leave it out");
  if ((wrong = recording_options_conflict(recording))) return fail(DWELL_RUN_FAILED, "%s", wrong);
  options->program = argv + optind;
  return -1;
}

/* A file that dwell opens must not become its stdin, stdout or stderr where it was started without;
 * the program is started without, too. */
static void standard_descriptors_fill(void) {
  for (int fd = 0; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
      int opened = open("/dev/null", O_RDWR | O_CLOEXEC);
      if (opened >= 0 && opened != fd) close(opened);
    }
}

static int output_check(const struct options *options) {
  struct stat status;
  if (!options->out || lstat(options->out, &status) != 0) return -1;
  if (!S_ISREG(status.st_mode))
    return fail(DWELL_RUN_FAILED, "-o %s: it is there and no regular file; give another name",
                options->out);
  if (!options->force)
    return fail(DWELL_RUN_FAILED,
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
      return fail(DWELL_RUN_FAILED,
                  "DWELL_OUT=%s: after %% only p (pid), c (program), h (host) and %% are known",
                  from);
    run->template = trace_template_absolute(from);
  }
  if (!run->template) return fail(DWELL_RUN_FAILED, "%s: %s", from, strerror(errno));
  char *directory = trace_template_directory(run->template);
  if (directory && access(directory, W_OK | X_OK) != 0)
    status = fail(DWELL_RUN_FAILED,
                  "traces cannot be written in %s: %s; name another place with "
                  "-o FILE or DWELL_OUT",
                  directory, strerror(errno));
  free(directory);
  return status;
}

static int variable_add(struct run *run, char *variable) {
  if (!variable) return fail(DWELL_RUN_FAILED, "%s", strerror(ENOMEM));
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
    return fail(status, "%s", run->recordable.message);
  if (status == DWELL_RUN_NOT_FOUND)
    return fail(status, "%s: no such program%s", program,
                strchr(program, '/') ? "" : " in PATH; give its path if it is elsewhere");
  return fail(status, "%s: cannot be executed: %s", program, strerror(error));
}

/* Everything up to the program's start. Returns -1 to go on, or an exit status. */
static int run_prepare(struct run *run, int argc, char **argv) {
  char message[512], program[PATH_MAX];
  int status = options_parse(&run->options, argc, argv);
  if (status >= 0) return status;
  standard_descriptors_fill();
  if (recorder_library_find(run->library, message) != 0)
    return fail(DWELL_RUN_FAILED, "%s", message);
  status = template_choose(run);
  if (status >= 0) return status;
  int error = recordable_find(run->options.program[0], program);
  if (error) return not_executed(run, -error);
  recordable_inspect(program, run->library, &run->recordable);
  if (run->options.force) unlink(run->options.out);
  error = session_begin(&run->session, run->template);
  if (error) return fail(DWELL_RUN_FAILED, "%s", strerror(-error));
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
    return fail(DWELL_RUN_FAILED, "%s: cannot be started: %s", run->options.program[0],
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
