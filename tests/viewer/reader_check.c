/* reader_check.c - the laws that a profile of whatever file obeys. */
#include "reader_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/diagnosis/diagnosis.h"
#include "viewer/diagnosis/whatif.h"
#include "viewer/trace_file.h"

#define MUST(law) must(law, #law)

static void must(bool law, const char *text) {
  if (law) return;
  fprintf(stderr, "reader_check: broken: %s\n", text);
  abort();
}

static void check_shares(const struct trace_file *file, const struct shares *shares, bool threads,
                         uint64_t *blocks) {
  *blocks = 0;
  for (size_t i = 0; i < shares->count; i++) {
    *blocks += shares->of[i].blocks;
    MUST(shares->of[i].blocks > 0);
    MUST(i == 0 || shares->of[i].blocks <= shares->of[i - 1].blocks);
    if (threads) MUST(trace_file_thread_name(file, shares->of[i].id) != NULL);
    if (threads) continue;
    uint32_t id = shares->of[i].id;
    for (const struct stack_node *node; (node = trace_file_node(file, id)); id = node->parent) {
      MUST(node->parent < id);
      MUST(node->module == 0 || trace_file_module(file, node->module) != NULL);
    }
  }
}

static void check_site(const struct trace_file *file, const struct profile *profile, size_t index) {
  const struct site *site = &profile->sites[index];
  uint64_t birth_threads, death_threads, death_stacks, resize_stacks;
  check_shares(file, &site->birth_threads, true, &birth_threads);
  check_shares(file, &site->death_threads, true, &death_threads);
  check_shares(file, &site->death_stacks, false, &death_stacks);
  check_shares(file, &site->resize_stacks, false, &resize_stacks);
  MUST(profile_find_site(profile, site->stack) == index);
  MUST(site->lifetime_max_ns <= profile->duration_ns);
  MUST(site->first_birth_ns <= site->last_birth_ns);
  MUST(site->last_birth_ns <= profile->duration_ns);
  MUST(histogram_percentile(&site->lifetimes, 0.5) <= histogram_percentile(&site->lifetimes, 0.99));
  if (profile->sample_bytes) { /* estimates: each figure by itself */
    MUST(profile->site_intervals != NULL);
    return;
  }
  MUST(site->total.blocks == site->births + site->reallocations);
  MUST(site->lifetimes.count == site->births);
  MUST(site->at_end.blocks <= site->births);
  MUST(site->deaths + site->at_end.blocks <= site->births);
  MUST(site->handoffs + site->folded.blocks <= site->deaths);
  MUST(birth_threads == site->births && death_threads == site->deaths);
  MUST(death_stacks + site->folded.blocks == site->deaths);
  MUST(resize_stacks == site->reallocations);
}

static void figure_add(struct figure *sum, struct figure more) {
  sum->blocks += more.blocks;
  sum->bytes += more.bytes;
}

static bool figures_equal(struct figure a, struct figure b) {
  return a.blocks == b.blocks && a.bytes == b.bytes;
}

static void check_profile(const struct trace_file *file, const struct profile *profile) {
  struct figure at_end = {0}, at_peak = {0}, total = {0}, folded = {0};
  uint64_t births = 0, deaths = 0;
  for (size_t i = 0; i < profile->site_count; i++) {
    const struct site *site = &profile->sites[i];
    check_site(file, profile, i);
    births += site->births;
    deaths += site->deaths;
    figure_add(&at_end, site->at_end);
    figure_add(&at_peak, site->at_peak);
    figure_add(&total, site->total);
    figure_add(&folded, site->folded);
  }
  MUST(profile->check.agree == (trace_file_info(file)->missing.bad_folds == 0));
  MUST(profile->duration_ns == trace_file_info(file)->duration_ns);
  MUST(figures_equal(folded, profile->folded));
  MUST(profile->peak_uncertainty.blocks <= folded.blocks);
  MUST(profile->peak_uncertainty.bytes <= folded.bytes);
  if (profile->sample_bytes) return;
  MUST(births == profile->births && deaths == profile->deaths);
  MUST(figures_equal(at_end, profile->at_end));
  MUST(figures_equal(at_peak, profile->peak));
  MUST(figures_equal(total, profile->total));
  MUST(profile->births == profile->deaths + profile->order_violations + profile->at_end.blocks);
}

/* ---- the diagnosis ---------------------------------------------------------------------- */

static void check_residences(const struct profile *profile, const struct residences *residences) {
  for (size_t i = 0; i < residences->count; i++) {
    const struct residence_list *list = &residences->lists[i];
    const struct site *site = residences_site(profile, list);
    MUST(list->count <= list->births && list->every >= 1);
    if (!profile->sample_bytes) MUST(list->births + site->folded.blocks <= site->births);
    for (size_t j = 0; j < list->count; j++) {
      MUST(j == 0 || list->of[j - 1].birth_ns <= list->of[j].birth_ns);
      MUST(list->of[j].birth_ns <= list->of[j].death_ns);
    }
  }
}

static void check_parties(const struct queue_parties *parties) {
  double sum = 0;
  for (size_t i = 0; i < parties->count; i++)
    sum += parties->of[i].share;
  MUST(parties->count == 0 || (sum > 0.99 && sum < 1.01));
}

static void check_queue(const struct profile *profile, const struct queue *queue,
                        uint64_t duration_ns) {
  MUST(queue->kind < QUEUE_KINDS && queue->confidence >= 0 && queue->confidence <= 1);
  MUST(queue->site_count > 0 && queue->sites[0].carries && queue->message_count > 0);
  for (size_t i = 0; i < queue->site_count; i++)
    MUST(queue->sites[i].site < profile->site_count);
  MUST(queue->peak_messages > 0 && queue->bytes_per_message > 0);
  MUST(queue->standing_messages <= queue->peak_messages && queue->bound <= queue->peak_messages);
  MUST(queue->measured_from_ns <= queue->measured_to_ns && queue->rho >= 0);
  check_parties(&queue->filled_by_threads);
  check_parties(&queue->drained_by_stacks);
  for (size_t i = 0; i < queue->phase_count; i++)
    MUST(queue->phases[i].begin_ns < queue->phases[i].end_ns);
  struct prediction prediction;
  int error = whatif_predict(queue, duration_ns, 2, &prediction);
  MUST(error == 0 || error == -ENODATA);
  if (error == 0) MUST(prediction.peak_messages > 0 && prediction.sender_wait_ns >= 0);
}

static void check_diagnosis(struct trace_file *file, const struct profile *profile) {
  struct candidates candidates;
  struct residences residences;
  struct diagnosis diagnosis;
  struct stack_tree tree = trace_file_stacks(file);
  MUST(candidates_choose(profile, &tree, &candidates) == 0);
  MUST(trace_file_residences(file, profile, &candidates, &residences, NULL, NULL) == 0);
  check_residences(profile, &residences);
  MUST(diagnosis_make(profile, &residences, &diagnosis) == 0);
  for (size_t i = 0; i < diagnosis.count; i++)
    check_queue(profile, &diagnosis.queues[i], diagnosis.duration_ns);
  diagnosis_free(&diagnosis);
  residences_free(&residences);
  candidates_free(&candidates);
}

static void check_names(const struct trace_file *file) {
  const struct run_info *info = trace_file_info(file);
  size_t letters = strlen(info->executable) + strlen(info->program) + strlen(info->directory) +
                   strlen(info->host) + strlen(info->unwinder) + strlen(info->allocator) +
                   strlen(info->parent_trace);
  for (size_t i = 0; i < info->argc; i++)
    letters += strlen(info->argv[i]);
  for (uint32_t id = 1; id <= trace_file_module_count(file); id++) {
    const struct module *module = trace_file_module(file, id);
    for (size_t i = 0; i < module->build_id_bytes; i++)
      letters += module->build_id[i];
    letters += strlen(module->path);
  }
  MUST(letters < SIZE_MAX);
}

struct reader_figures reader_check(const char *path) {
  struct trace_file *file;
  struct profile *profile;
  struct timeline timeline = {.stack = 1};
  struct reader_figures figures = {0};
  char message[512];
  if (trace_file_open(path, &file, message) != 0) {
    MUST(strlen(message) > strlen(path));
    return figures;
  }
  MUST(trace_file_profile(file, &profile, &timeline, NULL, NULL) == 0);
  check_names(file);
  check_profile(file, profile);
  check_diagnosis(file, profile);
  figures = (struct reader_figures){
      .opened = true,
      .complete = trace_file_info(file)->complete,
      .births = profile->births,
      .deaths = profile->deaths,
      .reallocations = profile->reallocations,
      .total_bytes = profile->total.bytes,
      .peak_bytes = profile->peak.bytes,
      .end_bytes = profile->at_end.bytes,
      .sites = profile->site_count,
      .duration_ns = profile->duration_ns,
      .held_byte_seconds = profile->held_byte_seconds,
  };
  profile_free(profile);
  trace_file_close(file);
  return figures;
}

bool reader_figures_equal(const struct reader_figures *a, const struct reader_figures *b) {
  return a->births == b->births && a->deaths == b->deaths && a->reallocations == b->reallocations &&
         a->total_bytes == b->total_bytes && a->peak_bytes == b->peak_bytes &&
         a->end_bytes == b->end_bytes && a->sites == b->sites && a->duration_ns == b->duration_ns &&
         a->held_byte_seconds == b->held_byte_seconds;
}
