/* trace_file.c - opens a trace and makes its profile: the order of the passes, and what is missing.
 *
 * Pass 1 (open) checks every slot and gathers the names. Pass 2 (profile) merges the lanes and
 * feeds the pairing and the ledger with the same events. Nothing is kept of an event.
 */
#include "trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog.h"
#include "first_slot.h"
#include "ledger.h"
#include "merge.h"
#include "moment.h"
#include "pairing.h"
#include "record.h"
#include "run_clock.h"
#include "slots.h"

struct trace_file {
  int fd;
  char *path;
  struct first_slot first;
  struct run_clock clock;
  struct slots slots;
  struct catalog catalog;
  struct run_info info;
  bool live;
  uint64_t cut_ticks;  /* live: the moment of opening; stopped: the stop. Younger events are left
                          out: what came between them is not known */
  uint64_t end_ticks;  /* of the run, as far as known */
  uint64_t last_ticks; /* of the last event, by the chunks' heads */
};

/* ---- pass 1 ----------------------------------------------------------------------------- */

/* The youngest time in a chunk; an open one's head does not say. */
static uint64_t chunk_last_ticks(const struct chunk *chunk, const uint8_t *records) {
  if (!chunk->records) return chunk->head.last_ticks;
  struct record_cursor cursor = record_begin(&chunk->head, records, chunk->head.bytes);
  struct record record;
  uint64_t last = 0;
  for (;;) {
    enum record_result result = record_next(&cursor, &record);
    if (result == RECORD_END || result == RECORD_BAD) return last;
    if (result == RECORD_OK && cursor.ticks > last) last = cursor.ticks;
  }
}

/* When the recording ended before the program did; 0: it did not. */
static uint64_t stop_ticks(const struct trace_file *file) {
  const struct trace_control *control = &file->first.control;
  bool stopped =
      control->stop != TRACE_NOT_STOPPED && control->stop_ticks > file->first.head.start_ticks;
  return stopped ? control->stop_ticks : 0;
}

static void note_ticks(struct trace_file *file, uint64_t ticks) {
  if (ticks > file->cut_ticks) ticks = file->cut_ticks;
  if (ticks > file->last_ticks) file->last_ticks = ticks;
}

static int visit_chunk(void *context, const struct chunk *chunk, const uint8_t *records) {
  struct trace_file *file = context;
  note_ticks(file, chunk_last_ticks(chunk, records));
  return catalog_visit(&file->catalog, chunk, records);
}

/* What the lanes hold besides their chunks may be younger than those. */
static void look_at_rests(struct trace_file *file) {
  for (size_t i = 0; i < file->slots.lane_count; i++) {
    const struct lane_rest *rest = &file->slots.lanes[i].rest;
    for (size_t j = 0; j < rest->young_count; j++)
      note_ticks(file, rest->young[j].ticks);
    for (size_t j = 0; j < rest->fold_count; j++)
      note_ticks(file, rest->folds[j].ticks);
  }
}

static void find_end(struct trace_file *file) {
  struct run_info *info = &file->info;
  uint64_t end = first_slot_ending(&file->first, &file->clock, info);
  if (file->live) {
    info->ending = RUN_ENDED_RUNNING;
    end = file->cut_ticks;
  }
  const uint64_t stop = stop_ticks(file);
  if (stop) end = stop;
  info->duration_at_least = end == 0 || file->live || stop;
  file->end_ticks = end > file->last_ticks ? end : file->last_ticks;
  info->duration_ns = run_clock_ns(&file->clock, file->end_ticks);
}

/* Slots that the recorder says it has written, beyond the end of the file. */
static uint64_t slots_cut_off(const struct trace_file *file) {
  uint64_t slots = file->first.file_size / TRACE_SLOT;
  if (file->live || file->first.control.slots <= slots) return 0;
  return file->first.control.slots - slots;
}

/* Bytes behind the last whole slot. When all slots are there that the recorder knew of, they are of
 * a write that failed or was in flight: that chunk is still in its lane. */
static uint64_t bytes_cut_off(const struct trace_file *file) {
  uint64_t known = file->first.control.slots;
  return known && known <= file->first.file_size / TRACE_SLOT ? 0 : file->slots.cut_bytes;
}

static void count_missing(struct trace_file *file) {
  const struct trace_control *control = &file->first.control;
  const struct slots *slots = &file->slots;
  uint64_t cut_off = slots_cut_off(file);
  file->info.missing = (struct run_missing){
      .bad_slots = slots->bad_slots + file->first.end_damaged,
      .lost_chunks = slots->lost_chunks > cut_off ? slots->lost_chunks : cut_off,
      .cut_bytes = bytes_cut_off(file),
      .bad_folds = slots->bad_folds,
      .dropped_events = control->dropped + slots->dropped_events,
      .skipped_events = control->skipped + slots->skipped_events,
      .early_events = control->early,
      .incomplete_stacks = control->incomplete_stacks,
      .unprotected_lanes = control->unprotected_lanes,
      .calibration = !run_clock_calibrated(&file->clock),
  };
}

static void judge_complete(struct trace_file *file) {
  struct run_missing events_missing = file->info.missing;
  events_missing.incomplete_stacks = 0; /* their events are there, and the figures right */
  static const struct run_missing none;
  file->info.complete = !file->info.duration_at_least && file->info.stop == TRACE_NOT_STOPPED &&
                        memcmp(&events_missing, &none, sizeof(none)) == 0;
}

static int open_checked(struct trace_file *file, char message[FIRST_SLOT_MESSAGE]) {
  file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file->fd < 0) {
    int error = -errno;
    snprintf(message, FIRST_SLOT_MESSAGE, "%s: %s", file->path, strerror(-error));
    return error;
  }
  int error = first_slot_read(&file->first, file->fd, file->path, message);
  if (error) return error;
  first_slot_describe(&file->first, &file->info);
  file->info.path = file->path;
  file->clock = first_slot_clock(&file->first);
  file->live = first_slot_process_alive(&file->first);
  struct moment now = moment_now();
  uint64_t now_ticks = moment_ticks(&now, file->first.head.clock);
  const uint64_t stop = stop_ticks(file);
  file->cut_ticks = stop ? stop : file->live && now_ticks ? now_ticks : UINT64_MAX;
  if (!run_clock_calibrated(&file->clock) && first_slot_same_boot(&file->first))
    run_clock_pair(&file->clock, now_ticks, now.monotonic_ns);

  catalog_begin(&file->catalog, file->first.file_size);
  error = slots_scan(&file->slots, file->fd, file->live, file->first.control.unprotected_lanes,
                     visit_chunk, file);
  if (!error) error = catalog_finish(&file->catalog, &file->clock);
  if (error) {
    snprintf(message, FIRST_SLOT_MESSAGE, "%s: cannot be read: %s", file->path, strerror(-error));
    return error;
  }
  look_at_rests(file);
  find_end(file);
  first_slot_describe_folding(&file->first, &file->clock, &file->info);
  count_missing(file);
  judge_complete(file);
  return 0;
}

int trace_file_open(const char *path, struct trace_file **result, char message[512]) {
  struct trace_file *file = calloc(1, sizeof(*file));
  *message = 0;
  *result = NULL;
  if (!file || !(file->path = strdup(path))) {
    free(file);
    snprintf(message, FIRST_SLOT_MESSAGE, "%s: no memory", path);
    return -ENOMEM;
  }
  int error = open_checked(file, message);
  if (error) {
    trace_file_close(file);
    return error;
  }
  *result = file;
  return 0;
}

void trace_file_close(struct trace_file *file) {
  if (!file) return;
  slots_free(&file->slots);
  catalog_free(&file->catalog);
  first_slot_free(&file->first);
  if (file->fd >= 0) close(file->fd);
  free(file->path);
  free(file);
}

/* ---- what it says ----------------------------------------------------------------------- */

const struct run_info *trace_file_info(const struct trace_file *file) {
  return &file->info;
}

const struct stack_node *trace_file_node(const struct trace_file *file, uint32_t id) {
  return catalog_node(&file->catalog, id);
}

static uint64_t frame_of(const void *of, uint32_t id, uint32_t *caller) {
  const struct stack_node *node = trace_file_node(of, id);
  *caller = node ? node->parent : 0;
  return node ? node->pc : 0;
}

struct stack_tree trace_file_stacks(const struct trace_file *file) {
  return (struct stack_tree){frame_of, file};
}

uint32_t trace_file_module_count(const struct trace_file *file) {
  return (uint32_t)file->catalog.module_count;
}

const struct module *trace_file_module(const struct trace_file *file, uint32_t id) {
  return id && id <= file->catalog.module_count ? &file->catalog.modules[id - 1] : NULL;
}

const char *trace_file_thread_name(const struct trace_file *file, uint32_t name_index) {
  return file->catalog.names[name_index < file->catalog.name_count ? name_index : 0];
}

/* ---- pass 2 ----------------------------------------------------------------------------- */

/* Takes a pass' events, batch by batch. Returns 0, or what ends the pass. */
typedef int take_events(void *context, const struct event_batch *batch);

struct watcher {
  void (*progress)(void *context, double share); /* NULL: nobody watches */
  void *context;
};

static int run_pass(const struct trace_file *file, struct merge *merge, take_events *take,
                    void *context, struct watcher watcher) {
  size_t shown = 0;
  struct event_batch *batch = malloc(sizeof(*batch));
  int error = batch ? merge_next(merge, batch) : -ENOMEM;
  while (!error && batch->count) {
    error = take(context, batch);
    if (watcher.progress && merge->source.chunks_read != shown) {
      shown = merge->source.chunks_read;
      watcher.progress(watcher.context, (double)shown / (double)file->slots.chunk_count);
    }
    if (!error) error = merge_next(merge, batch);
  }
  free(batch);
  return error;
}

static struct lane_source source_of(const struct trace_file *file, lane_events_fold *fold,
                                    void *fold_context) {
  return (struct lane_source){
      .slots = &file->slots,
      .catalog = &file->catalog,
      .start_ticks = file->first.head.start_ticks,
      .cut_ticks = file->cut_ticks,
      .fold = file->first.head.sample_bytes ? NULL : fold,
      .fold_context = fold_context,
  };
}

/* ---- the profile ------------------------------------------------------------------------ */

struct profile_pass {
  struct pairing pairing;
  struct ledger ledger;
};

static int take_for_profile(void *context, const struct event_batch *batch) {
  struct profile_pass *pass = context;
  int error = ledger_enter(&pass->ledger, batch);
  return error ? error : pairing_take(&pass->pairing, batch);
}

/* How many different stacks of a profile name nodes that the file has not. */
static int count_missing_stacks(const struct trace_file *file, const struct profile *profile,
                                uint64_t *count) {
  uint8_t *seen = calloc(file->catalog.id_limit / 8 + 1, 1);
  if (!seen) return -ENOMEM;
  for (size_t i = 0; i < profile->site_count; i++) {
    const struct site *site = &profile->sites[i];
    const struct shares *shares[] = {&site->death_stacks, &site->resize_stacks};
    size_t of_site = 1 + shares[0]->count + shares[1]->count;
    for (size_t j = 0; j < of_site; j++) {
      uint32_t stack = site->stack;
      if (j > shares[0]->count)
        stack = shares[1]->of[j - 1 - shares[0]->count].id;
      else if (j > 0)
        stack = shares[0]->of[j - 1].id;
      if (seen[stack / 8] >> stack % 8 & 1) continue;
      seen[stack / 8] |= (uint8_t)(1u << stack % 8);
      *count += !catalog_stack_whole(&file->catalog, stack);
    }
  }
  free(seen);
  return 0;
}

/* How much more can have been alive at the peak: of blocks that were folded, no more than the
 * tables of young blocks ever held, nor than all that were folded. */
static void bound_peak(const struct trace_file *file, struct profile *profile) {
  profile->peak_uncertainty = (struct figure){
      .blocks = profile->folded.blocks < file->slots.young_blocks_max
                    ? profile->folded.blocks
                    : file->slots.young_blocks_max,
      .bytes = profile->folded.bytes < file->slots.young_bytes_max ? profile->folded.bytes
                                                                   : file->slots.young_bytes_max,
  };
}

static int complete_info(struct trace_file *file, const struct merge *merge,
                         struct profile *profile) {
  struct run_missing *missing = &file->info.missing;
  count_missing(file);
  missing->lost_chunks += merge->source.lost_chunks;
  missing->bad_records += merge->source.bad_records;
  missing->unknown_records += merge->source.unknown_records;
  missing->missing_nodes += merge->source.foreign_stacks;
  missing->late_events += merge->late_events;
  missing->bad_folds += merge->source.bad_folds;
  /* Without a fork, a block that dies was born; and no address is given out twice. */
  missing->missing_births = file->info.forked ? 0 : profile->unmatched_deaths;
  missing->missing_deaths = profile->order_violations;
  file->info.duration_ns = profile->duration_ns;
  file->info.rss_at_peak_bytes = first_slot_rss(&file->first, profile->peak_time_ns);
  if (missing->bad_folds) profile->check.agree = false;
  bound_peak(file, profile);
  int error = count_missing_stacks(file, profile, &missing->missing_nodes);
  judge_complete(file);
  return error;
}

int trace_file_profile(struct trace_file *file, struct profile **profile, struct timeline *timeline,
                       void (*progress)(void *context, double share), void *context) {
  struct merge merge = {0};
  struct profile_pass pass = {0};
  const struct trace_head *head = &file->first.head;
  *profile = NULL;
  int error = pairing_begin(&pass.pairing, &file->clock, file->catalog.thread_names,
                            file->slots.lane_count, timeline, file->info.duration_ns);
  if (!error) error = pairing_sampled(&pass.pairing, head->sample_bytes);
  const struct lane_source source = source_of(file, pairing_fold, &pass.pairing);
  if (!error) error = merge_begin(&merge, &source);
  if (!error) error = ledger_begin(&pass.ledger, file->slots.lane_count, head->start_ticks);
  const struct watcher watcher = {progress, context};
  if (!error) error = run_pass(file, &merge, take_for_profile, &pass, watcher);
  if (!error) error = pairing_finish(&pass.pairing, file->end_ticks, &pass.ledger, profile);
  if (!error) error = complete_info(file, &merge, *profile);
  if (error) {
    profile_free(*profile);
    *profile = NULL;
  }
  pairing_free(&pass.pairing);
  ledger_free(&pass.ledger);
  merge_end(&merge);
  return error;
}

/* ---- residences ------------------------------------------------------------------------- */

static int take_for_residences(void *pass, const struct event_batch *batch) {
  return residences_take(pass, batch);
}

int trace_file_residences(struct trace_file *file, const struct profile *profile,
                          const struct candidates *candidates, struct residences *residences,
                          void (*progress)(void *context, double share), void *context) {
  struct merge merge = {0};
  struct residence_pass *pass = NULL;
  *residences = (struct residences){0};
  int error = residences_begin(&pass, profile, &file->clock, file->slots.lane_count, candidates);
  const struct lane_source source = source_of(file, residences_fold, pass);
  if (!error) error = merge_begin(&merge, &source);
  const struct watcher watcher = {progress, context};
  if (!error) error = run_pass(file, &merge, take_for_residences, pass, watcher);
  if (!error) error = residences_finish(pass, residences);
  residences_free_pass(pass);
  merge_end(&merge);
  return error;
}
