/* report_whatif_json.c - outlooks as JSON: docs/summary-json.md says what each key means. */
#include <math.h>

#include "report_json.h"
#include "report_whatif.h"

/* Bytes and nanoseconds, which predictions have as reals. */
static json_t *whole(double value) {
  return isfinite(value) ? json_integer((json_int_t)llround(value)) : json_null();
}

static json_t *prediction_json(const struct prediction *prediction) {
  json_t *json = json_object();
  json_object_set_new(
      json, "bound", prediction->bound ? json_integer((json_int_t)prediction->bound) : json_null());
  json_object_set_new(json, "peak_messages", whole(prediction->peak_messages));
  json_object_set_new(json, "peak_bytes", whole(prediction->peak_bytes));
  json_object_set_new(json, "finish_ns", whole(prediction->finish_ns));
  json_object_set_new(json, "sender_wait_ns", whole(prediction->sender_wait_ns));
  json_object_set_new(json, "residence_p50_ns", whole(prediction->residence_p50_ns));
  json_object_set_new(json, "residence_p99_ns", whole(prediction->residence_p99_ns));
  return json;
}

static json_t *doubts_json(unsigned doubts) {
  json_t *json = json_array();
  unsigned bit;
  const char *name;
  for (int i = 0; (name = report_doubt_name(i, &bit)); i++)
    if (doubts & bit) json_array_append_new(json, json_string(name));
  return json;
}

static json_t *batching_json(const struct outlook *outlook) {
  if (!outlook->receive || !outlook->departs) return json_null();
  const struct batching *batching = &outlook->batching;
  json_t *json = json_object();
  json_object_set_new(json, "receive", json_integer((json_int_t)outlook->receive));
  json_object_set_new(json, "known", json_boolean(batching->known));
  json_object_set_new(json, "fixed_ns", report_json_real(batching->fixed_ns));
  json_object_set_new(json, "each_ns", report_json_real(batching->each_ns));
  json_object_set_new(json, "size",
                      batching->known ? json_integer((json_int_t)batching->size) : json_null());
  json_object_set_new(json, "rate", batching->known ? json_real(batching->rate) : json_null());
  json_object_set_new(json, "if_per_batch",
                      outlook->can_receive ? prediction_json(&outlook->per_batch) : json_null());
  json_object_set_new(json, "if_per_message",
                      outlook->can_receive ? prediction_json(&outlook->per_message) : json_null());
  return json;
}

json_t *report_whatif_json(const struct outlook *outlook) {
  json_t *json = json_object(), *bounds = json_array();
  for (size_t i = 0; i < outlook->bound_count; i++)
    json_array_append_new(bounds, prediction_json(&outlook->bounds[i]));
  json_object_set_new(json, "id", json_integer((json_int_t)outlook->queue->id));
  json_object_set_new(json, "kind", json_string(queue_kind_name(outlook->queue->kind)));
  json_object_set_new(json, "recorded",
                      outlook->departs ? prediction_json(&outlook->recorded) : json_null());
  json_object_set_new(json, "bounds", bounds);
  json_object_set_new(json, "recommended_bound",
                      outlook->recommended.bound
                          ? json_integer((json_int_t)outlook->recommended.bound)
                          : json_null());
  json_object_set_new(json, "doubts", doubts_json(outlook->doubts));
  json_object_set_new(json, "batching", batching_json(outlook));
  return json;
}
