/* check.c - `dwell check`: rules in, an exit code out; for tests that run by themselves. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check_rules.h"
#include "commands.h"
#include "options.h"
#include "recording_options.h"

static const char help[] =
    "usage: dwell check [RULES] TRACE\n\n"
    "Holds a recorded run against rules, for continuous integration. Writes one line for each "
    "rule\n"
    "that is broken, saying where, and nothing when all hold.\n\n"
    "  --no-unbounded-queue     no queue may grow without a bound\n"
    "  --max-peak SIZE          no more bytes than this may be live at once\n"
    "  --max-end SIZE           no more bytes than this may never be freed\n"
    "  --max-lifetime-growth X  in no queue may messages stay more than X seconds longer for each\n"
    "                           second of running\n"
    "  --debuginfod             fetch missing debug files from the servers of DEBUGINFOD_URLS\n"
    "  -h, --help               this text\n\n"
    "Sizes are whole numbers with B (or nothing), K or KiB, M or MiB, G or GiB. At least one rule\n"
    "must be given.\n\n"
    "Exit codes: 0 all rules hold; 5 a rule is broken; 1 none is, but events are missing from the\n"
    "trace; 2 wrong usage; 3 the trace can't be read; 4 no memory, or the lines can't be "
    "written.\n";

enum { NO_UNBOUNDED_QUEUE = 256, MAX_PEAK, MAX_END, MAX_LIFETIME_GROWTH, DEBUGINFOD };
static const char letters[] = ":h";
static const struct option long_options[] = {
    {"no-unbounded-queue", no_argument, NULL, NO_UNBOUNDED_QUEUE},
    {"max-peak", required_argument, NULL, MAX_PEAK},
    {"max-end", required_argument, NULL, MAX_END},
    {"max-lifetime-growth", required_argument, NULL, MAX_LIFETIME_GROWTH},
    {"debuginfod", no_argument, NULL, DEBUGINFOD},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct check_options {
  struct check_rules rules;
  bool debuginfod, help;
  const char *path;
};

static int read_size(const char *flag, uint64_t *size) {
  if (recording_options_size(optarg, size)) return 0;
  return options_bad_value("check", flag, optarg, "a size; write 64MiB, 512KiB or 1000");
}

static int read_growth(double *growth) {
  char *end;
  *growth = strtod(optarg, &end);
  bool number = strchr("0123456789.", *optarg) && *optarg; /* strtod would take signs and "nan" */
  if (number && end != optarg && !*end && isfinite(*growth)) return 0;
  return options_bad_value("check", "--max-lifetime-growth", optarg,
                           "a number of seconds for each second of running; write 0.1");
}

static int read_option(struct check_options *options, int option, char **argv) {
  switch (option) {
  case NO_UNBOUNDED_QUEUE:
    options->rules.no_unbounded_queue = true;
    return 0;
  case MAX_PEAK:
    options->rules.limit_peak = true;
    return read_size("--max-peak", &options->rules.peak_bytes);
  case MAX_END:
    options->rules.limit_end = true;
    return read_size("--max-end", &options->rules.end_bytes);
  case MAX_LIFETIME_GROWTH:
    options->rules.limit_growth = true;
    return read_growth(&options->rules.growth);
  case DEBUGINFOD:
    options->debuginfod = true;
    return 0;
  case 'h':
    options->help = true;
    return 0;
  default:
    return options_unknown("check", argv, letters);
  }
}

static int read_options(struct check_options *options, int argc, char **argv) {
  *options = (struct check_options){0};
  optind = 0; /* glibc: begin anew, also when another command line was read before */
  int option;
  while ((option = options_next(argc, argv, letters, long_options)) != -1) {
    int error = read_option(options, option, argv);
    if (error || options->help) return error;
  }
  if (!check_rules_any(&options->rules)) {
    fputs("dwell check: give a rule: --no-unbounded-queue, --max-peak SIZE, --max-end SIZE or "
          "--max-lifetime-growth X\n",
          stderr);
    return DWELL_USAGE;
  }
  return options_trace("check", argc, argv, &options->path);
}

static int check(const struct check_options *options, struct report *report) {
  struct terminal terminal;
  terminal_open(&terminal, stdout, COLOUR_NEVER);
  terminal.width = INT_MAX; /* a line is a line */
  size_t broken;
  if (options->debuginfod) symbols_allow_debuginfod(report->symbols);
  if (check_rules_hold_against(&options->rules, report, &terminal, &broken))
    return report_no_memory("check");
  if (broken) return DWELL_BROKEN;
  if (!report_is_partial(report)) return DWELL_OK;
  /* a run must not pass in silence when it can't be trusted */
  fprintf(stderr, "dwell check: %s: no rule is broken, but events are missing from the trace\n",
          options->path);
  return DWELL_PARTIAL;
}

int check_command(int argc, char **argv) {
  struct check_options options;
  struct report report;
  int result = read_options(&options, argc, argv);
  if (result) return result;
  if (options.help) {
    fputs(help, stdout);
    return report_finish("check", stdout, DWELL_OK);
  }
  if ((result = report_open(&report, "check", options.path, NULL))) return result;
  result = check(&options, &report);
  report_close(&report);
  return report_finish("check", stdout, result);
}
