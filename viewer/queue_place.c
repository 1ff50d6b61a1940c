/* queue_place.c - see queue_place.h.
 *
 * A message is often several blocks: its payload is made by one function, its struct by another,
 * the list's node by a third. The function that all of these were called from is the one that
 * sends. And where only one block is known, what its innermost functions are called
 * ("message_new", "payload_clone", "message_free") tells that they serve somebody else.
 */
#include "queue_place.h"

#include <ctype.h>
#include <string.h>

#include "demangle.h"

enum { NAME_SIZE = 512, OUTWARD_MAX = 4, NAMED_MAX = 10 };

struct stack {
  const struct frame *frames; /* leaf first */
  size_t count;
};

static struct stack stack_of(const struct report *report, uint32_t id) {
  struct stack stack;
  stack.count = symbols_stack(report->symbols, id, 0, &stack.frames);
  return stack;
}

/* ---- names ------------------------------------------------------------------------------ */

static bool is_word(const char *const *words, const char *begin, const char *end) {
  for (; *words; words++)
    if (strlen(*words) == (size_t)(end - begin) && strncasecmp(*words, begin, strlen(*words)) == 0)
      return true;
  return false;
}

/* The end of the part of a name that begins there: before a '_' or the next capital. */
static const char *part_end(const char *begin) {
  const char *at = begin;
  while (isalnum((unsigned char)*at) &&
         (at == begin || !isupper((unsigned char)*at) || isupper((unsigned char)at[-1])))
    at++;
  return at;
}

/* Words that tell what a function is for: `anywhere` in its name, or only at its ends, since in the
 * middle ("handle_new_client") they mean something else. */
struct words {
  const char *const *anywhere, *const *at_ends;
};

/* Whether a function's name has one of the words: "message_new", "newMessage", "queue_free_item",
 * "~Message". */
static bool is_made_of(const char *function, const struct words *words) {
  char name[NAME_SIZE];
  const char *at = demangle_shorten(function, name, sizeof name);
  for (const char *colons = at; (colons = strstr(colons, "::")); colons += 2)
    at = colons + 2;
  if (*at == '~') return true;
  bool first = true, is = false;
  while (*at && *at != '<') {
    const char *end = part_end(at);
    if (end == at) {
      at++;
      continue;
    }
    if (is_word(words->anywhere, at, end)) return true;
    is = is_word(words->at_ends, at, end);
    if (first && is) return true;
    first = false;
    at = end;
  }
  return is;
}

static const struct words making = {
    (const char *const[]){"alloc", "allocate", "malloc", "calloc", "realloc", "clone", "dup",
                          "strdup", "memdup", NULL},
    (const char *const[]){"new", "copy", "create", "make", "init", "construct", "build", "reserve",
                          "grow", "resize", "ensure", NULL},
};
static const struct words freeing = {
    (const char *const[]){"free", "delete", "destroy", "dealloc", "deallocate", "dispose", "unref",
                          NULL},
    (const char *const[]){"release", "drop", "clear", "cleanup", "fini", "finalize", "deinit",
                          "finish", "complete", "done", NULL},
};

/* ---- the frame -------------------------------------------------------------------------- */

static bool same_function(const struct frame *a, const struct frame *b) {
  if (!a->function || !b->function) return a->address == b->address;
  return strcmp(a->function, b->function) == 0 && strcmp(a->module, b->module) == 0;
}

/* How many frames from the root on two stacks have in common. */
static size_t common_frames(struct stack a, struct stack b) {
  size_t common = 0;
  while (common < a.count && common < b.count &&
         same_function(&a.frames[a.count - 1 - common], &b.frames[b.count - 1 - common]))
    common++;
  return common;
}

/* The next own frame from there on outward; `count` when there is none. */
static size_t own_frame(struct stack stack, size_t from) {
  while (from < stack.count && stack.frames[from].library)
    from++;
  return from;
}

static size_t outward(struct stack stack, size_t frame, const struct words *words) {
  for (int i = 0; i < OUTWARD_MAX && stack.frames[frame].function; i++) {
    size_t next = own_frame(stack, frame + 1);
    if (next == stack.count || !is_made_of(stack.frames[frame].function, words)) break;
    frame = next;
  }
  return frame;
}

/* A stripped module's offset says little to a reader: the next own frame with a name, if it's near.
 */
static size_t named(struct stack stack, size_t frame) {
  size_t at = frame;
  for (int i = 0; i < NAMED_MAX && at < stack.count; i++) {
    if (stack.frames[at].function) return at;
    at = own_frame(stack, at + 1);
  }
  return frame;
}

static struct queue_place describe(struct stack stack, size_t frame) {
  struct queue_place place = {0};
  char name[NAME_SIZE], where[NAME_SIZE], via[NAME_SIZE] = "";
  if (!stack.count) return place;
  size_t leaf = own_frame(stack, 0);
  if (frame >= stack.count) frame = 0;
  report_frame_name(&stack.frames[frame], name, sizeof name);
  report_frame_place(&stack.frames[frame], where, sizeof where);
  /* malloc and free themselves tell nothing */
  if (leaf < frame)
    report_frame_name(&stack.frames[leaf], via, sizeof via);
  else if (frame > 1)
    report_frame_name(&stack.frames[frame - 1], via, sizeof via);
  snprintf(place.function, sizeof place.function, "%.150s", name);
  snprintf(place.text, sizeof place.text, "%.150s%s%.80s%s%s%.120s", name, *where ? " (" : "",
           where, *where ? ")" : "", *via && strcmp(via, name) != 0 ? " via " : "",
           strcmp(via, name) != 0 ? via : "");
  return place;
}

struct queue_place queue_place_of(const struct report *report, uint32_t id) {
  struct stack stack = stack_of(report, id);
  return describe(stack, own_frame(stack, 0));
}

/* How many innermost frames all stacks of a pool have in common: further out each goes its own way.
 */
static size_t pooled_frames(const struct report *report, const struct queue_site *site,
                            struct stack stack) {
  enum { LOOKED_AT = 64 };
  size_t common = stack.count;
  for (size_t i = 0; i < site->other_count && i < LOOKED_AT; i++) {
    struct stack other = stack_of(report, report->profile->sites[site->others[i]].stack);
    size_t same = 0;
    while (same < common && same < other.count &&
           same_function(&stack.frames[same], &other.frames[same]))
      same++;
    common = same;
  }
  return common;
}

/* The outermost own frame up to there that all of the pools with this stack have in common. */
static size_t within_pool(const struct report *report, const struct queue *queue,
                          struct stack stack, uint32_t id, size_t frame) {
  size_t common = stack.count;
  for (size_t i = 0; i < queue->site_count; i++)
    if (report->profile->sites[queue->sites[i].site].stack == id)
      common = pooled_frames(report, &queue->sites[i], stack);
  size_t innermost = own_frame(stack, 0);
  if (frame < common || innermost >= common) return frame < common ? frame : innermost;
  size_t found = innermost;
  for (size_t next; (next = own_frame(stack, found + 1)) < common;)
    found = next;
  return found;
}

/* Where a site's blocks are born, or most of them freed; 0: nowhere. */
static uint32_t site_stack(const struct site *site, bool freed) {
  if (!freed) return site->stack;
  return site->death_stacks.count ? site->death_stacks.of[0].id : 0;
}

static struct queue_place place_of(const struct report *report, const struct queue *queue,
                                   const struct queue_parties *stacks, bool freed) {
  size_t carriers = 0;
  for (size_t i = 0; i < queue->site_count; i++)
    carriers += queue->sites[i].carries;
  uint32_t id = stacks->count ? stacks->of[0].id : 0;
  if (!id) return (struct queue_place){0};
  struct stack stack = stack_of(report, id);
  size_t frame = own_frame(stack, 0);
  /* with several carriers nobody knows whose companion a site is */
  for (size_t i = 0; i < queue->site_count && carriers == 1; i++) {
    uint32_t other = site_stack(&report->profile->sites[queue->sites[i].site], freed);
    if (queue->sites[i].carries || !other) continue;
    size_t common = own_frame(stack, stack.count - common_frames(stack, stack_of(report, other)));
    if (common < stack.count && common > frame) frame = common;
  }
  if (frame < stack.count) frame = outward(stack, named(stack, frame), freed ? &freeing : &making);
  if (!freed) frame = within_pool(report, queue, stack, id, frame);
  return describe(stack, frame);
}

size_t queue_place_other_stacks(const struct queue *queue) {
  const struct queue_parties *stacks = &queue->filled_by_stacks;
  size_t pooled = 0;
  for (size_t i = 0; i < stacks->count; i++)
    pooled += stacks->of[i].others;
  return pooled ? pooled + stacks->count - 1 : 0;
}

struct queue_place queue_place_filled(const struct report *report, const struct queue *queue) {
  return place_of(report, queue, &queue->filled_by_stacks, false);
}

struct queue_place queue_place_drained(const struct report *report, const struct queue *queue) {
  return place_of(report, queue, &queue->drained_by_stacks, true);
}

/* ---- threads ---------------------------------------------------------------------------- */

bool queue_place_threads(const struct report *report, const struct queue_parties *threads,
                         char *text, size_t size) {
  enum { SHOWN = 2 };
  size_t count = threads->count, length = 0;
  /* most first: those that hardly took part are not worth a word */
  while (count > 1 && threads->of[count - 1].share < 0.02)
    count--;
  snprintf(text, size, "nobody");
  for (size_t i = 0; i < count && i < SHOWN && length < size; i++) {
    const char *name = trace_file_thread_name(report->file, threads->of[i].id);
    const char *before = i == 0 ? "" : i + 1 == count ? " and " : ", ";
    length += (size_t)(*name ? snprintf(text + length, size - length, "%s`%.60s`", before, name)
                             : snprintf(text + length, size - length, "%sa thread", before));
  }
  if (count > SHOWN && length < size)
    snprintf(text + length, size - length, " and %zu more", count - SHOWN);
  return count > 1;
}

bool queue_place_one_thread(const struct queue *queue) {
  const struct queue_parties *fill = &queue->filled_by_threads, *drain = &queue->drained_by_threads;
  return fill->count == 1 && drain->count == 1 && fill->of[0].id == drain->of[0].id;
}
