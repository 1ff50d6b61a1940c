/* comparison.c - see comparison.h. A hash table by the text of stacks. */
#include "comparison.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct entry {
  struct compared_site site;
  UT_hash_handle hh;
};

double comparison_figure(const struct compared *compared, enum comparison_key key) {
  switch (key) {
  case COMPARE_PEAK:
    return (double)compared->peak_bytes;
  case COMPARE_TOTAL:
    return (double)compared->total_bytes;
  case COMPARE_LIFETIME:
    return compared->lives ? compared->lifetime_sum_ns / (double)compared->lives : 0;
  default:
    return compared->held_byte_seconds;
  }
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* What a stack says. Without a function's name the offset is the best that there is: it matches
 * only in the same build. */
static char *stack_text(struct report *report, uint32_t stack) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  if (!out) return NULL;
  const struct stack_node *node;
  for (uint32_t id = stack; (node = trace_file_node(report->file, id)); id = node->parent) {
    const struct frame *frames;
    size_t count = symbols_node(report->symbols, id, &frames);
    for (size_t i = 0; i < count; i++) {
      const struct frame *frame = &frames[i];
      if (frame->function)
        fprintf(out, "%s (%s)\n", frame->function,
                base_name(frame->file ? frame->file : frame->module));
      else
        fprintf(out, "%s+0x%" PRIx64 "\n", base_name(frame->module), frame->offset);
    }
    if (node->parent >= id) break; /* a damaged file: parents have lower ids */
  }
  if (fclose(out)) {
    free(text);
    return NULL;
  }
  return text;
}

/* The lead frame of a stack, without keeping the stack. */
static const struct frame *lead_of(struct report *report, uint32_t stack) {
  const struct frame *leaf = NULL;
  const struct stack_node *node;
  for (uint32_t id = stack; (node = trace_file_node(report->file, id)); id = node->parent) {
    const struct frame *frames;
    size_t count = symbols_node(report->symbols, id, &frames);
    const struct frame *lead = report_lead(frames, count);
    if (lead && !lead->library) return lead;
    leaf = leaf ? leaf : lead;
    if (node->parent >= id) break;
  }
  return leaf;
}

static int add_site(struct entry **entries, struct report runs[2], int run,
                    const struct site *site) {
  char *text = stack_text(&runs[run], site->stack);
  if (!text) return -ENOMEM;
  struct entry *entry;
  HASH_FIND_STR(*entries, text, entry);
  if (entry) {
    free(text);
  } else {
    if (!(entry = calloc(1, sizeof *entry))) {
      free(text);
      return -ENOMEM;
    }
    entry->site.stack = text;
    HASH_ADD_KEYPTR(hh, *entries, entry->site.stack, strlen(entry->site.stack), entry);
  }
  struct compared *compared = &entry->site.runs[run];
  if (!compared->sites) entry->site.lead = lead_of(&runs[run], site->stack);
  compared->sites++;
  compared->held_byte_seconds += site->held_byte_seconds;
  compared->peak_bytes += site->at_peak.bytes;
  compared->total_bytes += site->total.bytes;
  compared->at_end_bytes += site->at_end.bytes;
  compared->births += site->births;
  compared->lives += site->lifetimes.count;
  compared->lifetime_sum_ns += site->lifetime_sum_ns;
  return 0;
}

static struct compared whole(const struct profile *profile) {
  struct compared compared = {.held_byte_seconds = profile->held_byte_seconds,
                              .peak_bytes = profile->peak.bytes,
                              .total_bytes = profile->total.bytes,
                              .at_end_bytes = profile->at_end.bytes,
                              .births = profile->births,
                              .sites = profile->site_count};
  for (size_t i = 0; i < profile->site_count; i++) {
    compared.lifetime_sum_ns += profile->sites[i].lifetime_sum_ns;
    compared.lives += profile->sites[i].lifetimes.count;
  }
  return compared;
}

static int compare_changes(const void *left, const void *right, void *context) {
  enum comparison_key key = *(const enum comparison_key *)context;
  const struct compared_site *a = left, *b = right;
  double change_a = fabs(comparison_figure(&a->runs[1], key) - comparison_figure(&a->runs[0], key));
  double change_b = fabs(comparison_figure(&b->runs[1], key) - comparison_figure(&b->runs[0], key));
  if (change_a != change_b) return change_a > change_b ? -1 : 1;
  return strcmp(a->stack, b->stack);
}

int comparison_make(struct report runs[2], enum comparison_key key, struct comparison *comparison) {
  struct entry *entries = NULL, *entry, *next;
  *comparison = (struct comparison){0};
  int error = 0;
  for (int run = 0; run < 2; run++) {
    comparison->runs[run] = whole(runs[run].profile);
    for (size_t i = 0; i < runs[run].profile->site_count && !error; i++)
      error = add_site(&entries, runs, run, &runs[run].profile->sites[i]);
  }
  comparison->sites = malloc((HASH_COUNT(entries) + 1) * sizeof *comparison->sites);
  if (!comparison->sites) error = -ENOMEM;
  entry = entries;
  HASH_CLEAR(hh, entries);
  for (; entry; entry = next) {
    next = entry->hh.next;
    if (comparison->sites)
      comparison->sites[comparison->count++] = entry->site;
    else
      free(entry->site.stack);
    free(entry);
  }
  if (error) {
    comparison_free(comparison);
    return error;
  }
  qsort_r(comparison->sites, comparison->count, sizeof *comparison->sites, compare_changes, &key);
  return 0;
}

void comparison_free(struct comparison *comparison) {
  for (size_t i = 0; comparison->sites && i < comparison->count; i++)
    free(comparison->sites[i].stack);
  free(comparison->sites);
  *comparison = (struct comparison){0};
}
