/* test_temporaries.c - drafts of messages against messages that were turned away. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "viewer/diagnosis/temporaries.h"

#define MS UINT64_C(1000000)

/* A message a ms for 600 ms that stays for 100 ms, so that 100 are there from then on; and at each
 * half ms from `young_ns` on one that is freed at once by who made it. */
enum { MESSAGES = 600, STAY = 100 };

static struct residence_list list_of(uint64_t young_ns) {
  struct residence_list list = {.of = calloc(2 * MESSAGES, sizeof(struct residence)), .every = 1};
  cr_assert(list.of);
  for (size_t i = 0; i < MESSAGES; i++) {
    uint64_t birth_ns = (i + 1) * MS, draft_ns = birth_ns + MS / 2;
    list.of[list.count++] = (struct residence){birth_ns, 1, birth_ns + STAY * MS, 2};
    if (draft_ns >= young_ns)
      list.of[list.count++] = (struct residence){draft_ns, 1, draft_ns + 500, 1};
  }
  list.births = list.count;
  return list;
}

Test(temporaries, drafts_come_while_it_fills_and_are_taken_out) {
  struct residence_list list = list_of(0);
  cr_assert_eq(temporaries_sift(&list, 700 * MS), 0);
  cr_expect(list.temporaries);
  cr_expect_eq(list.count, MESSAGES);
  cr_expect_eq(list.births, MESSAGES);
  cr_expect_eq(list.taken_out, MESSAGES);
  cr_expect_float_eq(residences_kept(&list), 0.5, 1e-9);
  for (size_t i = 0; i < list.count; i++)
    cr_assert_eq(list.of[i].death_thread, 2);
  free(list.of);
}

Test(temporaries, what_is_turned_away_comes_when_it_is_full_only_and_stays_in) {
  struct residence_list list = list_of((STAY + 1) * MS);
  size_t all = list.count;
  cr_assert_eq(temporaries_sift(&list, 700 * MS), 0);
  cr_expect_not(list.temporaries);
  cr_expect_eq(list.count, all);
  cr_expect_eq(list.taken_out, 0);
  cr_expect_geq(list.when_full, all - MESSAGES - 1);
  free(list.of);
}

Test(temporaries, where_all_are_gone_soon_nothing_is_taken_out) {
  struct residence_list list = list_of(0);
  for (size_t i = 0; i < list.count; i++)
    list.of[i].death_ns = list.of[i].birth_ns + 500;
  size_t all = list.count;
  cr_assert_eq(temporaries_sift(&list, 700 * MS), 0);
  cr_expect_not(list.temporaries);
  cr_expect_eq(list.count, all);
  free(list.of);
}
