/* test_whatif_doubts.c - each doubt where there is reason to, and not where there is none. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "viewer/diagnosis/whatif.h"

enum { COUNT = 400 };
#define US UINT64_C(1000)

struct record {
  struct queue queue;
  struct residence messages[COUNT];
};

static uint64_t random_below(uint64_t *state, uint64_t below) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (*state * 0x2545f4914f6cdd1du >> 33) % below;
}

/* One fills (thread 1) at random every 20 to 180 us, one drains (thread 2), 300 us each. */
static void make(struct record *record) {
  uint64_t random = 1, birth_ns = 0, death_ns = 0;
  *record = (struct record){.queue = {.id = 1,
                                      .kind = QUEUE_UNBOUNDED,
                                      .every = 1,
                                      .arrivals = COUNT,
                                      .batch = 1,
                                      .consumers = 1,
                                      .messages = record->messages,
                                      .message_count = COUNT}};
  for (size_t i = 0; i < COUNT; i++) {
    birth_ns += 20 * US + random_below(&random, 160 * US);
    death_ns = (death_ns > birth_ns ? death_ns : birth_ns) + 300 * US;
    record->messages[i] = (struct residence){
        .birth_ns = birth_ns, .birth_thread = 1, .death_ns = death_ns, .death_thread = 2};
  }
}

static unsigned doubts_of(const struct record *record) {
  const struct diagnosis diagnosis = {.queues = (struct queue *)&record->queue, .count = 1};
  return whatif_doubts(&diagnosis, &diagnosis.queues[0]);
}

Test(whatif_doubts, a_sender_that_works_and_a_consumer_that_works_leave_none) {
  struct record record;
  make(&record);
  cr_expect_eq(doubts_of(&record), 0);
}

Test(whatif_doubts, a_sender_that_makes_up_for_delays_keeps_to_a_clock) {
  struct record record;
  make(&record);
  uint64_t random = 7;
  for (size_t i = 0; i < COUNT; i++)
    record.messages[i].birth_ns = i * 100 * US + random_below(&random, 30 * US);
  cr_expect_eq(doubts_of(&record), WHATIF_OPEN_LOOP);
}

Test(whatif_doubts, a_sender_that_sleeps_between_sends_can_be_held_back) {
  struct record record;
  make(&record);
  uint64_t random = 7, birth_ns = 0;
  for (size_t i = 0; i < COUNT; i++)
    record.messages[i].birth_ns = birth_ns += 100 * US + random_below(&random, 30 * US);
  cr_expect_eq(doubts_of(&record), 0);
}

Test(whatif_doubts, one_thread_that_fills_and_drains_could_wait_for_itself) {
  struct record record;
  make(&record);
  for (size_t i = 0; i < COUNT; i++)
    record.messages[i].birth_thread = 2;
  cr_expect_eq(doubts_of(&record), WHATIF_CYCLE);
}

Test(whatif_doubts, a_sender_that_clears_the_rest_at_the_end_is_no_cycle) {
  struct record record;
  make(&record);
  for (size_t i = COUNT - 20; i < COUNT; i++)
    record.messages[i].death_thread = 1;
  cr_expect_eq(doubts_of(&record), 0);
}

Test(whatif_doubts, queues_that_lead_back_to_the_sender_are_a_cycle) {
  struct record way, there, back;
  make(&way);
  make(&there);
  make(&back);
  for (size_t i = 0; i < COUNT; i++) {
    there.messages[i].birth_thread = 2;
    there.messages[i].death_thread = 3;
    back.messages[i].birth_thread = 3;
    back.messages[i].death_thread = 1;
  }
  struct queue queues[] = {back.queue, way.queue, there.queue};
  const struct diagnosis all = {.queues = queues, .count = 3}, two = {.queues = queues, .count = 2};
  for (size_t i = 0; i < 3; i++)
    cr_expect_eq(whatif_doubts(&all, &queues[i]), WHATIF_CYCLE);
  for (size_t i = 0; i < 2; i++)
    cr_expect_eq(whatif_doubts(&two, &queues[i]), 0);
}

Test(whatif_doubts, service_that_is_slower_beside_the_senders_is_on_a_shared_cpu) {
  struct record record;
  make(&record);
  uint64_t last_ns = record.messages[COUNT - 1].birth_ns, death_ns = 0;
  for (size_t i = 0; i < COUNT; i++) {
    uint64_t birth_ns = record.messages[i].birth_ns;
    if (death_ns < birth_ns) death_ns = birth_ns;
    death_ns += death_ns < last_ns ? 400 * US : 300 * US;
    record.messages[i].death_ns = death_ns;
  }
  cr_expect_eq(doubts_of(&record), WHATIF_SHARED_CPU);
}

Test(whatif_doubts, last_in_first_out_is_out_of_order) {
  struct record record;
  make(&record);
  for (size_t i = 0; i < COUNT; i += 8) /* eight come, and leave the other way round */
    for (size_t j = 0; j < 8; j++)
      record.messages[i + j].death_ns = record.messages[i + 7].birth_ns + (8 - j) * 300 * US;
  cr_expect(doubts_of(&record) & WHATIF_NOT_FIFO);
}

Test(whatif_doubts, consumers_that_overtake_each_other_are_in_order) {
  struct record record;
  make(&record);
  record.queue.consumers = 3;
  for (size_t i = 0; i + 3 <= COUNT; i += 3) { /* the third is always done first */
    uint64_t begin_ns = record.messages[COUNT - 1].birth_ns + i * 100 * US;
    for (size_t j = 0; j < 3; j++) {
      record.messages[i + j].death_ns = begin_ns + (3 - j) * 90 * US;
      record.messages[i + j].death_thread = (uint16_t)(2 + j);
    }
  }
  cr_expect_eq(doubts_of(&record) & WHATIF_NOT_FIFO, 0);
  record.queue.consumers = 1;
  cr_expect(doubts_of(&record) & WHATIF_NOT_FIFO);
}

Test(whatif_doubts, what_never_departed_and_what_was_not_looked_at_is_told) {
  struct record record;
  make(&record);
  for (size_t i = COUNT - 4; i < COUNT; i++)
    record.messages[i].death_ns = RESIDENCE_LIVE;
  cr_expect_eq(doubts_of(&record), 0); /* a hundredth */
  record.messages[COUNT - 5].death_ns = RESIDENCE_LIVE;
  cr_expect_eq(doubts_of(&record), WHATIF_LIVE);
  record.queue.every = 2;
  cr_expect_eq(doubts_of(&record), WHATIF_LIVE | WHATIF_THINNED);
  record.queue.every = 1;
  record.queue.estimated = true;
  cr_expect_eq(doubts_of(&record), WHATIF_LIVE | WHATIF_THINNED);
}

Test(whatif_doubts, batches_of_one_size_do_not_tell_what_a_smaller_one_takes) {
  struct record record;
  make(&record);
  record.queue.batch = 10;
  uint64_t last_ns = record.messages[COUNT - 1].birth_ns;
  for (size_t i = 0; i < COUNT; i++)
    record.messages[i].death_ns = last_ns + (i / 10 + 1) * 300 * US + i % 10;
  cr_expect_eq(doubts_of(&record), WHATIF_BATCHES);
  cr_expect(!whatif_batching(&record.queue).known);
}
