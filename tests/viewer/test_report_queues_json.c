/* test_report_queues_json.c - `queues[]`, as docs/summary-json.md promises it to other programs. */
#include <criterion/criterion.h>
#include <string.h>

#include "queues.h"
#include "reported.h"
#include "story.h"

static void assert_keys(const json_t *object, const char *keys) {
  char text[1024] = "";
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value) {
    strcat(text, *text ? " " : "");
    strcat(text, key);
  }
  cr_assert_str_eq(text, keys);
}

static json_t *get(const json_t *object, const char *key) {
  json_t *value = json_object_get(object, key);
  cr_assert(value, "no '%s'", key);
  return value;
}

static double real_at(const json_t *object, const char *key) {
  json_t *value = get(object, key);
  cr_assert(json_is_number(value), "%s is no number", key);
  return json_number_value(value);
}

static const char *text_at(const json_t *object, const char *key) {
  return json_string_value(get(object, key));
}

static json_t *first(const json_t *object, const char *key) {
  return json_array_get(get(object, key), 0);
}

/* The document about one queue of that kind; to be let go by the caller. */
static json_t *document(struct reported *reported, enum queue_kind kind) {
  *reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  queues_one(&reported->report, kind);
  return json_of(&reported->report, (struct selection_options){0}, NULL);
}

static void done(struct reported *reported, json_t *json) {
  json_decref(json);
  free_reported(reported);
}

Test(report_queues_json, the_keys_are_those_that_the_docs_promise_in_their_order) {
  struct reported reported;
  json_t *json = document(&reported, QUEUE_UNBOUNDED);
  assert_keys(json, "dwell_summary_version run totals self_check queues sites_in_all "
                    "sites_matched sites problems");
  json_t *queue = first(json, "queues");
  assert_keys(
      queue,
      "id kind confidence estimated every sites bytes_per_message blocks_per_message arrivals "
      "departures at_end_messages peak_messages peak_bytes peak_share peak_ns at_peak_bytes "
      "at_end_bytes held_byte_seconds measured arrival_rate departure_rate rho residence "
      "standing_messages standing_bytes bound bound_bytes policy turned_away thrown_away batch "
      "consumers filled_by drained_by phases evidence recommended_bound");
  assert_keys(first(queue, "sites"), "id carries blocks_per_message bytes_per_message others");
  assert_keys(get(queue, "measured"), "from_ns to_ns");
  assert_keys(get(queue, "residence"), "slope now_ns p50_ns p99_ns max_ns");
  assert_keys(get(queue, "filled_by"), "threads stacks");
  assert_keys(first(get(queue, "filled_by"), "threads"), "name share");
  assert_keys(first(get(queue, "drained_by"), "stacks"), "share other_stacks frames");
  assert_keys(first(queue, "phases"),
              "kind begin_ns end_ns begin_messages end_messages arrivals departures arrival_rate "
              "departure_rate rho residence_slope");
  assert_keys(get(queue, "evidence"),
              "in_order in_order_by_consumer rank_correlation handoff_share departed_share "
              "at_top_share low_messages "
              "top_messages growth coupled_share residence_variation level_variation littles_law");
  done(&reported, json);
}

Test(report_queues_json, an_unbounded_queue_has_its_rates_its_sites_and_who_fills_and_drains_it) {
  struct reported reported;
  json_t *json = document(&reported, QUEUE_UNBOUNDED), *queue = first(json, "queues");
  cr_expect_eq(integer_at(queue, "id"), 1);
  cr_expect_str_eq(text_at(queue, "kind"), "unbounded-queue");
  cr_expect(json_is_false(get(queue, "estimated")));
  cr_expect_eq(integer_at(queue, "every"), 1);
  cr_expect_eq(integer_at(queue, "arrivals"), 400);
  cr_expect_eq(integer_at(queue, "peak_bytes"), 336 * 9000);
  cr_expect_float_eq(real_at(queue, "peak_share"),
                     336 * 9000.0 / (double)reported.report.profile->peak.bytes, 1e-9);
  cr_expect_eq(real_at(queue, "rho"), 6.25);
  cr_expect_eq(real_at(get(queue, "residence"), "slope"), 5.25);
  cr_expect_eq(integer_at(first(queue, "sites"), "id"), STORY_COPY);
  cr_expect(json_is_true(get(first(queue, "sites"), "carries")));
  json_t *filled = get(queue, "filled_by"), *drained = get(queue, "drained_by");
  cr_expect_str_eq(text_at(first(filled, "threads"), "name"), "sender");
  cr_expect_str_eq(text_at(first(drained, "threads"), "name"), "worker");
  cr_expect_eq(json_array_size(get(first(filled, "stacks"), "frames")), 5);
  cr_expect_eq(json_array_size(get(first(drained, "stacks"), "frames")), 3);
  cr_expect_eq(json_array_size(get(queue, "phases")), 2);
  cr_expect_str_eq(text_at(first(queue, "phases"), "kind"), "fill");
  done(&reported, json);
}

Test(report_queues_json, a_pool_names_its_other_sites) {
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  struct queue *queue = &queues_one(&reported.report, QUEUE_UNBOUNDED)->queues[0];
  size_t other = queue->sites[1].site;
  queue->sites[0].others = &other;
  queue->sites[0].other_count = 1;
  queue->filled_by_stacks.of[0].others = 1;
  json_t *json = json_of(&reported.report, (struct selection_options){0}, NULL);
  json_t *of = first(json, "queues"), *others = get(first(of, "sites"), "others");
  cr_assert_eq(json_array_size(others), 1);
  cr_assert_eq(json_integer_value(json_array_get(others, 0)),
               reported.report.profile->sites[other].stack);
  cr_assert_eq(real_at(first(get(of, "filled_by"), "stacks"), "other_stacks"), 1);
  queue->sites[0].others = NULL;
  queue->sites[0].other_count = 0;
  done(&reported, json);
}

Test(report_queues_json, what_is_not_known_is_null) {
  struct reported reported;
  json_t *json = document(&reported, QUEUE_STALLED), *queue = first(json, "queues");
  cr_expect(json_is_null(get(queue, "bound")));
  cr_expect(json_is_null(get(queue, "bound_bytes")));
  cr_expect(json_is_null(get(queue, "policy")));
  cr_expect(json_is_null(get(queue, "rho"))); /* infinite */
  cr_expect(json_is_null(get(queue, "recommended_bound")));
  cr_expect(json_is_null(get(get(queue, "residence"), "slope")));
  cr_expect(json_is_null(get(get(queue, "residence"), "p50_ns")));
  cr_expect(json_is_null(get(get(queue, "evidence"), "in_order")));
  cr_expect_eq(json_array_size(get(get(queue, "drained_by"), "threads")), 0);
  done(&reported, json);
}

Test(report_queues_json, a_bounded_queue_has_its_bound_and_what_it_does_when_full) {
  struct reported reported;
  json_t *json = document(&reported, QUEUE_BOUNDED), *queue = first(json, "queues");
  cr_expect_str_eq(text_at(queue, "kind"), "bounded-queue");
  cr_expect_eq(integer_at(queue, "bound"), 10);
  cr_expect_eq(integer_at(queue, "bound_bytes"), 90000);
  cr_expect_str_eq(text_at(queue, "policy"), "blocking");
  cr_expect_eq(integer_at(queue, "standing_bytes"), 81000);
  done(&reported, json);
}

Test(report_queues_json, every_kind_has_its_name_and_one_can_be_asked_for) {
  static const char *const names[] = {"unbounded-queue", "stalled-or-leak", "bounded-queue",
                                      "burst",           "cache-or-pool",   "startup",
                                      "churn",           "unknown"};
  struct reported reported = report_of(story_begin(NULL, STORY_UNBOUNDED));
  struct diagnosis *diagnosis = queues_all(&reported.report);
  json_t *json = json_of(&reported.report, (struct selection_options){0}, NULL);
  cr_assert_eq(json_array_size(get(json, "queues")), QUEUE_KINDS);
  for (size_t kind = 0; kind < QUEUE_KINDS; kind++)
    cr_expect_str_eq(text_at(json_array_get(get(json, "queues"), kind), "kind"), names[kind]);
  json_decref(json);
  json = json_of(&reported.report, (struct selection_options){0}, &diagnosis->queues[3]);
  cr_assert_eq(json_array_size(get(json, "queues")), 1);
  cr_expect_eq(integer_at(first(json, "queues"), "id"), 4);
  done(&reported, json);
}
