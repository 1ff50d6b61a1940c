/* select.c - see select.h. Equal figures are put in order by total bytes, then by id, so that a
 * report of the same trace is always the same. */
#include "select.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const key_names[] = {"held", "total", "at_peak", "at_end", "lifetime", "blocks"};
enum { KEYS = sizeof key_names / sizeof *key_names };

const char *select_key_name(enum sort_key key) {
  return key_names[key];
}

int select_key_of(const char *name) {
  for (int key = 0; key < KEYS; key++)
    if (strcmp(key_names[key], name) == 0) return key;
  return -1;
}

double select_mean_lifetime_ns(const struct site *site) {
  /* not births: in a sample those are estimated apart */
  return site->lifetimes.count ? site->lifetime_sum_ns / (double)site->lifetimes.count : 0;
}

double select_figure(const struct site *site, enum sort_key key) {
  switch (key) {
  case SORT_TOTAL:
    return (double)site->total.bytes;
  case SORT_AT_PEAK:
    return (double)site->at_peak.bytes;
  case SORT_AT_END:
    return (double)site->at_end.bytes;
  case SORT_LIFETIME:
    return select_mean_lifetime_ns(site);
  case SORT_BLOCKS:
    return (double)site->total.blocks;
  default:
    return site->held_byte_seconds;
  }
}

double select_whole(const struct profile *profile, enum sort_key key) {
  switch (key) {
  case SORT_TOTAL:
    return (double)profile->total.bytes;
  case SORT_AT_PEAK:
    return (double)profile->peak.bytes;
  case SORT_AT_END:
    return (double)profile->at_end.bytes;
  case SORT_LIFETIME:
    return 0;
  case SORT_BLOCKS:
    return (double)profile->total.blocks;
  default:
    return profile->held_byte_seconds;
  }
}

/* ---- filters ---------------------------------------------------------------------------- */

static bool has_thread(const struct trace_file *file, const struct shares *threads,
                       const char *name) {
  for (size_t i = 0; i < threads->count; i++)
    if (strcmp(trace_file_thread_name(file, threads->of[i].id), name) == 0) return true;
  return false;
}

static bool text_matches(const regex_t *grep, const char *text) {
  return text && regexec(grep, text, 0, NULL, 0) == 0;
}

static bool stack_matches(const struct trace_file *file, struct symbols *symbols, uint32_t stack,
                          const regex_t *grep) {
  const struct stack_node *node;
  for (uint32_t id = stack; (node = trace_file_node(file, id));) {
    const struct frame *frames;
    size_t count = symbols_node(symbols, id, &frames);
    for (size_t i = 0; i < count; i++)
      if (text_matches(grep, frames[i].function) || text_matches(grep, frames[i].file) ||
          text_matches(grep, frames[i].module))
        return true;
    if (node->parent >= id) break;
    id = node->parent;
  }
  return false;
}

static bool passes(const struct trace_file *file, const struct profile *profile,
                   struct symbols *symbols, const struct selection_options *options,
                   const struct site *site) {
  double mean = select_mean_lifetime_ns(site);
  if (mean < options->min_lifetime_ns ||
      mean < options->min_lifetime_share * (double)profile->duration_ns)
    return false;
  if (options->thread && !has_thread(file, &site->birth_threads, options->thread) &&
      !has_thread(file, &site->death_threads, options->thread))
    return false;
  return !options->grep || stack_matches(file, symbols, site->stack, options->grep);
}

/* ---- order ------------------------------------------------------------------------------ */

struct order {
  const struct profile *profile;
  enum sort_key key;
};

static int compare(const void *left, const void *right, void *context) {
  const struct order *order = context;
  const struct site *a = &order->profile->sites[*(const size_t *)left];
  const struct site *b = &order->profile->sites[*(const size_t *)right];
  double figure_a = select_figure(a, order->key), figure_b = select_figure(b, order->key);
  if (figure_a != figure_b) return figure_a > figure_b ? -1 : 1;
  if (a->total.bytes != b->total.bytes) return a->total.bytes > b->total.bytes ? -1 : 1;
  return a->stack < b->stack ? -1 : a->stack > b->stack;
}

int select_sites(const struct trace_file *file, const struct profile *profile,
                 struct symbols *symbols, const struct selection_options *options,
                 struct selection *selection) {
  *selection = (struct selection){0};
  selection->sites = malloc((profile->site_count + 1) * sizeof *selection->sites);
  if (!selection->sites) return -ENOMEM;
  for (size_t i = 0; i < profile->site_count; i++)
    if (passes(file, profile, symbols, options, &profile->sites[i]))
      selection->sites[selection->matched++] = i;
  struct order order = {.profile = profile, .key = options->sort};
  qsort_r(selection->sites, selection->matched, sizeof *selection->sites, compare, &order);
  selection->count = selection->matched;
  if (options->top && selection->count > options->top) selection->count = options->top;
  return 0;
}

void select_free(struct selection *selection) {
  free(selection->sites);
  *selection = (struct selection){0};
}
