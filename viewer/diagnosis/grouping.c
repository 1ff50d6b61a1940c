/* grouping.c - see grouping.h: sets of sites, joined pair by pair. */
#include "grouping.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "companions.h"
#include "sets.h"

/* Of the companions of one kind of message: the count that most of them have, then most bytes. */
static size_t choose_carrier(const struct profile *profile, const struct residences *residences,
                             size_t *kinds, size_t kind) {
  size_t best = kind, best_votes = 0;
  for (size_t i = 0; i < residences->count; i++) {
    if (sets_find(kinds, i) != kind) continue;
    const struct residence_list *list = &residences->lists[i], *found = &residences->lists[best];
    size_t votes = 0;
    for (size_t j = 0; j < residences->count; j++)
      votes += sets_find(kinds, j) == kind &&
               fabs((double)residences->lists[j].births - (double)list->births) <=
                   0.05 * (double)list->births;
    const struct site *site = residences_site(profile, list);
    const struct site *other = residences_site(profile, found);
    if (profile->sample_bytes) { /* the one that was picked most often is known best */
      if (list->count > found->count || best_votes == 0) best = i;
      best_votes = 1;
      continue;
    }
    bool more_births = (double)list->births > 1.05 * (double)found->births;
    bool as_many = !more_births && (double)list->births * 1.05 >= (double)found->births;
    if (best_votes == 0 || votes > best_votes ||
        (votes == best_votes &&
         (more_births || (as_many && site->total.bytes > other->total.bytes)))) {
      best = i;
      best_votes = votes;
    }
  }
  return best;
}

static int add_to_group(struct group *group, size_t list, bool carries) {
  size_t *lists = reallocarray(group->lists, group->count + 1, sizeof(*lists));
  if (lists) group->lists = lists;
  bool *flags = reallocarray(group->carries, group->count + 1, sizeof(*flags));
  if (flags) group->carries = flags;
  if (!lists || !flags) return -ENOMEM;
  group->lists[group->count] = list;
  group->carries[group->count++] = carries;
  return 0;
}

/* What is known of all pairs; to be freed, NULL without memory. */
static uint8_t *relate_all(const struct profile *profile, const struct trait *traits,
                           size_t count) {
  uint8_t *relations = calloc(count * count + 1, 1);
  for (size_t i = 0; i < count && relations; i++)
    for (size_t j = 0; j < count; j++)
      if (i != j)
        relations[i * count + j] = (uint8_t)companions_relate(profile, &traits[i], &traits[j]);
  return relations;
}

/* Whether of two sets one member is known to be no part of the other's messages. */
static bool are_apart(const uint8_t *relations, size_t count, size_t *kinds, size_t a, size_t b) {
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j++)
      if (relations[i * count + j] == NO_PARTS && sets_find(kinds, i) == a &&
          sets_find(kinds, j) == b)
        return true;
  return false;
}

/* What is certain first; then what may be, where nothing speaks against it. */
static void join_parts(const uint8_t *relations, size_t count, size_t *kinds) {
  for (int certain = 1; certain >= 0; certain--)
    for (size_t i = 0; i < count; i++)
      for (size_t j = 0; j < count; j++) {
        size_t a = sets_find(kinds, i), b = sets_find(kinds, j);
        if (relations[i * count + j] != (certain ? PARTS : PERHAPS_PARTS) || a == b) continue;
        if (!certain &&
            (are_apart(relations, count, kinds, a, b) || are_apart(relations, count, kinds, b, a)))
          continue;
        kinds[b] = a;
      }
}

static int join(const struct profile *profile, const struct trait *traits, size_t count,
                size_t *kinds, size_t *queues) {
  uint8_t *relations = relate_all(profile, traits, count);
  if (!relations) return -ENOMEM;
  join_parts(relations, count, kinds);
  free(relations);
  for (size_t i = 0; i < count; i++)
    queues[i] = sets_find(kinds, i);
  for (size_t i = 0; i < count; i++)
    for (size_t j = i + 1; j < count; j++)
      if (sets_find(queues, i) != sets_find(queues, j) &&
          companions_queue_up(profile, &traits[i], &traits[j]))
        queues[sets_find(queues, j)] = sets_find(queues, i);
  return 0;
}

static int put_in_groups(const struct profile *profile, const struct residences *residences,
                         const struct trait *traits, struct grouping *grouping) {
  size_t count = residences->count;
  size_t *sets = calloc(2 * count + 1, sizeof(*sets)), *place = calloc(count + 1, sizeof(*place));
  int error = sets && place ? 0 : -ENOMEM;
  size_t *kinds = sets, *queues = sets + count;
  for (size_t i = 0; i < count && !error; i++)
    kinds[i] = i;
  if (!error) error = join(profile, traits, count, kinds, queues);
  for (size_t i = 0; i < count && !error; i++) {
    size_t queue = sets_find(queues, i);
    if (!place[queue]) place[queue] = ++grouping->count;
    bool carries = choose_carrier(profile, residences, kinds, sets_find(kinds, i)) == i;
    error = add_to_group(&grouping->groups[place[queue] - 1], i, carries);
  }
  free(sets);
  free(place);
  return error;
}

int grouping_make(const struct profile *profile, const struct residences *residences,
                  struct grouping *grouping) {
  size_t count = residences->count;
  *grouping = (struct grouping){.groups = calloc(count + 1, sizeof(struct group))};
  struct trait *traits = calloc(count + 1, sizeof(*traits));
  int error = grouping->groups && traits ? 0 : -ENOMEM;
  for (size_t i = 0; i < count && !error; i++)
    error = trait_take(&traits[i], &residences->lists[i]);
  if (!error) error = put_in_groups(profile, residences, traits, grouping);
  for (size_t i = 0; i < count && traits; i++)
    trait_free(&traits[i]);
  free(traits);
  return error;
}

void grouping_free(struct grouping *grouping) {
  for (size_t i = 0; i < grouping->count; i++) {
    free(grouping->groups[i].lists);
    free(grouping->groups[i].carries);
  }
  free(grouping->groups);
  *grouping = (struct grouping){0};
}
