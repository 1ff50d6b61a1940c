/* test_places.c - which sites are pooled, on hand-made stacks. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "viewer/diagnosis/candidates.h"

#define SECOND UINT64_C(1000000000)

enum { NODES = 4096, SITES = 1024 };

/* Frames have small addresses; a stack is a node, as in the trace. */
struct heap {
  uint64_t frames[NODES];
  uint32_t callers[NODES], node_count;
  struct site sites[SITES];
  struct share ends[SITES];
  struct profile profile;
};

static struct heap *heap_new(void) {
  struct heap *heap = calloc(1, sizeof(*heap));
  cr_assert(heap);
  heap->profile = (struct profile){.sites = heap->sites,
                                   .duration_ns = SECOND,
                                   .peak = {.blocks = 1000, .bytes = 100000},
                                   .held_byte_seconds = 1000};
  return heap;
}

/* Frames from the outermost to the innermost, ending with 0. */
static uint32_t stack(struct heap *heap, const uint64_t *frames) {
  uint32_t node = 0;
  for (; *frames; frames++) {
    uint32_t next = 1;
    while (next <= heap->node_count &&
           (heap->callers[next] != node || heap->frames[next] != *frames))
      next++;
    if (next > heap->node_count) heap->node_count = next;
    heap->frames[next] = *frames;
    heap->callers[next] = node;
    node = next;
  }
  return node;
}
#define STACK(heap, ...) stack(heap, (const uint64_t[]){__VA_ARGS__, 0})

/* So many blocks of 100 bytes, all of which die by one stack, or never (0). */
static struct site *site(struct heap *heap, uint32_t birth, uint32_t death, uint64_t blocks) {
  size_t index = heap->profile.site_count++;
  struct figure all = {blocks, 100 * blocks};
  heap->ends[index] = (struct share){death, blocks, 100 * blocks};
  struct site *of = &heap->sites[index];
  *of = (struct site){.stack = birth,
                      .births = blocks,
                      .total = all,
                      .max = all,
                      .at_peak = all,
                      .held_byte_seconds = (double)blocks / 10,
                      .lifetime_max_ns = SECOND / 10};
  if (death) {
    of->deaths = blocks;
    of->death_stacks = (struct shares){&heap->ends[index], 1};
  } else {
    of->at_end = all;
  }
  return of;
}

static uint64_t frame_of(const void *of, uint32_t node, uint32_t *caller) {
  const struct heap *heap = of;
  if (node == 0 || node > heap->node_count) return 0;
  *caller = heap->callers[node];
  return heap->frames[node];
}

static struct candidates choose(const struct heap *heap) {
  struct candidates candidates;
  const struct stack_tree tree = {frame_of, heap};
  cr_assert_eq(candidates_choose(&heap->profile, &tree, &candidates), 0);
  return candidates;
}

/* The candidates must be pools of these many members, in any order; 1: a site alone. */
static void expect(const struct heap *heap, const size_t *members, size_t count) {
  struct candidates candidates = choose(heap);
  cr_expect_eq(candidates.count, count, "%zu candidates instead of %zu", candidates.count, count);
  bool found[SITES] = {0};
  for (size_t i = 0; i < candidates.count; i++) {
    const struct pool *pool = candidates.of[i].pool;
    size_t size = pool ? pool->count : 1, at = 0;
    while (at < count && (found[at] || members[at] != size))
      at++;
    cr_expect(at < count, "a candidate of %zu sites", size);
    if (at < count) found[at] = true;
  }
  candidates_free(&candidates);
}
#define EXPECT(heap, ...)                                                                          \
  expect(heap, (const size_t[]){__VA_ARGS__},                                                      \
         sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t))

enum { MAIN = 1, ALLOC, PUSH, FREE, CONSUMER, OTHER, FIRST_CALLER = 100 };

Test(places, callers_of_one_function_are_one_place) {
  struct heap *heap = heap_new();
  uint32_t end = STACK(heap, MAIN, CONSUMER, FREE);
  for (uint64_t i = 0; i < 300; i++)
    site(heap, STACK(heap, MAIN, FIRST_CALLER + i, PUSH), end, 3);
  EXPECT(heap, 300);
  free(heap);
}

Test(places, the_depth_of_a_recursion_makes_no_difference) {
  struct heap *heap = heap_new();
  uint32_t end = STACK(heap, MAIN, CONSUMER, FREE);
  uint64_t frames[64] = {MAIN};
  for (size_t depth = 1; depth <= 60; depth++) {
    frames[depth] = FIRST_CALLER;
    frames[depth + 1] = PUSH;
    site(heap, stack(heap, frames), end, 3);
  }
  EXPECT(heap, 60);
  free(heap);
}

Test(places, what_one_wrapper_makes_is_told_apart_by_who_calls_it) {
  struct heap *heap = heap_new();
  uint32_t end = STACK(heap, MAIN, CONSUMER, FREE);
  for (uint64_t i = 0; i < 100; i++) {
    site(heap, STACK(heap, MAIN, FIRST_CALLER + i, PUSH, ALLOC), end, 3);
    site(heap, STACK(heap, MAIN, FIRST_CALLER + i, OTHER, ALLOC), end, 3);
  }
  EXPECT(heap, 100, 100);
  free(heap);
}

Test(places, what_dies_elsewhere_is_another_thing) {
  struct heap *heap = heap_new();
  uint32_t end = STACK(heap, MAIN, CONSUMER, FREE), other = STACK(heap, MAIN, OTHER, FREE);
  for (uint64_t i = 0; i < 100; i++)
    site(heap, STACK(heap, MAIN, FIRST_CALLER + i, ALLOC), i % 4 ? end : other, 3);
  EXPECT(heap, 75, 25);
  free(heap);
}

Test(places, what_everybody_frees_himself_is_nothing_together) {
  struct heap *heap = heap_new();
  for (uint64_t i = 0; i < 300; i++)
    site(heap, STACK(heap, MAIN, FIRST_CALLER + i, ALLOC),
         STACK(heap, MAIN, FIRST_CALLER + i, FREE), 3);
  struct candidates candidates = choose(heap);
  cr_expect_eq(candidates.count, 0);
  candidates_free(&candidates);
  free(heap);
}

Test(places, ends_that_many_sites_have_both_are_one) {
  struct heap *heap = heap_new();
  uint32_t end = STACK(heap, MAIN, CONSUMER, FREE);
  for (uint64_t i = 0; i < 100; i++) {
    struct site *of = site(heap, STACK(heap, MAIN, FIRST_CALLER + i, PUSH), end, 4);
    of->first_birth_ns = 0;
    if (i % 2) { /* some, or all, wait still */
      of->deaths = heap->ends[i].blocks = i % 4 == 1 ? 1 : 3;
      of->at_end.blocks = 4 - of->deaths;
    }
  }
  EXPECT(heap, 100);
  free(heap);
}

Test(places, what_has_not_lived_longer_may_yet_die_as_the_others) {
  struct heap *heap = heap_new();
  uint32_t end = STACK(heap, MAIN, CONSUMER, FREE);
  for (uint64_t i = 0; i < 100; i++)
    site(heap, STACK(heap, MAIN, FIRST_CALLER + i, PUSH), end, 3);
  for (uint64_t i = 100; i < 150; i++)
    site(heap, STACK(heap, MAIN, FIRST_CALLER + i, PUSH), 0, 1)->first_birth_ns =
        i < 130 ? SECOND - SECOND / 20 : SECOND / 20;
  EXPECT(heap, 130, 20);
  free(heap);
}

Test(places, sites_that_are_large_enough_stay_by_themselves) {
  struct heap *heap = heap_new();
  uint32_t end = STACK(heap, MAIN, CONSUMER, FREE);
  for (uint64_t i = 0; i < 100; i++)
    site(heap, STACK(heap, MAIN, FIRST_CALLER + i, PUSH), end, i < 2 ? 50 : 3);
  EXPECT(heap, 1, 1, 98);
  free(heap);
}

Test(places, more_sites_than_are_looked_at_by_themselves_are_pooled) {
  struct heap *heap = heap_new();
  uint32_t end = STACK(heap, MAIN, CONSUMER, FREE);
  for (uint64_t i = 0; i < 400; i++)
    site(heap, STACK(heap, MAIN, FIRST_CALLER + i, PUSH), end, 30);
  struct candidates candidates = choose(heap);
  size_t members = 0;
  for (size_t i = 0; i < candidates.count; i++)
    members += candidates.of[i].pool ? candidates.of[i].pool->count : 1;
  cr_expect_eq(members, 400);
  candidates_free(&candidates);
  free(heap);
}

Test(places, a_pool_is_the_sum_of_its_members) {
  struct heap *heap = heap_new();
  uint32_t end = STACK(heap, MAIN, CONSUMER, FREE);
  for (uint64_t i = 0; i < 10; i++)
    site(heap, STACK(heap, MAIN, FIRST_CALLER + i, PUSH), end, i + 1);
  struct candidates candidates = choose(heap);
  cr_assert_eq(candidates.count, 1);
  const struct pool *pool = candidates.of[0].pool;
  cr_assert_not_null(pool);
  cr_expect_eq(pool->sum.births, 55);
  cr_expect_eq(pool->sum.deaths, 55);
  cr_expect_eq(pool->sum.at_peak.bytes, 5500);
  cr_expect_float_eq(pool->sum.held_byte_seconds, 5.5, 1e-9);
  cr_expect_eq(pool->sum.death_stacks.count, 1);
  cr_expect_eq(pool->sum.death_stacks.of[0].blocks, 55);
  cr_expect_eq(pool->members[0], 9, "the biggest first");
  cr_expect_eq(pool->sum.stack, heap->sites[9].stack);
  candidates_free(&candidates);
  free(heap);
}

Test(places, a_pool_that_holds_next_to_nothing_is_none) {
  struct heap *heap = heap_new();
  uint32_t end = STACK(heap, MAIN, CONSUMER, FREE);
  heap->profile.peak.bytes = 100000000;
  heap->profile.held_byte_seconds = 1000000;
  for (uint64_t i = 0; i < 300; i++)
    site(heap, STACK(heap, MAIN, FIRST_CALLER + i, PUSH), end, 3);
  struct candidates candidates = choose(heap);
  cr_expect_eq(candidates.count, 0);
  candidates_free(&candidates);
  free(heap);
}
