/* whatif.c - `dwell whatif`: options in, what a bound would do to the queues of a trace out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "options.h"
#include "report_whatif.h"

enum { BOUNDS = 64, RECEIVE_DEFAULT = 256 };

static const char help[] =
    "usage: dwell whatif [OPTIONS] TRACE\n\n"
    "Replays the unbounded queues of a recorded run with bounds: how much memory each would take,\n"
    "how long messages would stay, how long senders would wait, when the run would end; and the\n"
    "smallest bound that makes it less than 1% longer.\n\n"
    "  --queue ID           this queue, whatever its kind ('dwell summary' shows the ids)\n"
    "  --bound N,N,...      these bounds, in messages (default 8,64,512,4096 as far as they are\n"
    "                       below the peak, and the smallest that costs next to nothing)\n"
    "  --receive many[:N]   also: what taking many at once (up to N, default 256) would bring\n"
    "  --json               as JSON (docs/summary-json.md)\n"
    "  --color WHEN         auto (default: on a terminal, unless NO_COLOR is set), always, never\n"
    "  -h, --help           this text\n\n"
    "Exit codes: 0 done; 1 reported, but events are missing from the trace; 2 wrong usage;\n"
    "3 the trace can't be read; 4 no memory, or the report can't be written.\n";

enum { QUEUE = 256, BOUND, RECEIVE, JSON, COLOR };
static const char letters[] = ":h";
static const struct option long_options[] = {
    {"queue", required_argument, NULL, QUEUE},
    {"bound", required_argument, NULL, BOUND},
    {"receive", required_argument, NULL, RECEIVE},
    {"json", no_argument, NULL, JSON},
    {"color", required_argument, NULL, COLOR},
    {"colour", required_argument, NULL, COLOR},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct whatif_options {
  struct outlook_options outlook;
  uint64_t bounds[BOUNDS];
  uint64_t queue; /* 0: all unbounded ones */
  bool json, help;
  enum colour colour;
  const char *path;
};

/* ---- options ---------------------------------------------------------------------------- */

static bool read_count(const char *text, uint64_t *count) {
  return options_number(text, UINT32_MAX, count) && *count > 0;
}

static int read_bounds(struct whatif_options *options) {
  char *list = strdup(optarg), *rest = list, *one;
  size_t count = 0;
  bool good = list && *optarg;
  while (good && (one = strsep(&rest, ",")))
    good = count < BOUNDS && read_count(one, &options->bounds[count++]);
  free(list);
  if (!good)
    return options_bad_value("whatif", "--bound", optarg,
                             "a list of at most 64 bounds, in messages; write 8,64,512");
  options->outlook.bounds = options->bounds;
  options->outlook.bound_count = count;
  return 0;
}

static int read_receive(struct whatif_options *options) {
  options->outlook.receive = RECEIVE_DEFAULT;
  if (strcmp(optarg, "many") == 0) return 0;
  if (strncmp(optarg, "many:", 5) == 0 && read_count(optarg + 5, &options->outlook.receive))
    return 0;
  return options_bad_value("whatif", "--receive", optarg, "'many', or 'many:N'");
}

static int read_option(struct whatif_options *options, int option, char **argv) {
  switch (option) {
  case QUEUE:
    if (!read_count(optarg, &options->queue))
      return options_bad_value("whatif", "--queue", optarg,
                               "a queue's number; 'dwell summary' shows them");
    return 0;
  case BOUND:
    return read_bounds(options);
  case RECEIVE:
    return read_receive(options);
  case JSON:
    options->json = true;
    return 0;
  case COLOR:
    return options_colour("whatif", optarg, &options->colour);
  case 'h':
    options->help = true;
    return 0;
  default:
    return options_unknown("whatif", argv, letters);
  }
}

static int read_options(struct whatif_options *options, int argc, char **argv) {
  *options = (struct whatif_options){0};
  optind = 0; /* glibc: begin anew, also when another command line was read before */
  int option;
  while ((option = options_next(argc, argv, letters, long_options)) != -1) {
    int error = read_option(options, option, argv);
    if (error || options->help) return error;
  }
  return options_trace("whatif", argc, argv, &options->path);
}

/* ---- the report ------------------------------------------------------------------------- */

static bool is_wanted(const struct whatif_options *options, const struct queue *queue) {
  return options->queue ? queue->id == options->queue : queue->kind == QUEUE_UNBOUNDED;
}

static int no_such_queue(const struct whatif_options *options, const struct report *report) {
  if (report->diagnosis->count == 0)
    fprintf(stderr, "dwell whatif: --queue: no queue was found in %s\n", options->path);
  else
    fprintf(stderr,
            "dwell whatif: --queue: %s has no queue %u; there are 1 to %zu, 'dwell summary %s' "
            "shows them\n",
            options->path, (unsigned)options->queue, report->diagnosis->count, options->path);
  return DWELL_USAGE;
}

/* Each wanted queue's outlook is made, shown, and let go. */
static int print_each(const struct whatif_options *options, const struct report *report,
                      struct terminal *terminal, json_t *queues) {
  size_t shown = 0;
  for (size_t i = 0; i < report->diagnosis->count; i++) {
    const struct queue *queue = &report->diagnosis->queues[i];
    struct outlook outlook;
    if (!is_wanted(options, queue)) continue;
    int error = outlook_make(report->diagnosis, queue, &options->outlook, &outlook);
    if (!error && terminal) report_whatif(terminal, report, &outlook);
    if (!error && queues) json_array_append_new(queues, report_whatif_json(&outlook));
    outlook_free(&outlook);
    if (error) return error;
    shown++;
  }
  if (shown == 0 && terminal) report_whatif_none(terminal, report);
  return 0;
}

static int print_text(const struct whatif_options *options, const struct report *report) {
  struct terminal terminal;
  terminal_open(&terminal, stdout, options->colour);
  report_whatif_head(&terminal, report);
  return print_each(options, report, &terminal, NULL);
}

static int print_json(const struct whatif_options *options, const struct report *report) {
  json_t *json = json_object(), *queues = json_array();
  int error = json && queues ? print_each(options, report, NULL, queues) : -ENOMEM;
  json_object_set_new(json, "dwell_whatif_version", json_integer(1));
  json_object_set_new(json, "duration_ns", json_integer((json_int_t)report->profile->duration_ns));
  json_object_set_new(json, "queues", queues);
  if (!error && json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(15))) error = -ENOMEM;
  json_decref(json);
  fputc('\n', stdout);
  return error;
}

static int print_report(const struct whatif_options *options, const struct report *report) {
  if (options->queue && !report_find_queue(report, options->queue))
    return no_such_queue(options, report);
  int error = options->json ? print_json(options, report) : print_text(options, report);
  if (error) return report_no_memory("whatif");
  return report_finish("whatif", stdout, report_is_partial(report) ? DWELL_PARTIAL : DWELL_OK);
}

int whatif_command(int argc, char **argv) {
  struct whatif_options options;
  int result = read_options(&options, argc, argv);
  if (result) return result;
  if (options.help) {
    fputs(help, stdout);
    return report_finish("whatif", stdout, DWELL_OK);
  }
  struct report report;
  if ((result = report_open(&report, "whatif", options.path, NULL))) return result;
  result = print_report(&options, &report);
  report_close(&report);
  return result;
}
