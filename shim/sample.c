/* sample.c - exponential distances, and tables for the sampled addresses that are never moved. */
#include "sample.h"

#include <string.h>

#include "clock.h"
#include "process.h"
#include "sys.h"

#define FIRST_TABLE_BITS                                                                           \
  8                   /* 256 lines, 16 KiB: half full with the 900 blocks of a 460 MiB heap        \
                       */
#define TABLES_MAX 10 /* each has four times the lines of the one before */

uint64_t sample_mean_bytes;
struct sample_table *sample_tables;

/* xorshift64* (Vigna 2016, "An experimental exploration of Marsaglia's xorshift generators"). */
static uint64_t next_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545f4914f6cdd1du;
}

/* Natural logarithm of a normal x in (0, 1]: libm's would be a second library. x = m 2^e with m in
 * [sqrt(1/2), sqrt(2)); ln m = 2 artanh((m - 1) / (m + 1)), whose series has here terms below
 * 0.03^n: right to 1e-13. */
static double natural_log(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int exponent = (int)(bits >> 52) - 1022;
  bits = (bits & 0xfffffffffffffu) | (uint64_t)1022 << 52; /* m in [1/2, 1) */
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m < 0.70710678118654752) {
    m *= 2;
    exponent--;
  }
  double t = (m - 1) / (m + 1), t2 = t * t, sum = 0;
  for (int n = 17; n > 0; n -= 2)
    sum = sum * t2 + 1.0 / n;
  return 2 * t * sum + exponent * 0.69314718055994531;
}

void sample_draw(struct lane *lane) {
  if (!lane->random) lane->random = (clock_ticks() ^ (uint64_t)lane->number << 48) | 1;
  /* 53 random bits as (0, 1] */
  double uniform = (double)((next_random(&lane->random) >> 11) + 1) * 0x1p-53;
  double distance = -natural_log(uniform) * (double)sample_mean_bytes;
  lane->sample_left = distance < 0x1p62 ? (int64_t)distance : INT64_MAX / 2;
}

static size_t table_bytes(unsigned bits) {
  return sizeof(struct sample_table) + sizeof(struct sample_line) * ((size_t)1 << bits);
}

static struct sample_table *add_table(struct sample_table **to, unsigned bits) {
  size_t size = table_bytes(bits);
  struct sample_table *table = process_may_call() ? sys_map(-1, 0, size) : NULL, *expected = NULL;
  if (!table) return NULL;
  table->shift = 64 - bits;
  if (__atomic_compare_exchange_n(to, &expected, table, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    return table;
  sys_munmap(table, size);
  return expected;
}

bool sample_add(const void *block) {
  uint64_t address = (uint64_t)(uintptr_t)block, hash = hash_block(block);
  struct sample_table **link = &sample_tables;
  for (unsigned i = 0; i < TABLES_MAX; i++) {
    struct sample_table *table = __atomic_load_n(link, __ATOMIC_ACQUIRE);
    if (!table && !(table = add_table(link, FIRST_TABLE_BITS + 2 * i))) return false;
    struct sample_line *line = &table->lines[hash >> table->shift];
    for (unsigned way = 0; way < SAMPLE_WAYS; way++) {
      uint64_t empty = 0;
      if (__atomic_compare_exchange_n(&line->addresses[way], &empty, address, false,
                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return true;
    }
    __atomic_store_n(&line->overflowed, 1, __ATOMIC_RELEASE);
    link = &table->next;
  }
  return false;
}

void sample_forget(void) {
  for (struct sample_table *table = sample_tables, *next; table; table = next) {
    next = table->next;
    sys_munmap(table, table_bytes((unsigned)(64 - table->shift)));
  }
  sample_tables = NULL;
}
