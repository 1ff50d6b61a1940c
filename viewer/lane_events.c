/* lane_events.c - decodes chunks and sorts what is not in order.
 *
 * Chunks are in order but for a few records, or interleave two ordered sequences: so the sort is a
 * natural merge sort, which costs one look at what is sorted already. (qsort of an index took
 * 130 ns an event where this takes 40, and is not promised to be stable.)
 */
#include "lane_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A floor that lies far back would have us keep the lane's whole rest. With so many events in hand
 * they go on all the same; what then comes late is counted by the merge. */
#define IN_HAND_MAX (1u << 17)

/* ---- sorting ---------------------------------------------------------------------------- */

static size_t run_end(const struct event *events, size_t from, size_t count) {
  size_t end = from + 1;
  while (end < count && events[end - 1].ticks <= events[end].ticks)
    end++;
  return end;
}

/* Merges two neighbouring runs into `to`; the left goes first where ticks are equal. */
static void runs_merge(struct event *to, const struct event *left, size_t left_count,
                       const struct event *right, size_t right_count) {
  const struct event *left_end = left + left_count, *right_end = right + right_count;
  while (left < left_end && right < right_end)
    *to++ = right->ticks < left->ticks ? *right++ : *left++;
  memcpy(to, left, (size_t)(left_end - left) * sizeof(*to));
  memcpy(to + (left_end - left), right, (size_t)(right_end - right) * sizeof(*to));
}

void events_sort(struct event *events, size_t count, struct event *scratch) {
  struct event *from = events, *to = scratch;
  while (count && run_end(from, 0, count) < count) {
    for (size_t at = 0; at < count;) {
      size_t middle = run_end(from, at, count);
      size_t end = middle < count ? run_end(from, middle, count) : count;
      runs_merge(to + at, from + at, middle - at, from + middle, end - middle);
      at = end;
    }
    struct event *swap = from;
    from = to;
    to = swap;
  }
  if (from != events) memcpy(events, from, count * sizeof(*events));
}

/* ---- decoding --------------------------------------------------------------------------- */

static inline bool append(struct lane_events *lane, const struct lane_source *source,
                          const struct event *event) {
  if (event->ticks > source->cut_ticks) return true;
  if (lane->tail == lane->capacity) {
    size_t grown = lane->capacity ? lane->capacity * 2 : 64;
    struct event *bigger = reallocarray(lane->events, grown, sizeof(*bigger));
    if (!bigger) return false;
    lane->events = bigger;
    lane->capacity = grown;
  }
  lane->events[lane->tail++] = *event;
  return true;
}

static bool append_record(struct lane_events *lane, struct lane_source *source,
                          const struct record *record, uint32_t thread) {
  struct event event = {
      .ticks = record->ticks,
      .address = record->address,
      .size = record->size,
      .stack = record->stack,
      .thread = thread & 0x3fffffff,
      .kind = record->type == TRACE_BIRTH ? EVENT_BIRTH : EVENT_DEATH,
  };
  if (event.stack >= source->catalog->id_limit) {
    source->foreign_stacks++;
    event.stack = 0;
  }
  if (record->type != TRACE_REALLOC) return append(lane, source, &event);
  event.kind = EVENT_RELEASE;
  if (!append(lane, source, &event)) return false;
  event.kind = EVENT_TAKE;
  event.ticks = record->ticks_after > record->ticks ? record->ticks_after : record->ticks;
  event.address = record->new_address;
  return append(lane, source, &event);
}

static int take_fold(struct lane_source *source, struct fold *fold, uint32_t thread) {
  if (!source->fold || fold->stack >= source->catalog->id_limit) {
    source->bad_folds++;
    return 0;
  }
  uint64_t begin = fold->ticks - fold->span, end = fold->ticks;
  if (end > source->cut_ticks) end = source->cut_ticks;
  if (end < source->start_ticks) end = source->start_ticks;
  if (begin < source->start_ticks) begin = source->start_ticks;
  fold->ticks = end;
  fold->span = begin < end ? end - begin : 0;
  fold->thread = thread;
  return source->fold(source->fold_context, fold);
}

static __attribute__((noinline)) int decode_fold(struct lane_source *source,
                                                 const struct record *record, uint32_t thread) {
  struct fold fold;
  if (fold_of_record(record, &fold)) return take_fold(source, &fold, thread);
  source->bad_folds++;
  return 0;
}

static int decode(struct lane_events *lane, struct lane_source *source, const struct chunk *chunk,
                  const uint8_t *records) {
  struct record_cursor cursor = record_begin(&chunk->head, records, chunk->head.bytes);
  struct record record;
  uint32_t thread = catalog_thread(source->catalog, chunk->head.thread);
  int error;
  record.type = 0;
  for (;;) {
    switch (record_next(&cursor, &record)) {
    case RECORD_OK:
      break;
    case RECORD_UNKNOWN:
      source->unknown_records++;
      continue;
    case RECORD_BAD:
      source->bad_records++;
      record.type = 0;
      /* fall through */
    case RECORD_END:
      lane->thread = thread;
      lane->last = record;
      return 0;
    }
    switch (record.type) {
    case TRACE_BIRTH:
    case TRACE_DEATH:
    case TRACE_REALLOC:
      if (!append_record(lane, source, &record, thread)) return -ENOMEM;
      break;
    case TRACE_THREAD:
      thread = catalog_thread(source->catalog, record.field[1]);
      break;
    case TRACE_FOLD:
    case TRACE_LIFE:
      error = decode_fold(source, &record, thread);
      if (error) return error;
      break;
    default:
      break; /* names: the catalog has them */
    }
  }
}

/* Whether a block that is still in the table of young blocks is in this record too. */
static bool is_in_record(const struct trace_young *young, const struct record *record) {
  if (record->type == TRACE_BIRTH)
    return young->address == record->address && young->ticks == record->ticks;
  return record->type == TRACE_LIFE && young->stack == record->stack &&
         young->ticks == record->ticks - record->field[1];
}

/* What the lane's window holds besides the open chunk. */
static int take_rest(struct lane_events *lane, struct lane_source *source) {
  const struct lane_rest *rest = &lane->chunks->rest;
  if (lane->chunks->count == 0) lane->thread = catalog_thread(source->catalog, rest->thread);
  for (size_t i = 0; i < rest->fold_count; i++) {
    struct fold fold = rest->folds[i];
    int error = take_fold(source, &fold, lane->thread);
    if (error) return error;
  }
  for (size_t i = 0; i < rest->young_count; i++) {
    const struct trace_young *young = &rest->young[i];
    if (is_in_record(young, &lane->last))
      continue; /* it was written, and the recorder killed before it left the table */
    struct record birth = {
        .type = TRACE_BIRTH,
        .ticks = young->ticks,
        .address = young->address,
        .size = young->size,
        .stack = young->stack,
    };
    if (!append_record(lane, source, &birth, lane->thread)) return -ENOMEM;
  }
  return 0;
}

static void close_up(struct lane_events *lane) {
  if (lane->head && lane->head < lane->tail)
    memmove(lane->events, lane->events + lane->head,
            (lane->tail - lane->head) * sizeof(*lane->events));
  lane->tail -= lane->head;
  lane->head = 0;
}

static int put_in_order(struct lane_events *lane, struct lane_source *source) {
  if (lane->tail == 0 || run_end(lane->events, 0, lane->tail) == lane->tail) return 0;
  if (lane->tail > source->scratch_capacity) {
    struct event *bigger = reallocarray(source->scratch, lane->capacity, sizeof(*bigger));
    if (!bigger) return -ENOMEM;
    source->scratch = bigger;
    source->scratch_capacity = lane->capacity;
  }
  events_sort(lane->events, lane->tail, source->scratch);
  return 0;
}

static int load(struct lane_events *lane, struct lane_source *source, const struct chunk *chunk) {
  source->chunks_read++;
  lane->horizon = chunk->head.floor_ticks;
  const uint8_t *records = slots_records(source->slots, chunk, source->buffer);
  lane->last.type = 0;
  if (records) return decode(lane, source, chunk, records);
  source->lost_chunks++;
  return 0;
}

/* Whether more must be read before the first event may go on. */
static bool must_look_ahead(const struct lane_events *lane) {
  if (lane->head == lane->tail) return true;
  return lane->events[lane->head].ticks > lane->horizon && lane->tail - lane->head < IN_HAND_MAX;
}

int lane_events_fill(struct lane_events *lane, struct lane_source *source, bool *more) {
  const struct lane_chunks *chunks = lane->chunks;
  while (lane->next <= chunks->count && must_look_ahead(lane)) {
    size_t next = lane->next++;
    close_up(lane);
    int error = next < chunks->count
                    ? load(lane, source, &source->slots->chunks[chunks->first + next])
                    : take_rest(lane, source);
    if (!error) error = put_in_order(lane, source);
    if (error) return error;
  }
  if (lane->next > chunks->count || lane->tail - lane->head >= IN_HAND_MAX)
    lane->horizon = UINT64_MAX;
  *more = lane->head < lane->tail;
  if (!*more) {
    free(lane->events);
    lane->events = NULL;
    lane->capacity = 0;
  }
  return 0;
}
