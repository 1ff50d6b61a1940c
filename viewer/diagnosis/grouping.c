/* grouping.c - see grouping.h. Each pair of lists is compared by some probes, spread evenly over
 * the shorter list; what nearly all of them agree on holds. */
#include "grouping.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { PROBES = 200, PROBES_MIN = 8 };
#define AGREED 0.9

/* Frees of one message follow one another at once: this is how far apart they may be. */
#define TOGETHER_NS 2000.0

/* ---- one list --------------------------------------------------------------------------- */

static size_t born_before(const struct residence_list *list, uint64_t ns) {
  size_t low = 0, high = list->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (list->of[middle].birth_ns < ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static double mean_gap_ns(const struct residence_list *list) {
  if (list->count < 2) return 0;
  return (double)(list->of[list->count - 1].birth_ns - list->of[0].birth_ns) /
         (double)(list->count - 1);
}

static double apart(uint64_t a, uint64_t b) {
  return a > b ? (double)(a - b) : (double)(b - a);
}

/* The block born nearest to a moment, in that thread if there is one among the neighbours. */
static size_t nearest(const struct residence_list *list, const struct residence *to) {
  enum { NEIGHBOURS = 4 };
  size_t at = born_before(list, to->birth_ns), found = SIZE_MAX;
  bool found_in_thread = false;
  size_t from = at > NEIGHBOURS ? at - NEIGHBOURS : 0;
  for (size_t i = from; i < list->count && i < at + NEIGHBOURS; i++) {
    bool in_thread = list->of[i].birth_thread == to->birth_thread;
    if (found != SIZE_MAX &&
        (in_thread < found_in_thread ||
         (in_thread == found_in_thread && apart(list->of[i].birth_ns, to->birth_ns) >=
                                              apart(list->of[found].birth_ns, to->birth_ns))))
      continue;
    found = i;
    found_in_thread = in_thread;
  }
  return found;
}

static const struct residence *probe(const struct residence_list *list, size_t number,
                                     size_t probes) {
  return &list->of[number * (list->count - 1) / (probes - 1)];
}

static size_t probes_of(const struct residence_list *list) {
  return list->count < PROBES ? list->count : PROBES;
}

/* ---- companions ------------------------------------------------------------------------- */

/* The mean time between two departures, within the times at which there are any. */
static double departure_gap_ns(const struct residence_list *list) {
  uint64_t first = UINT64_MAX, last = 0;
  size_t departed = 0;
  for (size_t i = 0; i < list->count; i++) {
    if (list->of[i].death_ns == RESIDENCE_LIVE) continue;
    departed++;
    if (list->of[i].death_ns < first) first = list->of[i].death_ns;
    if (list->of[i].death_ns > last) last = list->of[i].death_ns;
  }
  return departed > 1 ? (double)(last - first) / (double)(departed - 1) : 0;
}

/* How far apart births and deaths of companions may be. The list node goes when the message is
 * taken off the queue, the payload when it has been dealt with: some departures later, with some
 * consumers. */
struct patience {
  double birth_ns, death_ns;
};

/* How many threads free a list's blocks; 16 is many. */
static double drainers(const struct residence_list *list) {
  enum { MANY = 16 };
  unsigned seen[MANY], count = 0;
  for (size_t i = 0; i < list->count && count < MANY; i++) {
    if (list->of[i].death_ns == RESIDENCE_LIVE) continue;
    unsigned known = 0;
    while (known < count && seen[known] != list->of[i].death_thread)
      known++;
    if (known == count) seen[count++] = list->of[i].death_thread;
  }
  return count;
}

static struct patience patience_with(const struct residence_list *messages) {
  double gap = mean_gap_ns(messages),
         leaves = (1.5 + 2.5 * drainers(messages)) * departure_gap_ns(messages);
  double near = (messages->every > 1 ? 1 : 0.25) * gap;
  return (struct patience){near > TOGETHER_NS ? near : TOGETHER_NS,
                           leaves > TOGETHER_NS ? leaves : TOGETHER_NS};
}

/* Whether a block of which there is one to `many` messages comes and goes with messages. */
static bool goes_along(const struct residence_list *messages, const struct residence *of,
                       double many, struct patience patience) {
  size_t at = nearest(messages, of);
  if (at == SIZE_MAX) return false;
  const struct residence *message = &messages->of[at];
  if (apart(message->birth_ns, of->birth_ns) > patience.birth_ns) return false;
  bool live = of->death_ns == RESIDENCE_LIVE, waits = message->death_ns == RESIDENCE_LIVE;
  if (many < 1.5) {
    if (live || waits) return live && waits;
    return apart(message->death_ns, of->death_ns) <= patience.death_ns;
  }
  /* freed when the last of its messages is, or when the next block is wanted */
  size_t last = at + (size_t)(many / (double)messages->every + 0.5) + 1;
  if (last >= messages->count) last = messages->count - 1;
  if (live) return messages->of[last].death_ns == RESIDENCE_LIVE;
  return !waits && (double)of->death_ns >= (double)message->death_ns - patience.death_ns &&
         (double)of->death_ns <= (double)messages->of[last].death_ns + patience.death_ns;
}

static bool are_companions(const struct residence_list *messages,
                           const struct residence_list *others) {
  size_t probes = probes_of(others), agreed = 0;
  if (probes < PROBES_MIN || messages->births < others->births) return false;
  double many = (double)messages->births / (double)others->births;
  struct patience patience = patience_with(messages);
  for (size_t i = 0; i < probes; i++)
    agreed += goes_along(messages, probe(others, i, probes), many, patience);
  return (double)agreed >= AGREED * (double)probes;
}

/* ---- one line --------------------------------------------------------------------------- */

/* Whether the neighbours of a block's birth in another list promise its death. */
static bool foretold(const struct residence_list *list, const struct residence *of, double gap_ns) {
  size_t after = born_before(list, of->birth_ns);
  if (after == 0 || after == list->count) return false;
  uint64_t low = list->of[after - 1].death_ns, high = list->of[after].death_ns;
  if (of->death_ns == RESIDENCE_LIVE) return high == RESIDENCE_LIVE;
  if (low == RESIDENCE_LIVE) return false;
  if (low > high) {
    uint64_t swap = low;
    low = high;
    high = swap;
  }
  double slack = 0.02 * (double)(of->death_ns - of->birth_ns);
  if (slack < gap_ns) slack = gap_ns;
  return (double)of->death_ns >= (double)low - slack &&
         (double)of->death_ns <= (double)high + slack;
}

static double share_of_stack(const struct shares *stacks, uint32_t id) {
  uint64_t all = 0, found = 0;
  for (size_t i = 0; i < stacks->count; i++) {
    all += stacks->of[i].blocks;
    if (stacks->of[i].id == id) found = stacks->of[i].blocks;
  }
  return all ? (double)found / (double)all : 0;
}

static bool share_an_end(const struct site *a, const struct site *b) {
  return a->death_stacks.count && b->death_stacks.count &&
         share_of_stack(&b->death_stacks, a->death_stacks.of[0].id) >= 0.2 &&
         share_of_stack(&a->death_stacks, b->death_stacks.of[0].id) >= 0.2;
}

/* Few of its departures come much earlier than that of the one that arrived before. */
static bool stands_in_line(const struct residence_list *list, double gap_ns) {
  size_t seen = 0, kept = 0;
  for (size_t i = 1; i < list->count; i++) {
    const struct residence *one = &list->of[i - 1], *next = &list->of[i];
    if (one->death_ns == RESIDENCE_LIVE && next->death_ns == RESIDENCE_LIVE) continue;
    seen++;
    kept += (double)next->death_ns + gap_ns + 0.02 * (double)(next->death_ns - next->birth_ns) >=
            (double)one->death_ns;
  }
  return seen >= PROBES_MIN && (double)kept >= AGREED * (double)seen;
}

/* Whether each of two lists foretells the other's departures. */
static bool agree_on_departures(const struct residence_list *a, const struct residence_list *b) {
  if (a->count < PROBES_MIN || b->count < PROBES_MIN) return false;
  double gap_a = mean_gap_ns(a), gap_b = mean_gap_ns(b), gap_ns = gap_a > gap_b ? gap_a : gap_b;
  if (!stands_in_line(a, gap_a) || !stands_in_line(b, gap_b)) return false;
  const struct residence_list *lists[2] = {a, b};
  size_t asked = 0, agreed = 0;
  for (int side = 0; side < 2; side++) {
    size_t probes = probes_of(lists[side]);
    for (size_t i = 0; i < probes; i++) {
      asked++;
      agreed += foretold(lists[!side], probe(lists[side], i, probes), gap_ns);
    }
  }
  return (double)agreed >= 0.8 * (double)asked;
}

static bool fill_one_line(const struct profile *profile, const struct residence_list *a,
                          const struct residence_list *b) {
  return share_an_end(&profile->sites[a->site], &profile->sites[b->site]) &&
         agree_on_departures(a, b);
}

/* In a sample the blocks of one message are seldom all there: only their course can be compared. */
static bool travel_together(const struct profile *profile, const struct residence_list *a,
                            const struct residence_list *b) {
  return profile->sample_bytes ? agree_on_departures(a, b) : are_companions(a, b);
}

/* ---- sets ------------------------------------------------------------------------------- */

static size_t find(size_t *parents, size_t i) {
  while (parents[i] != i)
    i = parents[i] = parents[parents[i]];
  return i;
}

/* Of the companions of one kind of message: the count that most of them have, then most bytes. */
static size_t choose_carrier(const struct profile *profile, const struct residences *residences,
                             size_t *kinds, size_t kind) {
  size_t best = kind, best_votes = 0;
  for (size_t i = 0; i < residences->count; i++) {
    if (find(kinds, i) != kind) continue;
    const struct residence_list *list = &residences->lists[i], *found = &residences->lists[best];
    size_t votes = 0;
    for (size_t j = 0; j < residences->count; j++)
      votes += find(kinds, j) == kind && fabs((double)residences->lists[j].births -
                                              (double)list->births) <= 0.05 * (double)list->births;
    const struct site *site = &profile->sites[list->site], *other = &profile->sites[found->site];
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

static void join(const struct profile *profile, const struct residences *residences, size_t *kinds,
                 size_t *queues) {
  for (size_t i = 0; i < residences->count; i++)
    for (size_t j = 0; j < residences->count; j++)
      if (i != j && find(kinds, i) != find(kinds, j) &&
          travel_together(profile, &residences->lists[i], &residences->lists[j]))
        kinds[find(kinds, j)] = find(kinds, i);
  for (size_t i = 0; i < residences->count; i++)
    queues[i] = find(kinds, i);
  for (size_t i = 0; i < residences->count; i++)
    for (size_t j = i + 1; j < residences->count; j++)
      if (find(queues, i) != find(queues, j) &&
          fill_one_line(profile, &residences->lists[i], &residences->lists[j]))
        queues[find(queues, j)] = find(queues, i);
}

int grouping_make(const struct profile *profile, const struct residences *residences,
                  struct grouping *grouping) {
  size_t count = residences->count;
  *grouping = (struct grouping){.groups = calloc(count + 1, sizeof(struct group))};
  size_t *sets = calloc(2 * count + 1, sizeof(*sets)), *place = calloc(count + 1, sizeof(*place));
  int error = grouping->groups && sets && place ? 0 : -ENOMEM;
  size_t *kinds = sets, *queues = sets + count;
  for (size_t i = 0; i < count && !error; i++)
    kinds[i] = i;
  if (!error) join(profile, residences, kinds, queues);
  for (size_t i = 0; i < count && !error; i++) {
    size_t queue = find(queues, i);
    if (!place[queue]) place[queue] = ++grouping->count;
    bool carries = choose_carrier(profile, residences, kinds, find(kinds, i)) == i;
    error = add_to_group(&grouping->groups[place[queue] - 1], i, carries);
  }
  free(sets);
  free(place);
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
