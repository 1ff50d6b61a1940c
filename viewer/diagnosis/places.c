/* places.c - see places.h: the sites in the order of their innermost frames, divided frame by
 * frame.
 */
#include "places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ends.h"
#include "stack_place.h"

/* At most so many are made. */
enum { PLACES_MAX = 32 };

/* One that has more than this share of the blocks is no small one among others. */
#define BIGGEST_MAX 0.5
#define SMALL_MAX 0.1 /* if it could stand by itself */

/* A place is divided by its next frame when at most so many parts, each this share of its blocks at
 * least, are together this share of them; the rest must be enough to be looked at, too, or next to
 * nothing. */
enum { PARTS_MAX = 4 };
#define PART_MIN 0.1
#define PARTS_MIN 0.5
#define REST_MAX 0.01

struct entry {
  struct stack_place place;
  size_t site, end;
  bool may_stand; /* by itself, if it is no small part */
  struct candidate_size size;
};

/* Sites of one place and end. */
struct draft {
  size_t *members;
  size_t count;
  struct candidate_size size;
};

struct finder {
  const struct profile *profile;
  const struct stack_tree *tree;
  struct draft *drafts;
  size_t count, capacity;
};

/* A pool is as large as its members are together; their own maxima are of different moments. */
static void add_size(struct candidate_size *sum, const struct candidate_size *size) {
  sum->written += size->written;
  sum->folded += size->folded;
  sum->picked += size->picked;
  sum->held_byte_seconds += size->held_byte_seconds;
  sum->max_bytes += size->max_bytes;
}

static struct candidate_size size_of(const struct entry *entries, size_t count) {
  struct candidate_size sum = {0};
  for (size_t i = 0; i < count; i++)
    add_size(&sum, &entries[i].size);
  return sum;
}

/* ---- one place, by its ends ------------------------------------------------------------- */

/* Those that have too large a part to be pooled are left out. */
static size_t leave_out_large(struct entry *entries, size_t count) {
  for (size_t before = count + 1; count < before;) {
    double most = SMALL_MAX * size_of(entries, count).written;
    before = count;
    count = 0;
    for (size_t i = 0; i < before; i++)
      if (!entries[i].may_stand || entries[i].size.written <= most) entries[count++] = entries[i];
  }
  return count;
}

/* `entries` have most blocks first. */
static int add_draft(struct finder *finder, struct entry *entries, size_t count) {
  count = leave_out_large(entries, count);
  struct candidate_size size = size_of(entries, count);
  if (!candidate_is_enough(&size) || entries[0].size.written > BIGGEST_MAX * size.written) return 0;
  if (finder->count == finder->capacity) {
    size_t capacity = finder->capacity ? 2 * finder->capacity : 16;
    struct draft *bigger = reallocarray(finder->drafts, capacity, sizeof(*bigger));
    if (!bigger) return -ENOMEM;
    finder->drafts = bigger;
    finder->capacity = capacity;
  }
  struct draft *draft = &finder->drafts[finder->count];
  *draft = (struct draft){calloc(count + 1, sizeof(*draft->members)), count, size};
  if (!draft->members) return -ENOMEM;
  for (size_t i = 0; i < count; i++)
    draft->members[i] = entries[i].site;
  finder->count++;
  return 0;
}

static int by_end(const void *a, const void *b) {
  const struct entry *x = a, *y = b;
  if (x->end != y->end) return x->end < y->end ? -1 : 1;
  if (x->size.written != y->size.written) return x->size.written > y->size.written ? -1 : 1;
  return (x->site > y->site) - (x->site < y->site);
}

static int divide_by_ends(struct finder *finder, struct entry *entries, size_t count) {
  size_t *numbers = calloc(2 * count + 1, sizeof(*numbers));
  if (!numbers) return -ENOMEM;
  size_t *sites = numbers, *ends = numbers + count;
  for (size_t i = 0; i < count; i++)
    sites[i] = entries[i].site;
  int error = ends_divide(finder->profile, finder->tree, sites, count, ends);
  for (size_t i = 0; i < count; i++)
    entries[i].end = ends[i];
  free(numbers);
  qsort(entries, count, sizeof(*entries), by_end);
  for (size_t i = 0, next; i < count && !error; i = next) {
    for (next = i; next < count && entries[next].end == entries[i].end; next++)
      ;
    error = add_draft(finder, &entries[i], next - i);
  }
  return error;
}

/* ---- frame by frame --------------------------------------------------------------------- */

/* How many of some entries agree with the first in that frame as well. */
static size_t part_length(const struct entry *entries, size_t count, size_t frame) {
  size_t length = 1;
  while (length < count && entries[length].place.frames[frame] == entries[0].place.frames[frame])
    length++;
  return length;
}

static bool is_part(const struct candidate_size *part, const struct candidate_size *whole) {
  return candidate_is_enough(part) && part->written >= PART_MIN * whole->written;
}

static bool has_few_parts(const struct entry *entries, size_t count, size_t frame) {
  struct candidate_size whole = size_of(entries, count);
  struct candidate_size rest = {0};
  size_t parts = 0;
  for (size_t i = 0, length; i < count; i += length) {
    length = part_length(&entries[i], count - i, frame);
    struct candidate_size part = size_of(&entries[i], length);
    if (is_part(&part, &whole))
      parts++;
    else
      add_size(&rest, &part);
  }
  return parts > 0 && parts <= PARTS_MAX && rest.written <= (1 - PARTS_MIN) * whole.written &&
         (candidate_is_enough(&rest) || rest.written <= REST_MAX * whole.written);
}

/* All of `entries` agree in the first `frames` frames, and are in the order of the others. */
static int divide(struct finder *finder, struct entry *entries, size_t count, size_t frames) {
  struct candidate_size whole = size_of(entries, count);
  if (count < 2 || !candidate_is_enough(&whole)) return 0;
  if (frames == STACK_PLACE_FRAMES || (frames > 0 && !has_few_parts(entries, count, frames)))
    return divide_by_ends(finder, entries, count);
  struct entry *rest = calloc(count, sizeof(*rest));
  if (!rest) return -ENOMEM;
  size_t left = 0;
  int error = 0;
  for (size_t i = 0, length; i < count && !error; i += length) {
    length = part_length(&entries[i], count - i, frames);
    struct candidate_size part = size_of(&entries[i], length);
    if (frames == 0 || is_part(&part, &whole)) {
      error = divide(finder, &entries[i], length, frames + 1);
    } else {
      memcpy(&rest[left], &entries[i], length * sizeof(*rest));
      left += length;
    }
  }
  whole = size_of(rest, left);
  if (!error && left > 1 && candidate_is_enough(&whole)) error = divide_by_ends(finder, rest, left);
  free(rest);
  return error;
}

/* ---- all of them ------------------------------------------------------------------------ */

static int most_held_first(const void *a, const void *b) {
  const struct draft *x = a, *y = b;
  double x_held = x->size.held_byte_seconds, y_held = y->size.held_byte_seconds;
  if (x_held != y_held) return x_held > y_held ? -1 : 1;
  return (x->members[0] > y->members[0]) - (x->members[0] < y->members[0]);
}

/* Those that hold enough; with `along`, those of the others that may go along with one of them. */
static int take_drafts(struct finder *finder, bool along, struct places *places) {
  int error = 0;
  for (size_t i = 0; i < finder->count && places->count < PLACES_MAX && !error; i++) {
    const struct draft *draft = &finder->drafts[i];
    bool wanted = candidate_is_big(finder->profile, &draft->size) != along;
    for (size_t j = 0; along && wanted; j++) {
      wanted = j < finder->count;
      if (wanted && candidate_is_big(finder->profile, &finder->drafts[j].size) &&
          candidate_may_go_along(&draft->size, &finder->drafts[j].size))
        break;
    }
    if (!wanted) continue;
    struct pool **pool = &places->of[places->count++];
    error = pool_new(finder->profile, draft->members, draft->count, pool);
    if (!error) (*pool)->goes_along = along;
  }
  return error;
}

static int by_place(const void *a, const void *b) {
  const struct entry *x = a, *y = b;
  int order = stack_place_compare(&x->place, &y->place);
  return order ? order : (x->site > y->site) - (x->site < y->site);
}

static int find_drafts(struct finder *finder, const enum standing *standing) {
  const struct profile *profile = finder->profile;
  struct entry *entries = calloc(profile->site_count + 1, sizeof(*entries));
  if (!entries) return -ENOMEM;
  size_t count = 0;
  for (size_t i = 0; i < profile->site_count; i++) {
    const struct site *site = &profile->sites[i];
    struct candidate_size size = candidate_size(profile, site);
    if (standing[i] == STANDS_BY_ITSELF || size.written < 1) continue;
    size.max_bytes = (double)site->at_peak.bytes;
    entries[count++] =
        (struct entry){.place = stack_place_of(finder->tree, site->stack),
                       .site = i,
                       .may_stand = standing[i] == STANDS_SMALL && candidate_is_enough(&size),
                       .size = size};
  }
  qsort(entries, count, sizeof(*entries), by_place);
  int error = divide(finder, entries, count, 0);
  free(entries);
  return error;
}

int places_find(const struct profile *profile, const struct stack_tree *tree,
                const enum standing *standing, struct places *places) {
  struct finder finder = {.profile = profile, .tree = tree};
  *places = (struct places){.of = calloc(PLACES_MAX, sizeof(*places->of))};
  int error = places->of ? find_drafts(&finder, standing) : -ENOMEM;
  if (!error && finder.count)
    qsort(finder.drafts, finder.count, sizeof(*finder.drafts), most_held_first);
  if (!error) error = take_drafts(&finder, false, places);
  if (!error) error = take_drafts(&finder, true, places);
  for (size_t i = 0; i < finder.count; i++)
    free(finder.drafts[i].members);
  free(finder.drafts);
  return error;
}

void places_free(struct places *places) {
  for (size_t i = 0; i < places->count; i++)
    pool_free(places->of[i]);
  free(places->of);
  *places = (struct places){0};
}
