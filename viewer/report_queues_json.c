/* report_queues_json.c - one queue of the diagnosis as JSON: `queues[]` of docs/summary-json.md.
 *
 * Counts and bytes are written as whole numbers, rounded where they are estimates; what is not
 * known is null, never a number that looks like one.
 */
#include <math.h>

#include "diagnosis/whatif.h"
#include "report_json.h"

static json_t *integer(uint64_t value) {
  return json_integer((json_int_t)value);
}

/* Of messages, bytes and nanoseconds, which the diagnosis has as reals. */
static json_t *count(double value) {
  return isfinite(value) ? json_integer((json_int_t)llround(value)) : json_null();
}

static json_t *text_or_null(const char *value) {
  return value ? json_string(value) : json_null();
}

/* ---- its sites and parties -------------------------------------------------------------- */

static json_t *sites_json(const struct report *report, const struct queue *queue) {
  json_t *json = json_array();
  for (size_t i = 0; i < queue->site_count; i++) {
    const struct queue_site *site = &queue->sites[i];
    json_t *one = json_object();
    json_object_set_new(one, "id", integer(report->profile->sites[site->site].stack));
    json_object_set_new(one, "carries", json_boolean(site->carries));
    json_object_set_new(one, "blocks_per_message", report_json_real(site->blocks_per_message));
    json_object_set_new(one, "bytes_per_message", report_json_real(site->bytes_per_message));
    json_t *others = json_array();
    for (size_t j = 0; j < site->other_count; j++)
      json_array_append_new(others, integer(report->profile->sites[site->others[j]].stack));
    json_object_set_new(one, "others", others);
    json_array_append_new(json, one);
  }
  return json;
}

static json_t *parties_json(const struct report *report, const struct queue_parties *threads,
                            const struct queue_parties *stacks) {
  json_t *json = json_object(), *names = json_array(), *places = json_array();
  for (size_t i = 0; i < threads->count; i++) {
    json_t *one = json_object();
    json_object_set_new(one, "name",
                        report_json_text(trace_file_thread_name(report->file, threads->of[i].id)));
    json_object_set_new(one, "share", report_json_real(threads->of[i].share));
    json_array_append_new(names, one);
  }
  for (size_t i = 0; i < stacks->count; i++) {
    json_t *one = json_object();
    json_object_set_new(one, "share", report_json_real(stacks->of[i].share));
    json_object_set_new(one, "other_stacks", integer(stacks->of[i].others));
    json_object_set_new(one, "frames", report_json_stack(report, stacks->of[i].id));
    json_array_append_new(places, one);
  }
  json_object_set_new(json, "threads", names);
  json_object_set_new(json, "stacks", places);
  return json;
}

/* ---- what it did over time -------------------------------------------------------------- */

static json_t *phases_json(const struct queue *queue) {
  json_t *json = json_array();
  for (size_t i = 0; i < queue->phase_count; i++) {
    const struct phase *phase = &queue->phases[i];
    json_t *one = json_object();
    json_object_set_new(one, "kind", json_string(phase_kind_name(phase->kind)));
    json_object_set_new(one, "begin_ns", integer(phase->begin_ns));
    json_object_set_new(one, "end_ns", integer(phase->end_ns));
    json_object_set_new(one, "begin_messages", report_json_real(phase->begin_messages));
    json_object_set_new(one, "end_messages", report_json_real(phase->end_messages));
    json_object_set_new(one, "arrivals", count(phase->arrivals));
    json_object_set_new(one, "departures", count(phase->departures));
    json_object_set_new(one, "arrival_rate", report_json_real(phase->arrival_rate));
    json_object_set_new(one, "departure_rate", report_json_real(phase->departure_rate));
    json_object_set_new(one, "rho", report_json_real(phase->rho));
    json_object_set_new(one, "residence_slope", report_json_real(phase->residence_slope));
    json_array_append_new(json, one);
  }
  return json;
}

static json_t *measured_json(const struct queue *queue) {
  json_t *json = json_object();
  json_object_set_new(json, "from_ns", integer(queue->measured_from_ns));
  json_object_set_new(json, "to_ns", integer(queue->measured_to_ns));
  return json;
}

static json_t *residence_json(const struct queue *queue) {
  json_t *json = json_object();
  json_object_set_new(json, "slope", report_json_real(queue->residence_slope));
  json_object_set_new(json, "now_ns", count(queue->residence_now_ns));
  json_object_set_new(json, "p50_ns", count(queue->residence_p50_ns));
  json_object_set_new(json, "p99_ns", count(queue->residence_p99_ns));
  json_object_set_new(json, "max_ns", count(queue->residence_max_ns));
  return json;
}

static json_t *evidence_json(const struct queue_evidence *evidence) {
  json_t *json = json_object();
  json_object_set_new(json, "in_order", report_json_real(evidence->in_order));
  json_object_set_new(json, "in_order_by_consumer",
                      report_json_real(evidence->in_order_by_consumer));
  json_object_set_new(json, "rank_correlation", report_json_real(evidence->rank_correlation));
  json_object_set_new(json, "handoff_share", report_json_real(evidence->handoff_share));
  json_object_set_new(json, "departed_share", report_json_real(evidence->departed_share));
  json_object_set_new(json, "at_top_share", report_json_real(evidence->at_top_share));
  json_object_set_new(json, "low_messages", report_json_real(evidence->low_messages));
  json_object_set_new(json, "top_messages", report_json_real(evidence->top_messages));
  json_object_set_new(json, "growth", report_json_real(evidence->growth));
  json_object_set_new(json, "coupled_share", report_json_real(evidence->coupled_share));
  json_object_set_new(json, "residence_variation", report_json_real(evidence->residence_variation));
  json_object_set_new(json, "level_variation", report_json_real(evidence->level_variation));
  json_object_set_new(json, "littles_law", report_json_real(evidence->littles_law));
  return json;
}

/* ---- the queue -------------------------------------------------------------------------- */

static void set_size(json_t *json, const struct report *report, const struct queue *queue) {
  double peak = (double)report->profile->peak.bytes;
  json_object_set_new(json, "bytes_per_message", report_json_real(queue->bytes_per_message));
  json_object_set_new(json, "blocks_per_message", report_json_real(queue->blocks_per_message));
  json_object_set_new(json, "arrivals", count(queue->arrivals));
  json_object_set_new(json, "departures", count(queue->departures));
  json_object_set_new(json, "at_end_messages", count(queue->at_end_messages));
  json_object_set_new(json, "peak_messages", count(queue->peak_messages));
  json_object_set_new(json, "peak_bytes", count(queue->peak_bytes));
  json_object_set_new(json, "peak_share",
                      report_json_real(peak > 0 ? queue->at_peak_bytes / peak : 0));
  json_object_set_new(json, "peak_ns", integer(queue->peak_ns));
  json_object_set_new(json, "at_peak_bytes", count(queue->at_peak_bytes));
  json_object_set_new(json, "at_end_bytes", count(queue->at_end_bytes));
  json_object_set_new(json, "held_byte_seconds", report_json_real(queue->held_byte_seconds));
}

static void set_bound(json_t *json, const struct queue *queue) {
  bool bounded = queue->bound > 0;
  json_object_set_new(json, "bound", bounded ? count(queue->bound) : json_null());
  json_object_set_new(json, "bound_bytes", bounded ? count(queue->bound_bytes) : json_null());
  json_object_set_new(json, "policy", text_or_null(queue_policy_name(queue->policy)));
  json_object_set_new(json, "turned_away", count(queue->turned_away));
  json_object_set_new(json, "thrown_away", count(queue->thrown_away));
}

json_t *report_json_queue(const struct report *report, const struct queue *queue) {
  json_t *json = json_object();
  json_object_set_new(json, "id", integer(queue->id));
  json_object_set_new(json, "kind", json_string(queue_kind_name(queue->kind)));
  json_object_set_new(json, "confidence", report_json_real(queue->confidence));
  json_object_set_new(json, "estimated", json_boolean(queue->estimated));
  json_object_set_new(json, "every", integer(queue->every));
  json_object_set_new(json, "sites", sites_json(report, queue));
  set_size(json, report, queue);
  json_object_set_new(json, "measured", measured_json(queue));
  json_object_set_new(json, "arrival_rate", report_json_real(queue->arrival_rate));
  json_object_set_new(json, "departure_rate", report_json_real(queue->departure_rate));
  json_object_set_new(json, "rho", report_json_real(queue->rho));
  json_object_set_new(json, "residence", residence_json(queue));
  json_object_set_new(json, "standing_messages", count(queue->standing_messages));
  json_object_set_new(json, "standing_bytes", count(queue->standing_bytes));
  set_bound(json, queue);
  json_object_set_new(json, "batch", report_json_real(queue->batch));
  json_object_set_new(json, "consumers", integer(queue->consumers));
  json_object_set_new(json, "filled_by",
                      parties_json(report, &queue->filled_by_threads, &queue->filled_by_stacks));
  json_object_set_new(json, "drained_by",
                      parties_json(report, &queue->drained_by_threads, &queue->drained_by_stacks));
  json_object_set_new(json, "phases", phases_json(queue));
  json_object_set_new(json, "evidence", evidence_json(&queue->evidence));
  uint64_t recommended = report_recommended_bound(report, queue);
  json_object_set_new(json, "recommended_bound", recommended ? integer(recommended) : json_null());
  return json;
}
