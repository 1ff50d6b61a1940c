/* test_grouping.c - which of two sites' blocks are parts of one message, on hand-written lives. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "viewer/diagnosis/grouping.h"

#define MESSAGES 4000
#define US UINT64_C(1000)

/* Two sites of as many blocks, in order; the profile says no more than that of them. */
struct two {
  struct site sites[2];
  struct profile profile;
  struct residence_list lists[2];
  struct residences residences;
};

static struct two *two_new(void) {
  struct two *two = calloc(1, sizeof(*two));
  cr_assert(two);
  for (size_t i = 0; i < 2; i++) {
    two->sites[i] = (struct site){.births = MESSAGES, .total = {.blocks = MESSAGES}};
    struct residence *of = calloc(MESSAGES, sizeof(*of));
    cr_assert(of);
    two->lists[i] = (struct residence_list){
        .site = i, .of = of, .count = MESSAGES, .births = MESSAGES, .every = 1};
  }
  two->profile = (struct profile){.sites = two->sites, .site_count = 2};
  two->residences = (struct residences){.lists = two->lists, .count = 2};
  return two;
}

static void two_free(struct two *two) {
  for (size_t i = 0; i < 2; i++)
    free(two->lists[i].of);
  free(two);
}

static void live(struct two *two, size_t site, size_t i, uint64_t birth_ns, uint64_t death_ns) {
  two->lists[site].of[i] = (struct residence){birth_ns, 1, death_ns, 1};
}

static size_t groups(const struct two *two) {
  struct grouping grouping;
  cr_assert_eq(grouping_make(&two->profile, &two->residences, &grouping), 0);
  size_t count = grouping.count;
  grouping_free(&grouping);
  return count;
}

/* A thousand come within a tenth of a second, and all go at the end of the second. */
static uint64_t birth_in_wave(size_t i) {
  return (i / 1000) * 1000000 * US + (i % 1000) * 100 * US;
}
static uint64_t end_of_wave(size_t i) {
  return (i / 1000 + 1) * 1000000 * US + (i % 1000) * US / 2;
}

Test(grouping, payload_and_node_that_come_and_go_in_waves_are_one_message) {
  struct two *two = two_new();
  for (size_t i = 0; i < MESSAGES; i++) {
    live(two, 0, i, birth_in_wave(i), end_of_wave(i));
    live(two, 1, i, birth_in_wave(i) + 90, end_of_wave(i) + 70);
  }
  cr_expect_eq(groups(two), 1);
  two_free(two);
}

Test(grouping, a_buffer_that_is_gone_before_the_next_comes_is_no_part_of_the_message_beside_it) {
  struct two *two = two_new();
  for (size_t i = 0; i < MESSAGES; i++) {
    live(two, 0, i, birth_in_wave(i), end_of_wave(i));
    /* but one, which is at hand when there is no room */
    bool in_hand = i % 1000 == 999;
    live(two, 1, i, birth_in_wave(i) - 90 * (i > 0),
         in_hand ? end_of_wave(i) : birth_in_wave(i) + 600);
  }
  /* cut by the end of the run */
  two->lists[1].of[MESSAGES - 1].death_ns = RESIDENCE_LIVE;
  cr_expect_eq(groups(two), 2);
  two_free(two);
}

Test(grouping, a_node_that_goes_when_the_message_is_taken_is_part_of_one_that_is_freed_when_done) {
  struct two *two = two_new();
  for (size_t i = 0; i < MESSAGES; i++) {
    /* taken as soon as it comes: a healthy queue, done a little later */
    uint64_t birth_ns = i * 100 * US;
    live(two, 0, i, birth_ns, birth_ns + 60 * US);
    live(two, 1, i, birth_ns + 80, birth_ns + 3 * US);
  }
  cr_expect_eq(groups(two), 1);
  two_free(two);
}
