/* diff.c - `dwell diff`: options in, two runs side by side out. */
#include <string.h>

#include "commands.h"
#include "comparison.h"
#include "options.h"
#include "report_diff.h"

enum { TOP_DEFAULT = 10 };

static const char help[] =
    "usage: dwell diff [OPTIONS] A B\n\n"
    "Compares two recorded runs site by site: held byte-seconds, bytes at the peak, bytes in all,\n"
    "mean lifetime, each of A and of B, and B over A. Sites match by the functions and files of\n"
    "their stacks, so that a rebuilt program still matches. The most changed come first.\n\n"
    "  --sort KEY      by the change of: held (default), peak, total or lifetime\n"
    "  --top N         sites to show; 0 or all for all (default 10; with --json all)\n"
    "  --json          as JSON (docs/summary-json.md)\n"
    "  --debuginfod    fetch missing debug files from the servers of DEBUGINFOD_URLS\n"
    "  --color WHEN    auto (default: on a terminal, unless NO_COLOR is set), always, never\n"
    "  -h, --help      this text\n\n"
    "Exit codes: 0 done; 1 reported, but events are missing from a trace; 2 wrong usage;\n"
    "3 a trace can't be read; 4 no memory, or the report can't be written.\n";

enum { SORT = 256, TOP, JSON, DEBUGINFOD, COLOR };
static const char letters[] = ":h";
static const struct option long_options[] = {
    {"sort", required_argument, NULL, SORT},   {"top", required_argument, NULL, TOP},
    {"json", no_argument, NULL, JSON},         {"debuginfod", no_argument, NULL, DEBUGINFOD},
    {"color", required_argument, NULL, COLOR}, {"colour", required_argument, NULL, COLOR},
    {"help", no_argument, NULL, 'h'},          {0},
};

struct diff_options {
  enum comparison_key key;
  uint64_t top;
  bool top_given, json, debuginfod, help;
  enum colour colour;
  char **paths;
};

static int read_key(struct diff_options *options) {
  static const char *const names[] = {"held", "peak", "total", "lifetime"};
  for (int i = 0; i < 4; i++)
    if (strcmp(names[i], optarg) == 0) {
      options->key = (enum comparison_key)i;
      return 0;
    }
  return options_bad_value("diff", "--sort", optarg,
                           "a key to sort by; use held, peak, total or lifetime");
}

static int read_option(struct diff_options *options, int option, char **argv) {
  switch (option) {
  case SORT:
    return read_key(options);
  case TOP:
    options->top_given = true;
    return options_number(optarg, SIZE_MAX, &options->top)
               ? 0
               : options_bad_value("diff", "--top", optarg, "a number of sites, or 'all'");
  case JSON:
    options->json = true;
    return 0;
  case DEBUGINFOD:
    options->debuginfod = true;
    return 0;
  case COLOR:
    return options_colour("diff", optarg, &options->colour);
  case 'h':
    options->help = true;
    return 0;
  default:
    return options_unknown("diff", argv, letters);
  }
}

static int read_options(struct diff_options *options, int argc, char **argv) {
  *options = (struct diff_options){.top = TOP_DEFAULT};
  optind = 0; /* glibc: begin anew, also when another command line was read before */
  int option;
  while ((option = options_next(argc, argv, letters, long_options)) != -1) {
    int error = read_option(options, option, argv);
    if (error || options->help) return error;
  }
  if (optind + 2 != argc) {
    fputs("dwell diff: name two traces, A and B; 'dwell diff --help' shows how\n", stderr);
    return DWELL_USAGE;
  }
  options->paths = argv + optind;
  if (options->json && !options->top_given) options->top = 0;
  return 0;
}

static int print_diff(const struct diff_options *options, struct report runs[2]) {
  struct comparison comparison;
  if (options->debuginfod)
    for (int run = 0; run < 2; run++)
      symbols_allow_debuginfod(runs[run].symbols);
  if (comparison_make(runs, options->key, &comparison)) return report_no_memory("diff");
  int error = 0;
  if (options->json) {
    error = report_diff_json(stdout, runs, &comparison, options->top);
  } else {
    struct terminal terminal;
    terminal_open(&terminal, stdout, options->colour);
    report_diff_text(&terminal, runs, &comparison, options->key, options->top);
  }
  comparison_free(&comparison);
  if (error) return report_no_memory("diff");
  bool partial = report_is_partial(&runs[0]) || report_is_partial(&runs[1]);
  return report_finish("diff", stdout, partial ? DWELL_PARTIAL : DWELL_OK);
}

int diff_command(int argc, char **argv) {
  struct diff_options options;
  int result = read_options(&options, argc, argv);
  if (result) return result;
  if (options.help) {
    fputs(help, stdout);
    return report_finish("diff", stdout, DWELL_OK);
  }
  struct report runs[2];
  if ((result = report_open_figures(&runs[0], "diff", options.paths[0], NULL))) return result;
  if (!(result = report_open_figures(&runs[1], "diff", options.paths[1], NULL))) {
    result = print_diff(&options, runs);
    report_close(&runs[1]);
  }
  report_close(&runs[0]);
  return result;
}
