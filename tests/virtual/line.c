/* line.c - first come, last come, or most urgent first. */
#include "line.h"

#include <stdlib.h>
#include <string.h>

static void hold(struct held_list *list, struct held held) {
  if (list->count == list->capacity) {
    list->capacity = list->capacity ? 2 * list->capacity : 64;
    list->of = reallocarray(list->of, list->capacity, sizeof(*list->of));
    if (!list->of) abort();
  }
  list->of[list->count++] = held;
}

static void make_room(struct line *line) {
  if (line->first + line->count < line->capacity) return;
  if (line->first > line->capacity / 2) {
    memmove(line->of, line->of + line->first, line->count * sizeof(*line->of));
    line->first = 0;
    return;
  }
  line->capacity = line->capacity ? 2 * line->capacity : 64;
  line->of = reallocarray(line->of, line->capacity, sizeof(*line->of));
  if (!line->of) abort();
}

static struct held pooled_node(struct line *line) {
  if (line->kept.count) return line->kept.of[--line->kept.count];
  return world_allocate(line->world, line->pool, 32);
}

void line_put(struct line *line, struct message *message) {
  make_room(line);
  line->of[line->first + line->count++] = message;
  if (line->form == FORM_THREE) message->node = world_allocate(line->world, line->node, 24);
  if (line->pooled) message->node = pooled_node(line);
  if (line->form >= FORM_NODES && line->sent % NODE_MESSAGES == 0) {
    uint64_t each = line->form == FORM_NODES ? 8 : 40;
    hold(&line->nodes, world_allocate(line->world, line->node, 16 + NODE_MESSAGES * each));
  }
  line->sent++;
  world_wake(line->world, &line->receivers);
}

static size_t place_of_next(const struct line *line) {
  if (line->order == ORDER_LIFO) return line->first + line->count - 1;
  size_t best = line->first;
  if (line->order == ORDER_PRIORITY)
    for (size_t i = line->first; i < line->first + line->count; i++)
      if (line->of[i]->priority > line->of[best]->priority) best = i;
  return best;
}

struct message *line_take(struct line *line, uint32_t stack) {
  size_t place = place_of_next(line);
  struct message *message = line->of[place];
  if (place == line->first)
    line->first++;
  else
    memmove(line->of + place, line->of + place + 1,
            (line->first + line->count - place - 1) * sizeof(*line->of));
  line->count--;
  if (line->form == FORM_THREE) world_release(line->world, message->node, stack);
  if (line->pooled) hold(&line->kept, message->node);
  if (++line->taken % NODE_MESSAGES == 0 && line->form >= FORM_NODES)
    world_release(line->world, line->nodes.of[line->nodes_freed++], stack);
  world_wake(line->world, &line->senders);
  return message;
}

void line_free(struct line *line) {
  free(line->of);
  free(line->nodes.of);
  free(line->kept.of);
}
