/* stack_tree.c - nodes in dense segments, found through hash levels that double.
 *
 * A level is an open-addressing table of node numbers. When the newest is half full a level of
 * twice its size is put in front; look-ups go from the newest to the oldest, and what is found in
 * an older one is entered in the newest, so that old levels cool down. Nothing is ever removed or
 * moved: a forgotten node gets a pc that no stack has.
 */
#include "stack_tree.h"

#include <stddef.h>

#include "modules.h"
#include "process.h"
#include "record.h"
#include "sys.h"
#include "trace_out.h"

#define FIRST_LEVEL_BITS 13
#define LEVELS_MAX 13
#define FORGOTTEN_PC UINT64_MAX

struct level {
  uint32_t mask;
  uint32_t used;
  uint32_t numbers[];
};

struct stack_tree_node *stack_tree_segments[STACK_TREE_SEGMENTS];
static uint32_t nodes_made;
static struct level *levels[LEVELS_MAX]; /* oldest first */
static uint32_t levels_made;
uint32_t stack_tree_epochs;

static struct stack_tree_node *node_at(uint32_t number) {
  return &__atomic_load_n(&stack_tree_segments[number / STACK_TREE_SEGMENT],
                          __ATOMIC_ACQUIRE)[number % STACK_TREE_SEGMENT];
}

/* Mixes as MurmurHash3's 64-bit finalizer does (Appleby, public domain). */
static uint32_t hash(uint32_t parent, uint64_t pc) {
  uint64_t h = pc ^ (uint64_t)parent << 40 ^ parent;
  h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
  h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
  return (uint32_t)(h ^ h >> 33);
}

static size_t level_bytes(uint32_t index) {
  return sizeof(struct level) + ((size_t)4 << (FIRST_LEVEL_BITS + index));
}

static struct level *add_level(uint32_t index) {
  if (index >= LEVELS_MAX) return NULL;
  struct level *level = sys_map(-1, 0, level_bytes(index)), *expected = NULL;
  if (!level) return NULL;
  level->mask = (1u << (FIRST_LEVEL_BITS + index)) - 1;
  if (!__atomic_compare_exchange_n(&levels[index], &expected, level, false, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE)) {
    sys_munmap(level, level_bytes(index));
    level = expected;
  }
  uint32_t made = index;
  __atomic_compare_exchange_n(&levels_made, &made, index + 1, false, __ATOMIC_ACQ_REL,
                              __ATOMIC_RELAXED);
  return level;
}

static uint32_t find_in(const struct level *level, uint32_t h, uint32_t parent, uint64_t pc) {
  for (uint32_t at = h & level->mask;; at = (at + 1) & level->mask) {
    uint32_t number = __atomic_load_n(&level->numbers[at], __ATOMIC_ACQUIRE);
    if (!number) return 0;
    const struct stack_tree_node *node = node_at(number);
    if (node->parent == parent && __atomic_load_n(&node->pc, __ATOMIC_RELAXED) == pc) return number;
  }
}

/* Enters a number; returns it, or the one that another thread entered first for the same key. */
static uint32_t enter(struct level *level, uint32_t h, uint32_t number) {
  const struct stack_tree_node *mine = node_at(number);
  for (uint32_t at = h & level->mask;; at = (at + 1) & level->mask) {
    uint32_t there = 0;
    if (__atomic_compare_exchange_n(&level->numbers[at], &there, number, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
      __atomic_fetch_add(&level->used, 1, __ATOMIC_RELAXED);
      return number;
    }
    const struct stack_tree_node *node = node_at(there);
    if (node->parent == mine->parent && node->pc == mine->pc) return there;
  }
}

static struct level *newest_level(uint32_t *index) {
  uint32_t made = __atomic_load_n(&levels_made, __ATOMIC_ACQUIRE);
  struct level *level = made ? levels[made - 1] : add_level(0);
  if (level && level->used > level->mask / 2) {
    struct level *bigger = add_level(made);
    if (!bigger && level->used > level->mask - level->mask / 8)
      return NULL; /* the cap: probing must find an empty place */
    if (bigger) level = bigger;
  }
  *index = __atomic_load_n(&levels_made, __ATOMIC_ACQUIRE);
  return level;
}

static uint32_t make(uint32_t parent, uint64_t pc) {
  uint32_t number = __atomic_add_fetch(&nodes_made, 1, __ATOMIC_RELAXED);
  uint32_t segment = number / STACK_TREE_SEGMENT;
  if (segment >= STACK_TREE_SEGMENTS) {
    __atomic_fetch_sub(&nodes_made, 1, __ATOMIC_RELAXED);
    return 0;
  }
  if (!__atomic_load_n(&stack_tree_segments[segment], __ATOMIC_ACQUIRE)) {
    const size_t bytes = STACK_TREE_SEGMENT * sizeof(struct stack_tree_node);
    struct stack_tree_node *made = sys_map(-1, 0, bytes), *expected = NULL;
    if (!made) return 0;
    if (!__atomic_compare_exchange_n(&stack_tree_segments[segment], &expected, made, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
      sys_munmap(made, bytes);
  }
  *node_at(number) = (struct stack_tree_node){.pc = pc, .parent = parent};
  return number;
}

/* The slow way: a node that no level has. */
static __attribute__((noinline)) uint32_t add(struct lane *lane, uint32_t h, uint32_t parent,
                                              uint64_t pc) {
  uint32_t index;
  struct level *level = process_may_call() ? newest_level(&index) : NULL;
  uint32_t number = level ? make(parent, pc) : 0;
  if (!number) return 0;
  uint64_t base = 0;
  uint32_t module = pc > TRACE_PC_INCOMPLETE ? module_of(lane, pc, &base) : 0;
  record_node(lane, number, parent, module, pc - base);
  __atomic_fetch_add(&trace_out.control->stack_nodes, 1, __ATOMIC_RELAXED);
  uint32_t entered = enter(level, h, number);
  if (entered != number) return entered;
  __atomic_store_n(&node_at(number)->ready, 1, __ATOMIC_RELEASE);
  return number;
}

uint32_t stack_tree_find(struct lane *lane, uint32_t parent, uint64_t pc) {
  uint32_t h = hash(parent, pc), made = __atomic_load_n(&levels_made, __ATOMIC_ACQUIRE);
  for (uint32_t i = made; i > 0; i--) {
    uint32_t number = find_in(levels[i - 1], h, parent, pc);
    if (!number) continue;
    if (i < made && levels[made - 1]->used < levels[made - 1]->mask / 2)
      enter(levels[made - 1], h, number);
    return number;
  }
  return add(lane, h, parent, pc);
}

uint32_t stack_tree_pcs(uint32_t node, uint64_t *pcs) {
  uint32_t depth = 0;
  for (; node && depth < STACK_LIMIT + 1; node = node_at(node)->parent)
    pcs[depth++] = __atomic_load_n(&node_at(node)->pc, __ATOMIC_RELAXED);
  return depth;
}

void stack_tree_forget_range(uint64_t start, uint64_t end) {
  uint32_t made = __atomic_load_n(&nodes_made, __ATOMIC_ACQUIRE);
  for (uint32_t number = 1; number <= made; number++) {
    if (!stack_tree_segments[number / STACK_TREE_SEGMENT]) continue;
    struct stack_tree_node *node = node_at(number);
    if (node->pc >= start && node->pc < end)
      __atomic_store_n(&node->pc, FORGOTTEN_PC, __ATOMIC_RELAXED);
  }
  __atomic_fetch_add(&stack_tree_epochs, 1, __ATOMIC_RELEASE);
}

void stack_tree_forget(void) {
  for (uint32_t i = 0; i < LEVELS_MAX; i++)
    if (levels[i]) sys_munmap(levels[i], level_bytes(i));
  for (uint32_t i = 0; i < STACK_TREE_SEGMENTS; i++)
    if (stack_tree_segments[i])
      sys_munmap(stack_tree_segments[i], STACK_TREE_SEGMENT * sizeof(struct stack_tree_node));
  for (uint32_t i = 0; i < LEVELS_MAX; i++)
    levels[i] = NULL;
  for (uint32_t i = 0; i < STACK_TREE_SEGMENTS; i++)
    stack_tree_segments[i] = NULL;
  nodes_made = levels_made = 0;
}
