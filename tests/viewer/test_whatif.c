/* test_whatif.c - predictions for hand-written records, to the nanosecond; and for random ones,
 * against a clock that ticks (queue_clock.h).
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "queue_clock.h"
#include "viewer/diagnosis/whatif.h"

#define LIVE RESIDENCE_LIVE
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* birth, by, death, by */
static struct queue queue_of(struct residence *messages, size_t count) {
  return (struct queue){.id = 1,
                        .kind = QUEUE_UNBOUNDED,
                        .every = 1,
                        .bytes_per_message = 100,
                        .arrivals = (double)count,
                        .batch = 1,
                        .consumers = 1,
                        .evidence = {.in_order = 1},
                        .messages = messages,
                        .message_count = count};
}

static struct prediction predict(const struct queue *queue, uint64_t duration_ns, uint64_t bound) {
  struct prediction prediction;
  cr_assert_eq(whatif_predict(queue, duration_ns, bound, &prediction), 0);
  cr_assert_eq(prediction.bound, bound);
  cr_expect_eq(prediction.peak_bytes, prediction.peak_messages * queue->bytes_per_message);
  return prediction;
}

static void expect(struct prediction is, double peak, double finish, double wait, double p50,
                   double p99) {
  cr_expect_eq(is.peak_messages, peak, "peak is %g", is.peak_messages);
  cr_expect_eq(is.finish_ns, finish, "finish is %g", is.finish_ns);
  cr_expect_eq(is.sender_wait_ns, wait, "wait is %g", is.sender_wait_ns);
  cr_expect_eq(is.residence_p50_ns, p50, "p50 is %g", is.residence_p50_ns);
  cr_expect_eq(is.residence_p99_ns, p99, "p99 is %g", is.residence_p99_ns);
}

/* ---- one sender, one consumer ----------------------------------------------------------- */

/* one each 10, each needs 25 */
static struct residence steady[] = {
    {0, 1, 25, 2}, {10, 1, 50, 2}, {20, 1, 75, 2}, {30, 1, 100, 2}, {40, 1, 125, 2}};

Test(whatif, a_bound_that_nobody_meets_is_the_recorded_run) {
  struct queue queue = queue_of(steady, COUNT(steady));
  expect(predict(&queue, 130, 3), 4, 130, 0, 55, 85);
  expect(predict(&queue, 130, 1000), 4, 130, 0, 55, 85);
}

Test(whatif, with_room_for_one_the_sender_waits_for_each_departure) {
  struct queue queue = queue_of(steady, COUNT(steady));
  /* admitted at 0, 10, 25 (arrived 20), 50 (35), 75 (60); departures as ever */
  expect(predict(&queue, 130, 1), 3, 130, 35, 55, 65);
}

Test(whatif, with_room_for_two_only_the_last_waits) {
  struct queue queue = queue_of(steady, COUNT(steady));
  expect(predict(&queue, 130, 2), 4, 130, 10, 55, 85);
}

Test(whatif, a_sender_that_pauses_late_lets_the_consumer_run_dry_when_the_bound_is_small) {
  /* three at once, each needs 10; then the sender pauses for 25 and sends one more */
  struct residence messages[] = {{0, 1, 10, 2}, {1, 1, 20, 2}, {2, 1, 30, 2}, {27, 1, 40, 2}};
  struct queue queue = queue_of(messages, COUNT(messages));
  expect(predict(&queue, 50, 2), 3, 50, 0, 13, 28);
  /* the third is admitted at 10, the last arrives at 35 and is served at once */
  expect(predict(&queue, 50, 1), 3, 55, 8, 10, 28);
  cr_expect_eq(whatif_recommend(&queue, 50), 2);
}

Test(whatif, the_bound_to_take_costs_less_than_a_hundredth) {
  struct residence messages[] = {{0, 1, 10, 2}, {1, 1, 20, 2}, {2, 1, 30, 2}, {27, 1, 40, 2}};
  struct queue queue = queue_of(messages, COUNT(messages));
  cr_expect_eq(whatif_recommend(&queue, 500), 2); /* 5 of 500 is a hundredth */
  cr_expect_eq(whatif_recommend(&queue, 501), 1);
  struct queue other = queue_of(steady, COUNT(steady));
  cr_expect_eq(whatif_recommend(&other, 130), 1);
}

Test(whatif, without_departures_or_a_bound_there_is_no_prediction) {
  struct residence messages[] = {{0, 1, LIVE, 0}, {10, 1, LIVE, 0}};
  struct queue queue = queue_of(messages, COUNT(messages)), none = queue_of(NULL, 0);
  struct prediction prediction;
  cr_expect_eq(whatif_predict(&queue, 100, 8, &prediction), -ENODATA);
  cr_expect_eq(whatif_predict(&none, 100, 8, &prediction), -ENODATA);
  cr_expect_eq(whatif_recommend(&queue, 100), 0);
  cr_expect_eq(whatif_receive(&queue, 100, 8, 1, &prediction), -ENODATA);
  struct queue steadily = queue_of(steady, COUNT(steady));
  cr_expect_eq(whatif_predict(&steadily, 130, 0, &prediction), -EINVAL);
  cr_expect_eq(whatif_receive(&steadily, 130, 0, 1, &prediction), -EINVAL);
}

/* ---- several ---------------------------------------------------------------------------- */

Test(whatif, two_senders_are_admitted_in_the_order_in_which_they_came) {
  struct residence messages[] = {
      {0, 1, 20, 2}, {5, 3, 40, 2}, {10, 1, 60, 2}, {15, 3, 80, 2}, {20, 1, 100, 2}};
  struct queue queue = queue_of(messages, COUNT(messages));
  /* 1 waits 10 to 20, 3 15 to 40; 1 is back at 30 and waits to 60: two in hand at a time */
  expect(predict(&queue, 100, 1), 4, 100, 10 + 25 + 30, 50, 70);
}

Test(whatif, three_consumers_have_three_in_hand) {
  struct residence messages[] = {{0, 1, 30, 11}, {1, 1, 31, 12}, {2, 1, 32, 13},
                                 {3, 1, 60, 11}, {4, 1, 61, 12}, {5, 1, 62, 13}};
  struct queue queue = queue_of(messages, COUNT(messages));
  queue.consumers = 3;
  /* the fifth waits from 4 to 30, the sixth arrives at 31 */
  expect(predict(&queue, 70, 1), 5, 70, 26, 30, 57);
}

Test(whatif, a_thread_that_clears_the_rest_at_the_end_was_not_at_work_all_the_time) {
  struct residence messages[] = {{0, 1, 20, 2}, {1, 1, 40, 2}, {2, 1, 60, 2}, {3, 1, 61, 1}};
  struct queue queue = queue_of(messages, COUNT(messages));
  expect(predict(&queue, 70, 1), 3, 70, 18 + 19, 39, 58);
}

/* ---- what was not freed ----------------------------------------------------------------- */

Test(whatif, what_waits_when_the_record_ends_must_be_sent_all_the_same) {
  struct residence messages[] = {
      {0, 1, 10, 2}, {1, 1, 20, 2}, {2, 1, LIVE, 0}, {3, 1, LIVE, 0}, {4, 1, LIVE, 0}};
  struct queue queue = queue_of(messages, COUNT(messages));
  expect(predict(&queue, 25, 4), 5, 25, 0, 10, 19);
  /* served in 10 each like the others: admitted at 10, 20 and 30, and then the run ends 5 later */
  expect(predict(&queue, 25, 1), 3, 35, 8 + 9 + 9, 10, 19);
}

Test(whatif, what_later_ones_overtook_for_good_takes_no_room_and_stays) {
  struct residence messages[] = {
      {0, 1, 10, 2}, {1, 1, LIVE, 0}, {2, 1, 20, 2}, {3, 1, LIVE, 0}, {4, 1, 30, 2}};
  struct queue queue = queue_of(messages, COUNT(messages));
  expect(predict(&queue, 40, 2), 5, 40, 0, 18, 26);
  expect(predict(&queue, 40, 1), 5, 40, 6, 18, 26);
}

/* Served 3 each; the third is never done with: whoever comes after it waits for room to the end. */
Test(whatif, a_consumer_that_stood_still_to_the_end_would_have_stood_still) {
  struct residence messages[20] = {{0, 1, 3, 2}, {10, 1, 13, 2}};
  for (size_t i = 2; i < COUNT(messages); i++)
    messages[i] = (struct residence){10 * i, 1, LIVE, 0};
  struct queue queue = queue_of(messages, COUNT(messages));
  struct prediction prediction = predict(&queue, 200, 4);
  cr_expect_eq(prediction.peak_messages, 6); /* one in hand, one held back */
  cr_expect_geq(prediction.sender_wait_ns, 190 - 20 - 5 * 10);
  cr_expect_geq(prediction.finish_ns, 200);
}

/* Two consumers with a line each; all that comes is for one of them, but for a few. */
Test(whatif, lines_of_their_own_are_not_reproduced_and_nothing_is_predicted) {
  enum { MANY = 200 };
  static struct residence messages[MANY];
  uint64_t done[2] = {0};
  for (uint64_t i = 0; i < MANY; i++) {
    unsigned line = i % 10 == 0;
    uint64_t birth = 10 * i, begins = done[line] > birth ? done[line] : birth;
    done[line] = begins + 18;
    messages[i] = (struct residence){birth, 1, done[line], 2 + line};
  }
  struct queue queue = queue_of(messages, MANY);
  queue.consumers = 2;
  queue.evidence.in_order = 0.6;
  struct prediction prediction;
  struct reproduction reproduction;
  struct diagnosis diagnosis = {.queues = &queue, .count = 1};
  cr_expect_eq(whatif_reproduce(&queue, &reproduction), -ENODATA);
  cr_expect_gt(reproduction.recorded_messages, 3 * reproduction.replayed_messages);
  cr_expect_eq(whatif_predict(&queue, 5000, 8, &prediction), -ENODATA);
  cr_expect_eq(whatif_recommend(&queue, 5000), 0);
  cr_expect(whatif_doubts(&diagnosis, &queue) & WHATIF_NOT_REPRODUCED);
}

/* ---- batches ---------------------------------------------------------------------------- */

/* a sender that is done at once; batches of 1, 4, 2 that need 100 and 10 for each message */
static struct residence batches[] = {{0, 1, 110, 2}, {1, 1, 250, 2},  {2, 1, 250, 2},
                                     {3, 1, 250, 2}, {4, 1, 250, 2},  {5, 1, 370, 2},
                                     {6, 1, 370, 2}, {371, 1, 481, 2}};

static struct queue batch_queue(void) {
  struct queue queue = queue_of(batches, COUNT(batches));
  queue.batch = 2;
  return queue;
}

Test(whatif, batches_are_found_and_their_service_taken_apart) {
  struct queue queue = batch_queue();
  struct batching batching = whatif_batching(&queue);
  cr_assert(batching.known);
  cr_expect_float_eq(batching.fixed_ns, 100, 1e-9);
  cr_expect_float_eq(batching.each_ns, 10, 1e-9);
  cr_expect_eq(batching.size, 4);
  cr_expect_float_eq(batching.rate, 4e9 / 140, 1);
}

Test(whatif, a_batch_is_one_although_its_consumer_was_interrupted_between_two_frees) {
  struct residence messages[24];
  for (uint64_t i = 0; i < 24; i++) /* all sent at once; fours, 1000 each */
    messages[i] = (struct residence){i, 1, 1000 * (i / 4 + 1) + i, 2};
  for (size_t i = 10; i < 24; i++)
    messages[i].death_ns += 300; /* after two of the third */
  struct queue queue = queue_of(messages, 24);
  queue.batch = 4;
  struct prediction is = predict(&queue, 7000, 4);
  cr_expect_eq(is.peak_messages, 4 + 4 + 1);
  cr_expect_float_eq(is.finish_ns, 7000, 30);
  cr_expect(!whatif_batching(&queue).known); /* as all are of one size */
}

Test(whatif, a_consumer_takes_no_more_at_once_than_waits) {
  struct queue queue = batch_queue();
  expect(predict(&queue, 500, 6), 7, 500, 0, 247, 365);
  /* taken: 1 at 0; two at 110, 230, 350; and the last sender thought for 365 from 230 on */
  expect(predict(&queue, 500, 2), 5, 706 + 19, 107 + 118, 229, 358);
}

Test(whatif, one_by_one_nothing_is_known_of_batches) {
  struct queue queue = queue_of(steady, COUNT(steady));
  struct batching batching = whatif_batching(&queue);
  cr_expect(!batching.known);
  cr_expect(isnan(batching.fixed_ns) && isnan(batching.each_ns));
  struct prediction prediction;
  /* all of a service is each message's: as it was; all is the batch's: 1, then 2, then 2 */
  cr_assert_eq(whatif_receive(&queue, 130, 256, 0, &prediction), 0);
  cr_expect_eq(prediction.finish_ns, 130);
  cr_assert_eq(whatif_receive(&queue, 130, 256, 1, &prediction), 0);
  expect(prediction, 4, 130 - 50, 0, 35, 45);
  cr_expect_eq(prediction.bound, 0);
}

/* ---- a part of the messages ------------------------------------------------------------- */

Test(whatif, each_of_a_thinned_series_stands_for_several) {
  struct queue queue = queue_of(steady, COUNT(steady));
  queue.every = 4;
  queue.batch = NAN;
  queue.arrivals = 20;
  struct prediction prediction = predict(&queue, 130, 4);
  /* as a bound of 1: four wait, one is served, one is with the sender */
  expect(prediction, 4 + 1 + 1, 130, 35, 55, 65);
  cr_expect_eq(whatif_recommend(&queue, 130), 4);
  /* less than one of these can't be told apart */
  cr_expect_eq(predict(&queue, 130, 1).sender_wait_ns, 35);
}

/* ---- any -------------------------------------------------------------------------------- */

static struct queue random_queue(struct clock_setup *setup, uint64_t seed, struct clock_run *run) {
  *setup = clock_random(seed);
  *run = clock_run(setup, UINT64_MAX);
  struct queue queue = queue_of(run->messages, setup->count);
  queue.consumers = (uint32_t)setup->consumers;
  queue.batch = run->batch;
  return queue;
}

/* The same, from a record that a bound was at work in. */
static struct queue bounded_queue(const struct clock_setup *setup, uint64_t bound,
                                  struct clock_run *run) {
  *run = clock_run(setup, bound);
  struct queue queue = queue_of(run->messages, setup->count);
  queue.kind = QUEUE_BOUNDED;
  queue.policy = POLICY_BLOCKING;
  queue.bound = (double)(bound + setup->senders + setup->consumers);
  queue.consumers = (uint32_t)setup->consumers;
  return queue;
}

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static double percentile(const struct clock_run *run, size_t count, double p) {
  uint64_t residences[CLOCK_MESSAGES];
  for (size_t i = 0; i < count; i++)
    residences[i] = run->messages[i].death_ns - run->messages[i].birth_ns;
  qsort(residences, count, sizeof(*residences), ascending);
  return (double)residences[(size_t)ceil(p * (double)count) - 1];
}

Test(whatif, predictions_are_what_a_ticking_clock_shows) {
  for (uint64_t seed = 1; seed <= 300; seed++) {
    struct clock_setup setup;
    struct clock_run recorded, run;
    struct queue queue = random_queue(&setup, seed, &recorded);
    static const uint64_t bounds[] = {1, 2, 3, 5, 8, 13, 1000};
    for (size_t i = 0; i < COUNT(bounds); i++) {
      run = clock_run(&setup, bounds[i]);
      struct prediction is = predict(&queue, recorded.end + 7, bounds[i]);
      cr_assert_eq(is.peak_messages, run.peak, "seed %lu, bound %lu: peak %g, not %zu", seed,
                   bounds[i], is.peak_messages, run.peak);
      cr_assert_eq(is.finish_ns, run.end + 7, "seed %lu, bound %lu: finish %g, not %lu", seed,
                   bounds[i], is.finish_ns, run.end + 7);
      cr_assert_eq(is.sender_wait_ns, run.wait, "seed %lu, bound %lu: wait %g, not %lu", seed,
                   bounds[i], is.sender_wait_ns, run.wait);
      cr_assert_eq(is.residence_p50_ns, percentile(&run, setup.count, 0.5), "seed %lu", seed);
      cr_assert_eq(is.residence_p99_ns, percentile(&run, setup.count, 0.99), "seed %lu", seed);
    }
  }
}

Test(whatif, a_bounded_record_tells_of_other_bounds_too) {
  for (uint64_t seed = 2000; seed < 2200; seed++) {
    struct clock_setup setup = clock_random(seed);
    setup.batch = 1;
    setup.senders = 1; /* several change places, and are numbered by another run */
    for (size_t i = 0; i < setup.count; i++)
      setup.sender[i] = 0;
    struct clock_run recorded;
    struct queue queue = bounded_queue(&setup, 1 + seed % 5, &recorded);
    struct prediction was;
    cr_assert_eq(whatif_recorded(&queue, recorded.end, &was), 0);
    cr_assert_eq(was.finish_ns, recorded.end);
    cr_assert_eq(was.peak_messages, recorded.peak);
    cr_assert_eq(was.sender_wait_ns, recorded.wait);
    cr_assert_eq(was.bound, 0);
    for (uint64_t bound = 1; bound < 20; bound++) {
      struct clock_run run = clock_run(&setup, bound);
      struct prediction is = predict(&queue, recorded.end, bound);
      cr_assert_eq(is.finish_ns, run.end, "seed %lu, bound %lu", seed, bound);
      cr_assert_eq(is.peak_messages, run.peak, "seed %lu, bound %lu", seed, bound);
      cr_assert_eq(is.sender_wait_ns, run.wait, "seed %lu, bound %lu", seed, bound);
    }
  }
}

Test(whatif, more_room_is_never_worse_but_in_memory) {
  for (uint64_t seed = 1000; seed < 1600; seed++) {
    struct clock_setup setup;
    struct clock_run recorded;
    struct queue queue = random_queue(&setup, seed, &recorded);
    /* several senders may change places, and a consumer that takes one more is later */
    if (setup.batch > 1 || setup.senders > 1) continue;
    struct prediction before = predict(&queue, recorded.end, 1);
    for (uint64_t bound = 2; bound < 20; bound++) {
      struct prediction is = predict(&queue, recorded.end, bound);
      cr_assert_geq(is.peak_messages, before.peak_messages, "seed %lu, bound %lu", seed, bound);
      cr_assert_leq(is.sender_wait_ns, before.sender_wait_ns, "seed %lu, bound %lu", seed, bound);
      cr_assert_leq(is.finish_ns, before.finish_ns, "seed %lu, bound %lu", seed, bound);
      cr_assert_leq(is.peak_messages, (double)(bound + setup.senders + setup.consumers));
      before = is;
    }
    uint64_t least = whatif_recommend(&queue, recorded.end);
    double latest = 1.01 * (double)recorded.end;
    cr_assert_lt(predict(&queue, recorded.end, least).finish_ns, latest);
    cr_assert(least == 1 || predict(&queue, recorded.end, least - 1).finish_ns >= latest);
  }
}
