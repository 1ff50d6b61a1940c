/* run_options.c - see run_options.h. Wrong values are refused before anything is started. */
#include "run_options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "trace_template.h"

#define DEPTH_MAX 1024 /* as the recorder takes it */

static const char help[] =
    "usage: dwell run [OPTIONS] [--] PROGRAM [ARGUMENTS]\n\n"
    "Runs PROGRAM with the recorder preloaded, then shows what waits and lives long in it.\n\n"
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

int run_fail(int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("dwell run: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return status;
}

int run_options_parse(struct run_options *options, int argc, char **argv) {
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
        return run_fail(DWELL_RUN_FAILED, "--fold '%s': give %s", optarg, wrong);
      break;
    case SAMPLE:
      recording->sample = optarg;
      if ((wrong = recording_options_sample_wrong(optarg)))
        return run_fail(DWELL_RUN_FAILED, "--sample '%s': give %s", optarg, wrong);
      break;
    case MAX_SIZE:
      recording->max_size = optarg;
      if ((wrong = recording_options_max_size_wrong(optarg)))
        return run_fail(DWELL_RUN_FAILED, "--max-size '%s': give %s", optarg, wrong);
      break;
    case DEPTH:
      options->depth = optarg;
      if (*optarg < '0' || *optarg > '9' || strtoul(optarg, &end, 10) > DEPTH_MAX || *end)
        return run_fail(DWELL_RUN_FAILED,
                        "--depth '%s': give a number of frames from 0 (all) to %d", optarg,
                        DEPTH_MAX);
      break;
    case UNWIND:
      options->unwind = optarg;
      if (strcmp(optarg, "memoised") != 0 && strcmp(optarg, "libgcc") != 0 &&
          strcmp(optarg, "libunwind") != 0)
        return run_fail(DWELL_RUN_FAILED, "--unwind '%s': give memoised, libgcc or libunwind",
                        optarg);
      break;
    case 'h':
      fputs(help, stdout);
      return DWELL_OK;
    case ':':
      return run_fail(DWELL_RUN_FAILED, "%s needs a value; see 'dwell run --help'",
                      argv[optind - 1]);
    default:
      return run_fail(DWELL_RUN_FAILED,
                      "unknown option '%s'; see 'dwell run --help', or put -- before the program",
                      argv[optind - 1]);
    }
  }
  if (optind >= argc)
    return run_fail(DWELL_RUN_FAILED,
                    "no program to run; usage: dwell run [OPTIONS] -- PROGRAM ARGS");
  if (options->out && !*options->out)
    return run_fail(DWELL_RUN_FAILED, "-o '': give the name of a file");
  if (options->force && !options->out)
    return run_fail(DWELL_RUN_FAILED, "--force replaces the file of -o FILE; without it nothing is "
                                      "overwritten, so leave it out");
  if ((wrong = recording_options_conflict(recording)))
    return run_fail(DWELL_RUN_FAILED, "%s", wrong);
  options->program = argv + optind;
  return -1;
}
