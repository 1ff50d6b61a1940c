/* ledger.c - live bytes over time.
 *
 * Its table is its own, on purpose: a fault in the profile's table must show as a difference. It is
 * a quarter of a cache line an entry, because every event is looked up here too.
 */
#include "ledger.h"

#include <errno.h>
#include <stdlib.h>

#define PREFETCH_AHEAD 16

static inline size_t home_of(const struct ledger *ledger, uint64_t address) {
  address ^= address >> 29;
  return (size_t)(address * 0xbf58476d1ce4e5b9u >> 20) & ledger->mask;
}

static inline size_t place_of(const struct ledger *ledger, uint64_t address) {
  size_t at = home_of(ledger, address);
  while (ledger->entries[at].bytes && ledger->entries[at].address != address)
    at = (at + 1) & ledger->mask;
  return at;
}

static int grow(struct ledger *ledger) {
  struct ledger_entry *old = ledger->entries;
  size_t old_places = old ? ledger->mask + 1 : 0, places = old_places ? old_places * 2 : 1024;
  struct ledger_entry *entries = calloc(places, sizeof(*entries));
  if (!entries) return -ENOMEM;
  ledger->entries = entries;
  ledger->mask = places - 1;
  for (size_t i = 0; i < old_places; i++)
    if (old[i].bytes) entries[place_of(ledger, old[i].address)] = old[i];
  free(old);
  return 0;
}

int ledger_begin(struct ledger *ledger, size_t lane_count, uint64_t ticks) {
  *ledger = (struct ledger){.ticks = ticks, .in_flight = calloc(lane_count + 1, sizeof(uint64_t))};
  if (!ledger->in_flight) return -ENOMEM;
  return grow(ledger);
}

/* Takes an address off the books; the bytes that it was worth. */
static uint64_t strike(struct ledger *ledger, uint64_t address) {
  size_t at = place_of(ledger, address), hole = at;
  uint64_t bytes = ledger->entries[at].bytes;
  if (bytes == 0) return 0;
  ledger->count--;
  ledger->entries[hole].bytes = 0;
  while (ledger->entries[at = (at + 1) & ledger->mask].bytes) {
    size_t home = home_of(ledger, ledger->entries[at].address);
    if (((at - home) & ledger->mask) < ((at - hole) & ledger->mask)) continue;
    ledger->entries[hole] = ledger->entries[at];
    ledger->entries[at].bytes = 0;
    hole = at;
  }
  return bytes;
}

/* Books an address; what it was worth before, should it not have been struck. */
static int book(struct ledger *ledger, uint64_t address, uint64_t bytes, uint64_t *before) {
  if (ledger->count * 4 >= (ledger->mask + 1) * 3) {
    int error = grow(ledger);
    if (error) return error;
  }
  struct ledger_entry *entry = &ledger->entries[place_of(ledger, address)];
  *before = entry->bytes;
  ledger->count += entry->bytes == 0;
  *entry = (struct ledger_entry){address, bytes};
  return 0;
}

void ledger_close(struct ledger *ledger, uint64_t ticks) {
  if (ticks <= ledger->ticks) return;
  ledger->byte_ticks += ledger->live_bytes * (ticks - ledger->ticks);
  ledger->ticks = ticks;
}

int ledger_enter(struct ledger *ledger, const struct event_batch *batch) {
  for (size_t i = 0; i < batch->count; i++) {
    const struct event *event = &batch->events[i];
    uint32_t lane = batch->lanes[i];
    uint64_t before = 0, moved = 0;
    int error = 0;
    if (i + PREFETCH_AHEAD < batch->count)
      __builtin_prefetch(&ledger->entries[home_of(ledger, event[PREFETCH_AHEAD].address)], 1);
    ledger_close(ledger, event->ticks);
    switch (event->kind) {
    case EVENT_DEATH:
      ledger->live_bytes -= strike(ledger, event->address);
      break;
    case EVENT_RELEASE:
      ledger->live_bytes -= ledger->in_flight[lane];
      ledger->in_flight[lane] = strike(ledger, event->address);
      break;
    case EVENT_TAKE:
      moved = ledger->in_flight[lane];
      ledger->in_flight[lane] = 0;
      /* fall through */
    case EVENT_BIRTH:
      error = book(ledger, event->address, event_bytes(event), &before);
      ledger->live_bytes += event_bytes(event);
      ledger->live_bytes -= before;
      ledger->live_bytes -= moved;
      break;
    }
    if (error) return error;
  }
  return 0;
}

void ledger_free(struct ledger *ledger) {
  free(ledger->entries);
  free(ledger->in_flight);
  *ledger = (struct ledger){0};
}
