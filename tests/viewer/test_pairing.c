/* test_pairing.c - the pairing and the ledger by themselves: two books that must agree, and notice
 * when one of them is wrong. */
#include <criterion/criterion.h>

#include "viewer/pairing.h"

static const uint32_t thread_names[1];

static struct run_clock clock_ns(void) {
  return run_clock_begin(0, 0, true);
}

/* A small world of blocks on 3 lanes: births, deaths, reallocs in flight, stray ones. */
static void make_events(struct event_batch *batch) {
  static const struct event events[] = {
      {.ticks = 10, .address = 0x100, .size = 8, .kind = EVENT_BIRTH},
      {.ticks = 20, .address = 0x200, .size = 100, .stack = 1, .kind = EVENT_BIRTH},
      {.ticks = 30, .address = 0x100, .kind = EVENT_RELEASE},
      {.ticks = 35, .address = 0x100, .size = 3, .kind = EVENT_BIRTH},
      {.ticks = 40, .address = 0x300, .size = 50, .kind = EVENT_TAKE},
      {.ticks = 50, .address = 0x999, .kind = EVENT_DEATH},
      {.ticks = 60, .address = 0x200, .size = 7, .kind = EVENT_BIRTH}, /* at a taken address */
      {.ticks = 70, .address = 0x300, .kind = EVENT_DEATH},
      {.ticks = 80, .address = 0x100, .kind = EVENT_RELEASE}, /* never returns */
  };
  static const uint32_t lanes[] = {0, 1, 0, 2, 0, 1, 2, 1, 2};
  batch->count = sizeof(events) / sizeof(*events);
  memcpy(batch->events, events, sizeof(events));
  memcpy(batch->lanes, lanes, sizeof(lanes));
}

struct books {
  struct run_clock clock;
  struct pairing pairing;
  struct ledger ledger;
  struct profile *profile;
};

static void books_open(struct books *books) {
  *books = (struct books){.clock = clock_ns()};
  cr_assert_eq(pairing_begin(&books->pairing, &books->clock, thread_names, 3, NULL, 0), 0);
  cr_assert_eq(ledger_begin(&books->ledger, 3, 0), 0);
}

static void books_close(struct books *books, uint64_t ticks) {
  cr_assert_eq(pairing_finish(&books->pairing, ticks, &books->ledger, &books->profile), 0);
}

static void books_free(struct books *books) {
  profile_free(books->profile);
  pairing_free(&books->pairing);
  ledger_free(&books->ledger);
}

Test(pairing, two_books_of_the_same_events_agree_to_the_byte_tick) {
  static struct event_batch batch;
  struct books books;
  make_events(&batch);
  books_open(&books);
  cr_assert_eq(ledger_enter(&books.ledger, &batch), 0);
  cr_assert_eq(pairing_take(&books.pairing, &batch), 0);
  books_close(&books, 100);
  /* 8 x 30 + 50 x 30, 100 x 40, 3 x 65 (in flight at the end), 7 x 40 */
  uint64_t held = 8 * 30 + 50 * 30 + 100 * 40 + 3 * 65 + 7 * 40;
  cr_assert(books.ledger.byte_ticks == held);
  cr_assert(books.pairing.held == held);
  cr_assert(books.profile->check.agree);
  cr_assert_eq(books.profile->at_end.blocks, 2);
  cr_assert_eq(books.profile->at_end.bytes, 10);
  cr_assert_eq(books.profile->unmatched_deaths, 1);
  cr_assert_eq(books.profile->order_violations, 1);
  books_free(&books);
}

Test(pairing, a_death_paired_with_the_wrong_birth_makes_the_books_disagree) {
  struct event_batch batch = {
      .count = 2,
      .events = {{.ticks = 10, .address = 0x100, .size = 8, .kind = EVENT_BIRTH},
                 {.ticks = 20, .address = 0x200, .size = 9, .kind = EVENT_BIRTH}},
  };
  struct event_batch death = {
      .count = 1,
      .events = {{.ticks = 50, .address = 0x100, .kind = EVENT_DEATH}},
  };
  for (int planted = 0; planted < 2; planted++) {
    struct books books;
    books_open(&books);
    cr_assert_eq(ledger_enter(&books.ledger, &batch), 0);
    cr_assert_eq(pairing_take(&books.pairing, &batch), 0);
    if (planted) {
      struct block *one = blocks_find(&books.pairing.blocks, 0x100),
                   *other = blocks_find(&books.pairing.blocks, 0x200), swap = *one;
      *one = *other;
      *other = swap;
      one->address = 0x100;
      other->address = 0x200;
    }
    cr_assert_eq(ledger_enter(&books.ledger, &death), 0);
    cr_assert_eq(pairing_take(&books.pairing, &death), 0);
    books_close(&books, 100);
    cr_assert_eq(books.profile->check.agree, !planted);
    if (planted)
      cr_assert_neq(books.profile->check.held_by_pairs, books.profile->check.held_by_curve);
    books_free(&books);
  }
}

Test(pairing, a_death_that_one_book_never_sees_makes_them_disagree) {
  static struct event_batch batch;
  struct books books;
  make_events(&batch);
  books_open(&books);
  cr_assert_eq(ledger_enter(&books.ledger, &batch), 0);
  batch.events[7].address = 0x301;
  cr_assert_eq(pairing_take(&books.pairing, &batch), 0);
  books_close(&books, 100);
  cr_assert_not(books.profile->check.agree);
  books_free(&books);
}

Test(pairing, hostile_sizes_and_times_wrap_in_both_books_alike) {
  struct event_batch batch = {
      .count = 5,
      .events = {{.ticks = 1, .address = 0, .size = UINT64_MAX, .kind = EVENT_BIRTH},
                 {.ticks = 2, .address = UINT64_MAX, .size = UINT64_MAX, .kind = EVENT_BIRTH},
                 {.ticks = UINT64_MAX - 5, .address = 0, .kind = EVENT_RELEASE},
                 {.ticks = UINT64_MAX - 4, .address = 1, .size = 1, .kind = EVENT_TAKE},
                 {.ticks = UINT64_MAX - 1, .address = UINT64_MAX, .kind = EVENT_DEATH}},
  };
  struct books books;
  books_open(&books);
  cr_assert_eq(ledger_enter(&books.ledger, &batch), 0);
  cr_assert_eq(pairing_take(&books.pairing, &batch), 0);
  books_close(&books, UINT64_MAX);
  cr_assert(books.profile->check.agree);
  books_free(&books);
}

Test(pairing, the_table_of_blocks_finds_what_is_in_it_and_nothing_else) {
  enum { ADDRESSES = 3000, STEPS = 200000 };
  static bool in[ADDRESSES];
  struct blocks blocks = {0};
  uint32_t state = 7;
  size_t count = 0;
  for (int step = 0; step < STEPS; step++) {
    state = state * 1664525 + 1013904223;
    uint32_t which = (state >> 8) % ADDRESSES;
    uint64_t address = 0x7f0000000000 + 16 * (uint64_t)which * which;
    struct block *block = blocks_find(&blocks, address);
    cr_assert_eq(block != NULL, in[which]);
    if (block) {
      cr_assert_eq(block->bytes, which);
      blocks_remove(&blocks, block);
    } else {
      block = blocks_place(&blocks, address);
      cr_assert_eq(block->site, 0);
      block->site = 1;
      block->bytes = which;
    }
    count += in[which] ? -1 : 1;
    in[which] = !in[which];
    cr_assert_eq(blocks.count, count);
  }
  blocks_free(&blocks);
}
