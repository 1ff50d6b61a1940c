/* report_text.c - the sites of a run as text: what lives long, who made it, who frees it. */
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "report.h"

enum { MARGIN = 17, BAR = 20, THREADS = 3, NAME_SIZE = 512, TITLE_MAX = 110 };

/* ---- one site --------------------------------------------------------------------------- */

static void put_title(struct terminal *terminal, const struct report *report,
                      const struct site *site, size_t rank, enum sort_key key) {
  const struct frame *frames;
  size_t count = symbols_stack(report->symbols, site->stack, 0, &frames);
  const struct frame *lead = report_lead(frames, count);
  char name[NAME_SIZE] = "no stack", place[NAME_SIZE] = "";
  if (lead) {
    report_frame_name(lead, name, sizeof name);
    report_frame_place(lead, place, sizeof place);
  }
  /* lifetimes don't add up to a whole: the share is that of the run */
  double whole = key == SORT_LIFETIME ? (double)report->profile->duration_ns
                                      : select_whole(report->profile, key);
  double share = whole > 0 ? select_figure(site, key) / whole : 0;
  /* what it called to allocate tells apart sites of one line; malloc itself tells nothing */
  char via[NAME_SIZE] = "";
  if (lead && lead - frames > 1) report_frame_name(lead - 1, via, sizeof via);
  char label[64];
  snprintf(label, sizeof label, " %6s of %s", format_share(select_figure(site, key), whole).text,
           key == SORT_LIFETIME ? "the run" : select_key_name(key));
  int bar = terminal->width >= 80 ? BAR : terminal->width >= 60 ? BAR / 2 : 0;
  int width = terminal->width;
  int right = (width < TITLE_MAX ? width : TITLE_MAX) - bar - terminal_columns(label);

  terminal->width = right - 1; /* the name is cut before the bar */
  terminal_put(terminal, STRONG, "%2zu  %s", rank, name);
  terminal_put(terminal, DIM, "  %s", place);
  if (*via) terminal_put(terminal, DIM, "  via %s", via);
  terminal->width = width;
  terminal_to(terminal, right);
  terminal_bar(terminal, share > 1 ? 1 : share, bar);
  terminal_put(terminal, PLAIN, "%s", label);
  terminal_end(terminal);
}

static void put_figure(struct terminal *terminal, const char *when, struct figure figure) {
  if (figure.blocks)
    terminal_field(terminal, PLAIN, "%s%s in %s", when, format_bytes(figure.bytes).text,
                   format_count(figure.blocks).text);
  else
    terminal_field(terminal, PLAIN, "%snone", when);
}

static void put_lifetime(struct terminal *terminal, const struct report *report,
                         const struct site *site) {
  double mean = select_mean_lifetime_ns(site);
  report_label(terminal, MARGIN, "lifetime");
  terminal_field(terminal, STRONG, "mean %s", format_duration(mean).text);
  terminal_field(terminal, PLAIN, "%s of the run",
                 format_share(mean, (double)report->profile->duration_ns).text);
  static const struct {
    const char *name;
    double p;
  } percentiles[] = {{"p50", 0.5}, {"p99", 0.99}};
  for (size_t i = 0; i < 2; i++)
    terminal_field(terminal, PLAIN, "%s %s", percentiles[i].name,
                   format_duration((double)report_percentile_ns(site, percentiles[i].p)).text);
  terminal_field(terminal, PLAIN, "max %s", format_duration((double)site->lifetime_max_ns).text);
  terminal_end(terminal);
  if (!site->at_end.blocks) return;
  report_label(terminal, MARGIN, "never freed");
  terminal_field(terminal, PLAIN, "%s, %s of them; they count to the end of the run",
                 format_blocks(site->at_end.blocks).text,
                 format_share((double)site->at_end.blocks, (double)site->births).text);
  terminal_end(terminal);
}

static void put_threads(struct terminal *terminal, const struct report *report,
                        const struct site *site) {
  char *births = report_threads(report, &site->birth_threads, THREADS);
  char *deaths = report_threads(report, &site->death_threads, THREADS);
  report_label(terminal, MARGIN, "threads");
  terminal_field(terminal, PLAIN, "born in %s", births ? births : "?");
  if (site->deaths) {
    terminal_field(terminal, PLAIN, "freed in %s", deaths ? deaths : "?");
    if (site->handoffs)
      terminal_field(terminal, ACCENT, "%s handed off",
                     format_share((double)site->handoffs, (double)site->deaths).text);
    else
      terminal_field(terminal, DIM, "none handed off");
  }
  terminal_end(terminal);
  free(births);
  free(deaths);
}

static void put_site(struct terminal *terminal, const struct report *report,
                     const struct site *site, size_t rank, enum sort_key key) {
  const struct intervals *intervals = report_intervals(report, site);
  put_title(terminal, report, site, rank, key);
  report_label(terminal, MARGIN, "held");
  terminal_field(terminal, PLAIN, "%s", format_byte_seconds(site->held_byte_seconds).text);
  if (intervals) report_held_range(terminal, intervals->held_byte_seconds);
  if (key != SORT_HELD)
    terminal_field(terminal, PLAIN, "%s of all held",
                   format_share(site->held_byte_seconds, report->profile->held_byte_seconds).text);
  terminal_field(terminal, DIM, "--site %u", site->stack);
  terminal_end(terminal);
  report_label(terminal, MARGIN, "total");
  terminal_field(terminal, PLAIN, "%s", format_bytes(site->total.bytes).text);
  if (intervals) report_bytes_range(terminal, intervals->total_bytes);
  terminal_put(terminal, PLAIN, " in %s", format_blocks(site->total.blocks).text);
  put_figure(terminal, "at peak ", site->at_peak);
  put_figure(terminal, "at end ", site->at_end);
  terminal_end(terminal);
  put_lifetime(terminal, report, site);
  put_threads(terminal, report, site);
  report_stack(terminal, report, MARGIN, "born", site->stack);
  if (site->death_stacks.count) {
    const struct share *main_stack = &site->death_stacks.of[0];
    report_stack(terminal, report, MARGIN, "freed", main_stack->id);
    if (site->death_stacks.count > 1) {
      terminal_to(terminal, MARGIN);
      terminal_put(
          terminal, DIM, "frees %s of them; the rest die in %zu other %s",
          format_share((double)main_stack->blocks, (double)(site->deaths - site->folded.blocks))
              .text,
          site->death_stacks.count - 1, site->death_stacks.count == 2 ? "stack" : "stacks");
      terminal_end(terminal);
    }
  }
  report_folded(terminal, MARGIN, site->death_stacks.count ? "" : "freed", site);
}

/* ---- all of them ------------------------------------------------------------------------ */

static void add_names(const struct report *report, const struct shares *threads, char *names,
                      size_t size) {
  for (size_t i = 0; i < threads->count; i++) {
    char quoted[80];
    snprintf(quoted, sizeof quoted, " '%.64s'",
             trace_file_thread_name(report->file, threads->of[i].id));
    if (!strstr(names, quoted) && strlen(names) + strlen(quoted) < size) strcat(names, quoted);
  }
}

static void put_threads_there_are(struct terminal *terminal, const struct report *report) {
  char text[1024] = "threads of this run:";
  for (size_t i = 0; i < report->profile->site_count; i++) {
    add_names(report, &report->profile->sites[i].birth_threads, text, sizeof text);
    add_names(report, &report->profile->sites[i].death_threads, text, sizeof text);
  }
  terminal->indent = 4;
  terminal_wrap(terminal, DIM, text);
}

static void put_summary(struct terminal *terminal, const struct report *report,
                        const struct selection *selection, enum sort_key key) {
  double shown = 0, whole = select_whole(report->profile, key);
  for (size_t i = 0; i < selection->count; i++)
    shown += select_figure(&report->profile->sites[selection->sites[i]], key);
  terminal_put(terminal, DIM, "%s of %s sites shown", format_count(selection->count).text,
               format_count(selection->matched).text);
  if (selection->matched < report->profile->site_count)
    terminal_put(terminal, DIM, " that match (%s in all)",
                 format_count(report->profile->site_count).text);
  if (whole > 0)
    terminal_put(terminal, DIM, ": %s of %s",
                 format_share(shown > whole ? whole : shown, whole).text, select_key_name(key));
  if (selection->count < selection->matched) terminal_put(terminal, DIM, "; --top 0 shows all");
  terminal_end(terminal);
}

static const char *const key_titles[] = {
    [SORT_HELD] = "held: bytes live, times the seconds that they lived",
    [SORT_TOTAL] = "total: all bytes ever requested",
    [SORT_AT_PEAK] = "at_peak: bytes live when the whole heap was largest",
    [SORT_AT_END] = "at_end: bytes never freed",
    [SORT_LIFETIME] = "lifetime: mean over their blocks",
    [SORT_BLOCKS] = "blocks: births and reallocations",
};

void report_sites(struct terminal *terminal, const struct report *report,
                  const struct selection *selection, const struct selection_options *options) {
  if (!selection->matched) {
    terminal_put(terminal, PLAIN,
                 report->profile->site_count ? "no site matches" : "no allocation was recorded");
    terminal_end(terminal);
    if (options->thread && report->profile->site_count) put_threads_there_are(terminal, report);
    return;
  }
  terminal_put(terminal, DIM, "sites by %s", key_titles[options->sort]);
  terminal_end(terminal);
  for (size_t i = 0; i < selection->count; i++) {
    put_site(terminal, report, &report->profile->sites[selection->sites[i]], i + 1, options->sort);
    terminal_end(terminal);
  }
  put_summary(terminal, report, selection, options->sort);
}

static bool has_problem(const struct report *report, const char *message) {
  const char *const *messages;
  size_t count = report ? symbols_problems(report->symbols, &messages) : 0;
  for (size_t i = 0; i < count; i++)
    if (strcmp(messages[i], message) == 0) return true;
  return false;
}

void report_problems(struct terminal *terminal, const struct report *report,
                     const struct report *said) {
  const char *const *messages;
  size_t count = symbols_problems(report->symbols, &messages);
  for (size_t i = 0; i < count; i++) {
    if (has_problem(said, messages[i])) continue;
    terminal_put(terminal, WARNING, "note ");
    terminal->indent = 5;
    terminal_wrap(terminal, WARNING, messages[i]);
  }
}
