/* summary.c - `dwell summary`: options in, a report of one trace out. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "format.h"
#include "options.h"
#include "report_queues.h"

enum { TOP_DEFAULT = 10, DEPTH_DEFAULT = 8 };

static const char help[] =
    "usage: dwell summary [OPTIONS] TRACE\n\n"
    "Says which memory of a recorded run is held in a queue, who fills and drains it, what a\n"
    "bound would do; then shows what lives long: the allocation sites that held most\n"
    "byte-seconds, how long their blocks lived, which threads made and freed them, and where.\n\n"
    "  --sort KEY          held (default), total, at_peak, at_end, lifetime or blocks\n"
    "  --top N             sites to show; 0 or all for all (default 10; with --json all)\n"
    "  --min-lifetime L    only sites whose blocks live L or longer on average: 200ms, or 10%\n"
    "                      of the run (units ns, us, ms, s, min, h)\n"
    "  --thread NAME       only sites with blocks born or freed in threads of this name\n"
    "  --grep REGEX        only sites with a function, file or module in their stack of birth\n"
    "                      that matches the POSIX extended regular expression\n"
    "  --site ID           everything about one site: its figures, a histogram of lifetimes, a\n"
    "                      timeline, all its stacks (the other options for sites don't apply)\n"
    "  --queue N           everything about one queue: its figures, pictures, phases, the\n"
    "                      evidence, who fills and drains it\n"
    "  --depth N           frames of a stack to show; 0 or all for all (default 8 of the\n"
    "                      program's own, or the recording's DWELL_DEPTH; with --site,\n"
    "                      --queue and --json all)\n"
    "  --json              as JSON (docs/summary-json.md)\n"
    "  --debuginfod        fetch missing debug files from the servers of DEBUGINFOD_URLS\n"
    "  --color WHEN        auto (default: on a terminal, unless NO_COLOR is set), always, never\n"
    "  -h, --help          this text\n\n"
    "Exit codes: 0 done; 1 reported, but events are missing from the trace; 2 wrong usage;\n"
    "3 the trace can't be read; 4 no memory, or the report can't be written.\n";

enum { SORT = 256, TOP, MIN_LIFETIME, THREAD, GREP, SITE, QUEUE, DEPTH, JSON, DEBUGINFOD, COLOR };
static const char letters[] = ":h";
static const struct option long_options[] = {
    {"sort", required_argument, NULL, SORT},
    {"top", required_argument, NULL, TOP},
    {"min-lifetime", required_argument, NULL, MIN_LIFETIME},
    {"thread", required_argument, NULL, THREAD},
    {"grep", required_argument, NULL, GREP},
    {"site", required_argument, NULL, SITE},
    {"queue", required_argument, NULL, QUEUE},
    {"depth", required_argument, NULL, DEPTH},
    {"json", no_argument, NULL, JSON},
    {"debuginfod", no_argument, NULL, DEBUGINFOD},
    {"color", required_argument, NULL, COLOR},
    {"colour", required_argument, NULL, COLOR},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct summary_options {
  struct selection_options select;
  bool top_given, depth_given, json, debuginfod, help;
  uint64_t site, queue; /* 0: none */
  uint64_t depth;
  enum colour colour;
  regex_t grep;
  const char *path;
};

/* ---- options ---------------------------------------------------------------------------- */

static int read_grep(struct summary_options *options) {
  if (options->select.grep) /* the second of two: the last one counts */
    regfree(&options->grep);
  options->select.grep = NULL;
  int error = regcomp(&options->grep, optarg, REG_EXTENDED | REG_NOSUB);
  if (!error) {
    options->select.grep = &options->grep;
    return 0;
  }
  char reason[200], expected[300];
  regerror(error, &options->grep, reason, sizeof reason);
  snprintf(expected, sizeof expected, "a POSIX extended regular expression: %s", reason);
  return options_bad_value("summary", "--grep", optarg, expected);
}

static int read_option(struct summary_options *options, int option, char **argv) {
  uint64_t number;
  int key;
  switch (option) {
  case SORT:
    if ((key = select_key_of(optarg)) < 0)
      return options_bad_value(
          "summary", "--sort", optarg,
          "a key to sort by; use held, total, at_peak, at_end, lifetime or blocks");
    options->select.sort = (enum sort_key)key;
    return 0;
  case TOP:
    if (!options_number(optarg, SIZE_MAX, &number))
      return options_bad_value("summary", "--top", optarg, "a number of sites, or 'all'");
    options->select.top = number;
    options->top_given = true;
    return 0;
  case MIN_LIFETIME:
    if (format_parse_lifetime(optarg, &options->select.min_lifetime_share,
                              &options->select.min_lifetime_ns))
      return options_bad_value("summary", "--min-lifetime", optarg,
                               "a lifetime; write 200ms, 1.5s or, of the run, 10%");
    return 0;
  case THREAD:
    options->select.thread = optarg;
    return 0;
  case GREP:
    return read_grep(options);
  case SITE:
    if (!options_number(optarg + (*optarg == '#'), UINT32_MAX, &options->site) || !options->site)
      return options_bad_value("summary", "--site", optarg,
                               "a site's number; the summary shows them as '--site NUMBER'");
    return 0;
  case QUEUE:
    if (!options_number(optarg, UINT32_MAX, &options->queue) || !options->queue)
      return options_bad_value("summary", "--queue", optarg,
                               "a queue's number; the summary shows them as '--queue NUMBER'");
    return 0;
  case DEPTH:
    if (!options_number(optarg, UINT32_MAX, &options->depth))
      return options_bad_value("summary", "--depth", optarg, "a number of frames, or 'all'");
    options->depth_given = true;
    return 0;
  case JSON:
    options->json = true;
    return 0;
  case DEBUGINFOD:
    options->debuginfod = true;
    return 0;
  case COLOR:
    return options_colour("summary", optarg, &options->colour);
  case 'h':
    options->help = true;
    return 0;
  default:
    return options_unknown("summary", argv, letters);
  }
}

static int read_options(struct summary_options *options, int argc, char **argv) {
  *options = (struct summary_options){.select.top = TOP_DEFAULT};
  optind = 0; /* glibc: begin anew, also when another command line was read before */
  int option;
  while ((option = options_next(argc, argv, letters, long_options)) != -1) {
    int error = read_option(options, option, argv);
    if (error || options->help) return error;
  }
  int error = options_trace("summary", argc, argv, &options->path);
  if (error) return error;
  if (options->site && options->queue) {
    fputs("dwell summary: --site and --queue: one of them at a time\n", stderr);
    return DWELL_USAGE;
  }
  if (options->json && !options->top_given) options->select.top = 0;
  return 0;
}

/* ---- the report ------------------------------------------------------------------------- */

static int no_such_site(const struct summary_options *options) {
  fprintf(stderr,
          "dwell summary: --site: %s has no site %u; 'dwell summary --top 0 %s' shows the sites "
          "that there are\n",
          options->path, (unsigned)options->site, options->path);
  return DWELL_USAGE;
}

static int no_such_queue(const struct summary_options *options) {
  fprintf(stderr,
          "dwell summary: --queue: %s has no queue %u; 'dwell summary --json %s' lists the queues "
          "that there are\n",
          options->path, (unsigned)options->queue, options->path);
  return DWELL_USAGE;
}

/* Depth that was asked for; else the recording's; else the default. */
static uint32_t depth_of(const struct summary_options *options, const struct run_info *info,
                         uint32_t otherwise) {
  if (options->depth_given) return (uint32_t)options->depth;
  return info->depth ? info->depth : otherwise;
}

static int print_text(const struct summary_options *options, struct report *report, FILE *out) {
  struct terminal terminal;
  terminal_open(&terminal, out, options->colour);
  struct selection selection;
  if (select_sites(report->file, report->profile, report->symbols, &options->select, &selection))
    return report_no_memory("summary");
  report_title(&terminal, report);
  terminal_end(&terminal);
  report_verdicts(&terminal, report);
  report_head(&terminal, report);
  terminal_end(&terminal);
  report_sites(&terminal, report, &selection, &options->select);
  report_problems(&terminal, report, NULL);
  select_free(&selection);
  return DWELL_OK;
}

static int print_json(const struct summary_options *options, struct report *report, FILE *out) {
  struct selection selection;
  if (select_sites(report->file, report->profile, report->symbols, &options->select, &selection))
    return report_no_memory("summary");
  /* --site with --json: that site alone; --queue: its sites */
  const struct queue *queue = report_find_queue(report, options->queue);
  if (options->site) {
    selection.sites[0] = profile_find_site(report->profile, (uint32_t)options->site);
    selection.count = selection.matched = 1;
  } else if (queue) {
    size_t count = 0;
    for (size_t i = 0; i < queue->site_count; i++) {
      selection.sites[count++] = queue->sites[i].site;
      for (size_t j = 0; j < queue->sites[i].other_count; j++)
        selection.sites[count++] = queue->sites[i].others[j];
    }
    selection.count = selection.matched = count;
  }
  int error = report_json(out, report, &selection, queue);
  select_free(&selection);
  return error ? report_no_memory("summary") : DWELL_OK;
}

static int print_site(const struct summary_options *options, const struct report *report,
                      const struct timeline *timeline, FILE *out) {
  struct terminal terminal;
  terminal_open(&terminal, out, options->colour);
  size_t index = profile_find_site(report->profile, (uint32_t)options->site);
  report_site(&terminal, report, &report->profile->sites[index], timeline);
  report_problems(&terminal, report, NULL);
  return DWELL_OK;
}

static int print_queue(const struct summary_options *options, const struct report *report,
                       FILE *out) {
  struct terminal terminal;
  terminal_open(&terminal, out, options->colour);
  report_queue(&terminal, report, report_find_queue(report, options->queue));
  report_problems(&terminal, report, NULL);
  return DWELL_OK;
}

static int print_report(const struct summary_options *options, struct report *report,
                        const struct timeline *timeline, FILE *out) {
  if (options->debuginfod) symbols_allow_debuginfod(report->symbols);
  bool all_frames = options->json || options->site || options->queue;
  report->depth = depth_of(options, report->info, all_frames ? 0 : DEPTH_DEFAULT);
  int result;
  if (options->site && profile_find_site(report->profile, (uint32_t)options->site) == SIZE_MAX)
    result = no_such_site(options);
  else if (options->queue && !report_find_queue(report, options->queue))
    result = no_such_queue(options);
  else if (options->json)
    result = print_json(options, report, out);
  else if (options->site)
    result = print_site(options, report, timeline, out);
  else if (options->queue)
    result = print_queue(options, report, out);
  else
    result = print_text(options, report, out);
  if (result == DWELL_OK && report_is_partial(report)) result = DWELL_PARTIAL;
  return report_finish("summary", out, result);
}

int summary_print(struct trace_file *file, const struct profile *profile, FILE *out) {
  struct summary_options options = {.select.top = TOP_DEFAULT};
  struct report report = {.file = file,
                          .info = trace_file_info(file),
                          .profile = profile,
                          .symbols = symbols_open(file)};
  if (!report.symbols) return report_no_memory("summary");
  int error = report_diagnose(&report), result = DWELL_FAILED;
  if (error)
    fprintf(stderr, "dwell run: %s: %s\n", report.info->path, strerror(-error));
  else
    result = print_report(&options, &report, NULL, out);
  report_forget_diagnosis(&report);
  symbols_close(report.symbols);
  return result;
}

static int summarise(const struct summary_options *options) {
  struct report report;
  struct timeline timeline = {.stack = (uint32_t)options->site};
  int result = report_open(&report, "summary", options->path, options->site ? &timeline : NULL);
  if (result) return result;
  result = print_report(options, &report, &timeline, stdout);
  report_close(&report);
  return result;
}

int summary_command(int argc, char **argv) {
  struct summary_options options;
  int result = read_options(&options, argc, argv);
  if (result == 0 && options.help) {
    fputs(help, stdout);
    result = report_finish("summary", stdout, DWELL_OK);
  } else if (result == 0) {
    result = summarise(&options);
  }
  if (options.select.grep) regfree(&options.grep);
  return result;
}
