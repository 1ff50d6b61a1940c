/* test_predictions.c - what is predicted of a bound from the run without it, against the run with
 * it: the same messages, think times and service times. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "flow.h"
#include "judgement.h"
#include "viewer/diagnosis/whatif.h"

#define SERVICE_NS 200000.0

static const struct plan unbounded = {
    .name = "queue",
    .kinds = KIND(QUEUE_UNBOUNDED),
    .messages = 3000,
    .arrival_ns = SERVICE_NS / 2,
    .service_ns = SERVICE_NS,
    .think = EXPONENTIAL,
    .service = EXPONENTIAL,
};

static int residence_order(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static double residence_at(const struct truth *truth, double share) {
  double *residences = calloc(truth->count, sizeof(*residences));
  cr_assert_not_null(residences);
  for (size_t i = 0; i < truth->count; i++)
    residences[i] = (double)(truth->stays[i].departure_ns - truth->stays[i].arrival_ns);
  qsort(residences, truth->count, sizeof(*residences), residence_order);
  double found = residences[(size_t)(share * (double)(truth->count - 1))];
  free(residences);
  return found;
}

struct scene {
  const struct plan *plan; /* without a bound */
  struct shape shape;
  uint64_t duration_ns; /* of that run */
  struct diagnosis diagnosis;
  struct profile *profile;
  const struct queue *queue;
};

static struct scene scene_open(const struct plan *plan, struct shape shape) {
  struct scene scene = {.plan = plan, .shape = shape};
  struct run run = process_live(&shape, flow_plan, plan);
  struct recorded recorded = recording_make(&run.history, RECORDING_EXACT, 0, 0);
  scene.duration_ns = run.history.end_ns;
  scene.profile = recorded_diagnose(&recorded, &scene.diagnosis);
  scene.queue = judgement_queue(scene.profile, &scene.diagnosis, run.truths[0].sites[0]);
  cr_assert_not_null(scene.queue);
  recorded_free(&recorded);
  run_free(&run);
  return scene;
}

static void scene_close(struct scene *scene) {
  diagnosis_free(&scene->diagnosis);
  profile_free(scene->profile);
}

static struct run run_with(const struct scene *scene, unsigned bound) {
  struct plan plan = *scene->plan;
  plan.bound = bound;
  plan.policy = POLICY_BLOCKING;
  return process_live(&scene->shape, flow_plan, &plan);
}

static void assert_near(const struct scene *scene, const char *what, double predicted, double is,
                        double off, unsigned bound) {
  cr_expect(fabs(predicted - is) <= off,
            "%u to %u threads, %s, bound %u: %s %.0f predicted, %.0f is", scene->shape.producers,
            scene->shape.consumers, form_names[scene->shape.form], bound, what, predicted, is);
}

/* A message has arrived when its first block has, and is to be had some mallocs later: the record
 * doesn't tell the two apart. */
#define MALLOCS_NS (4.0 * MALLOC_NS)

static void assert_prediction(const struct scene *scene, unsigned bound) {
  struct prediction predicted;
  struct run run = run_with(scene, bound);
  const struct truth *truth = &run.truths[0];
  cr_assert_eq(whatif_predict(scene->queue, scene->duration_ns, bound, &predicted), 0);
  cr_assert_eq(predicted.bound, bound);
  assert_near(scene, "messages at peak", predicted.peak_messages, truth->most, 0, bound);
  assert_near(scene, "finish", predicted.finish_ns, (double)run.history.end_ns, MALLOCS_NS, bound);
  assert_near(scene, "senders' wait", predicted.sender_wait_ns, truth->waited_ns,
              MALLOCS_NS * scene->shape.producers, bound);
  assert_near(scene, "residence p50", predicted.residence_p50_ns, residence_at(truth, 0.5),
              MALLOCS_NS, bound);
  assert_near(scene, "residence p99", predicted.residence_p99_ns, residence_at(truth, 0.99),
              MALLOCS_NS, bound);
  run_free(&run);
}

static void predict(const struct plan *plan, unsigned producers, unsigned consumers,
                    enum form form) {
  static const unsigned bounds[] = {1, 8, 64, 512, 100000};
  struct scene scene = scene_open(plan, (struct shape){producers, consumers, form, 3});
  for (unsigned i = 0; i < sizeof(bounds) / sizeof(*bounds); i++)
    assert_prediction(&scene, bounds[i]);
  scene_close(&scene);
}

Test(predictions, a_bound_is_predicted_for_one_sender_and_one_consumer) {
  predict(&unbounded, 1, 1, FORM_ONE);
  predict(&unbounded, 1, 1, FORM_THREE);
}

Test(predictions, a_bound_is_predicted_for_several_senders) {
  predict(&unbounded, 3, 1, FORM_ONE);
}

Test(predictions, a_bound_is_predicted_for_several_consumers) {
  predict(&unbounded, 1, 3, FORM_ONE);
  predict(&unbounded, 3, 2, FORM_ONE);
}

/* Bursts: then a small bound costs time, and how much is to be known. */
static const struct plan in_bursts = {
    .name = "queue",
    .kinds = KIND(QUEUE_UNBOUNDED),
    .messages = 3000,
    .arrival_ns = SERVICE_NS / 6,
    .service_ns = SERVICE_NS,
    .think = EXPONENTIAL,
    .service = LOGNORMAL,
    .burst = 200,
    .rest_ns = 100 * SERVICE_NS,
};

Test(predictions, the_bound_that_is_recommended_is_the_least_that_costs_less_than_1_percent) {
  struct scene scene = scene_open(&in_bursts, (struct shape){1, 1, FORM_ONE, 4});
  unsigned bound = (unsigned)whatif_recommend(scene.queue, scene.duration_ns);
  cr_assert_gt(bound, 1);
  struct run with = run_with(&scene, bound), with_less = run_with(&scene, bound - 1);
  cr_assert_lt((double)with.history.end_ns, 1.01 * (double)scene.duration_ns);
  cr_assert_geq((double)with_less.history.end_ns, 1.01 * (double)scene.duration_ns);
  run_free(&with);
  run_free(&with_less);
  scene_close(&scene);
}
