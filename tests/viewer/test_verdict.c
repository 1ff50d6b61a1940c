/* test_verdict.c - the kind of hand-written lives, where the zoos have no such behaviour. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "viewer/diagnosis/diagnosis.h"

#define MS UINT64_C(1000000)
#define BYTES 16384

/* The verdict on one site, all of whose blocks are of one size; `folded`: others of it that died
 * young, over RESIDENCE_BUCKETS parts of the run, or NULL. */
static enum queue_kind kind_beside(struct residence *lives, size_t count, uint64_t duration_ns,
                                   double *folded) {
  uint64_t young = 0;
  for (size_t i = 0; folded && i < RESIDENCE_BUCKETS; i++)
    young += (uint64_t)folded[i];
  struct site site = {.births = count + young,
                      .deaths = count + young,
                      .folded = {.blocks = young, .bytes = young * BYTES},
                      .total = {.blocks = count, .bytes = count * BYTES},
                      .max = {.blocks = count, .bytes = count * BYTES}};
  struct profile profile = {.sites = &site,
                            .site_count = 1,
                            .duration_ns = duration_ns,
                            .births = count,
                            .deaths = count,
                            .total = site.total,
                            .peak = site.max};
  struct residence_list list = {
      .of = lives, .count = count, .births = count, .every = 1, .folded = folded};
  struct residences residences = {.lists = &list, .count = 1, .duration_ns = duration_ns};
  struct diagnosis diagnosis;
  cr_assert_eq(diagnosis_make(&profile, &residences, &diagnosis), 0);
  cr_assert_eq(diagnosis.count, 1);
  enum queue_kind kind = diagnosis.queues[0].kind;
  diagnosis_free(&diagnosis);
  return kind;
}

static enum queue_kind kind_of(struct residence *lives, size_t count, uint64_t duration_ns) {
  return kind_beside(lives, count, duration_ns, NULL);
}

/* As a server's buffers for its clients, which come and go together. */
Test(verdict, what_comes_at_once_and_goes_at_once_again_and_again_is_a_burst) {
  enum { WAVES = 8, EACH = 20 };
  static struct residence lives[WAVES * EACH];
  for (size_t i = 0; i < WAVES * EACH; i++) {
    uint64_t wave_ns = i / EACH * 100 * MS, within = i % EACH * 10000;
    lives[i] = (struct residence){wave_ns + MS + within, 1, wave_ns + 99 * MS + within, 1};
  }
  cr_expect_eq(kind_of(lives, WAVES * EACH, WAVES * 100 * MS), QUEUE_BURST);
}

/* The same number, each in its own time: full all the while. */
Test(verdict, what_goes_one_by_one_and_is_replaced_is_a_bounded_queue) {
  enum { COUNT = 400, BOUND = 20 };
  static struct residence lives[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    uint64_t birth_ns = i < BOUND ? i * MS / 100 : (i - BOUND + 1) * MS + MS / 2;
    lives[i] = (struct residence){birth_ns, 1, (i + 1) * MS, 2};
  }
  cr_expect_eq(kind_of(lives, COUNT, COUNT * MS), QUEUE_BOUNDED);
}

/* As a compiler's pass: a few that come and go, then many in a moment, freed in order by and by. */
Test(verdict, a_list_that_is_made_in_a_moment_is_no_queue_whatever_was_before) {
  enum { BEFORE = 60, COUNT = 300 };
  static struct residence lives[COUNT];
  for (size_t i = 0; i < BEFORE; i++)
    lives[i] = (struct residence){i * 100 * MS, 1, (i + 1) * 100 * MS + MS, 1};
  for (size_t i = BEFORE; i < COUNT; i++) {
    uint64_t birth_ns = BEFORE * 100 * MS + 50 * MS + i * MS / 20;
    lives[i] = (struct residence){birth_ns, 1, birth_ns + 200 * MS + i * MS / 20, 1};
  }
  cr_expect_neq(kind_of(lives, COUNT, 8000 * MS), QUEUE_UNBOUNDED);
}

/* As what threads are given to work on, and keep until they end. */
Test(verdict, what_is_kept_to_the_end_and_freed_by_others_in_any_order_is_no_unbounded_queue) {
  enum { COUNT = 88 };
  static struct residence lives[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    uint64_t place = i * 37 % COUNT;
    lives[i] = (struct residence){i * 80 * MS, 1, 7100 * MS + place * 5 * MS, 2};
    if (i % 10 == 5) lives[i].death_ns = lives[i].birth_ns + 300 * MS;
  }
  cr_expect_neq(kind_of(lives, COUNT, 8000 * MS), QUEUE_UNBOUNDED);
}

/* As a router with a line for each worker, of which one gets nearly all. */
Test(verdict, lines_of_their_own_of_which_one_is_overloaded_are_an_unbounded_queue) {
  enum { COUNT = 600, WORKERS = 3 };
  static struct residence lives[COUNT];
  uint64_t done[WORKERS] = {0};
  for (size_t i = 0; i < COUNT; i++) {
    size_t worker = i % 4 == 1 ? 1 : i % 4 == 3 ? 2 : 0;
    uint64_t birth_ns = (i + 1) * MS, begins = done[worker] > birth_ns ? done[worker] : birth_ns;
    done[worker] = begins + 3 * MS;
    uint64_t death_ns = done[worker] < COUNT * MS ? done[worker] : RESIDENCE_LIVE;
    lives[i] = (struct residence){birth_ns, 1, death_ns, (2 + worker) & 0xffff};
  }
  cr_expect_eq(kind_of(lives, COUNT, COUNT * MS), QUEUE_UNBOUNDED);
}

/* A loop that receives what has come, and serves one a turn: each leaves just before others come.
 */
Test(verdict, a_loop_that_serves_one_of_two_a_turn_has_an_unbounded_queue) {
  enum { TURNS = 300 };
  static struct residence lives[2 * TURNS];
  for (size_t i = 0; i < 2 * TURNS; i++) {
    uint64_t birth_ns = (i / 2 + 1) * MS + 1000 * (1 + i % 2);
    lives[i] = (struct residence){birth_ns, 1, i < TURNS - 1 ? (i + 2) * MS : RESIDENCE_LIVE, 1};
  }
  cr_expect_eq(kind_of(lives, 2 * TURNS, (TURNS + 1) * MS), QUEUE_UNBOUNDED);
}

/* The same numbers, but each leaves just after others came: they push it out. */
Test(verdict, a_window_that_widens_is_no_unbounded_queue) {
  enum { TURNS = 300 };
  static struct residence lives[2 * TURNS];
  for (size_t i = 0; i < 2 * TURNS; i++) {
    uint64_t birth_ns = (i / 2 + 1) * MS + 1000 * (1 + i % 2);
    lives[i] =
        (struct residence){birth_ns, 1, i < TURNS - 1 ? (i + 2) * MS + 3000 : RESIDENCE_LIVE, 1};
  }
  cr_expect_neq(kind_of(lives, 2 * TURNS, (TURNS + 1) * MS), QUEUE_UNBOUNDED);
}

/* As a broker's for a client that is away, and comes back: 400 within 100 ms, then one a ms. */
static void fill_and_drain(struct residence *lives, size_t count) {
  for (size_t i = 0; i < count; i++)
    lives[i] = (struct residence){MS + i * MS / 4, 1, 10 * MS + (i + 1) * 2 * MS, 2};
}

Test(verdict, what_filled_and_has_turned_away_since_has_a_bound) {
  enum { COUNT = 400 };
  static struct residence lives[COUNT];
  static double folded[RESIDENCE_BUCKETS];
  fill_and_drain(lives, COUNT);
  cr_expect_eq(kind_of(lives, COUNT, 1024 * MS), QUEUE_UNBOUNDED);
  for (size_t i = 60; i < 160; i++) /* 120 to 320 ms: the last one came at 101 */
    folded[i] = 2;
  cr_expect_eq(kind_beside(lives, COUNT, 1024 * MS, folded), QUEUE_BOUNDED);
  for (size_t i = 0; i < 160; i++) /* all the time: something else */
    folded[i] = 2;
  cr_expect_eq(kind_beside(lives, COUNT, 1024 * MS, folded), QUEUE_UNBOUNDED);
}

Test(verdict, what_came_at_the_start_and_grew_little_since_is_startup) {
  enum { COUNT = 400, LATER = 60 };
  static struct residence lives[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    size_t early = COUNT - LATER;
    uint64_t birth_ns = i < early ? MS + i * MS / 20 : (i - early + 2) * 15 * MS;
    lives[i] = (struct residence){birth_ns, 1, RESIDENCE_LIVE, 0};
  }
  cr_expect_eq(kind_of(lives, COUNT, 1000 * MS), QUEUE_STARTUP);
  for (size_t i = 0; i < COUNT; i++)
    lives[i].birth_ns = (i + 1) * 2 * MS;
  cr_expect_eq(kind_of(lives, COUNT, 1000 * MS), QUEUE_STALLED);
}
