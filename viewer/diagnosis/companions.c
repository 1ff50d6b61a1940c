/* companions.c - see companions.h. Two lists are compared by some probes, spread evenly over the
 * shorter one; what nearly all of them agree on holds.
 */
#include "companions.h"

#include <math.h>

enum { PROBES = 200, PROBES_MIN = 8 };
#define AGREED 0.9

/* From so many messages to a block on, it has to come regularly. */
#define COUNTED 2.5

/* Frees of one message follow one another at once: this is how far apart they may be. */
#define TOGETHER_NS 2000.0

static size_t born_before(const struct residence_list *list, uint64_t ns) {
  return ns ? residences_born(list->of, list->count, ns - 1) : 0;
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

/* How far apart births and deaths of companions may be. A sender that waits for room has made the
 * payload, and makes the node when there is room: all senders' messages may come in between. The
 * node goes when the message is taken off the queue, the payload when it has been dealt with: some
 * departures later, with some consumers. */
struct patience {
  double birth_ns, death_ns;
};

static struct patience patience_with(const struct trait *messages, double many) {
  /* between one and some to a message nothing is counted that tells them from any other's */
  double waits = many < 1.02 || many > COUNTED ? 1.2 * (1 + messages->fillers) : 0.25;
  double near = waits * messages->birth_gap_ns;
  double leaves = (1.5 + 2.5 * messages->drainers) * messages->death_gap_ns;
  return (struct patience){near > TOGETHER_NS ? near : TOGETHER_NS,
                           leaves > TOGETHER_NS ? leaves : TOGETHER_NS};
}

/* The last death among some messages; RESIDENCE_LIVE if one of them never died. */
static uint64_t last_death(const struct residence_list *messages, size_t from, size_t to) {
  uint64_t last = 0;
  for (size_t i = from; i <= to && i < messages->count; i++)
    if (messages->of[i].death_ns > last) last = messages->of[i].death_ns;
  return last;
}

/* Whether a block of which there is one to `many` messages goes when they go: freed when the last
 * of its messages is, or when the next block is wanted. */
static bool goes_with(const struct residence_list *messages, size_t at, const struct residence *of,
                      double many, double patience_ns) {
  const struct residence *message = &messages->of[at];
  bool live = of->death_ns == RESIDENCE_LIVE, waits = message->death_ns == RESIDENCE_LIVE;
  if (many <= COUNTED) {
    if (live || waits) return live && waits;
    /* where some messages have no node (they were turned away) those that have one wait as it does
     */
    bool alike =
        many < 1.02 || 2 * (message->death_ns - message->birth_ns) >= of->death_ns - of->birth_ns;
    return alike && apart(message->death_ns, of->death_ns) <= patience_ns;
  }
  size_t last = at + (size_t)(many / (double)messages->every + 0.5) + 1;
  uint64_t end = last_death(messages, at, last);
  if (live) return end == RESIDENCE_LIVE;
  return !waits && (double)of->death_ns >= (double)message->death_ns - patience_ns &&
         (double)of->death_ns <= (double)end + patience_ns;
}

/* Of `messages` as many come between one block of the others and the next, nearly each time. */
static bool come_by_count(const struct residence_list *messages,
                          const struct residence_list *others, double many) {
  size_t probes = probes_of(others), asked = 0, agreed = 0;
  double expected = many * (double)others->every / (double)messages->every;
  for (size_t i = 0; i + 1 < probes; i++) {
    const struct residence *one = probe(others, i, probes), *next = one + 1;
    double between = (double)born_before(messages, next->birth_ns) -
                     (double)born_before(messages, one->birth_ns);
    asked++;
    agreed += fabs(between - expected) <= 0.25 * expected + 1.5;
  }
  return asked > 0 && (double)agreed >= 0.7 * (double)asked;
}

/* One is gone before the next comes, of the other many are alive: whatever moments they share, the
 * one does not wait with the other. */
static bool only_one_waits(const struct trait *a, const struct trait *b) {
  return fmin(a->meanwhile_high, b->meanwhile_high) < 1 &&
         fmax(a->meanwhile_low, b->meanwhile_low) >= 20;
}

static double nearest_death(const struct trait *trait, uint64_t ns) {
  const struct level *level = &trait->level;
  size_t before = ns ? level_departed(level, ns - 1) : 0;
  double since = before > 0 ? (double)(ns - level->deaths[before - 1]) : INFINITY;
  double until = before < level->death_count ? (double)(level->deaths[before] - ns) : INFINITY;
  return fmin(since, until);
}

/* How a block of one list stands to the messages of another. */
enum standing { ASTRAY, AT_ONCE, LATER, APART };

/* At once: born with a message, and going with it. Later: born a while apart, and freed at a moment
 * when another message is: the consumer that is done with one takes the next. Apart: neither born
 * nor freed beside any. (Messages of two places in one line are born and freed evenly.) */
static enum standing standing_of(const struct trait *messages, const struct residence *of,
                                 double many, struct patience patience) {
  const struct residence_list *list = messages->list;
  size_t at = nearest(list, of);
  if (at == SIZE_MAX) return ASTRAY;
  double born = apart(list->of[at].birth_ns, of->birth_ns);
  double at_once = fmax(0.25 * messages->birth_gap_ns, TOGETHER_NS);
  double beside = fmax(0.1 * messages->death_gap_ns, TOGETHER_NS);
  bool live = of->death_ns == RESIDENCE_LIVE;
  bool freed_beside = live || nearest_death(messages, of->death_ns) <= beside;
  if (born > at_once && !freed_beside) return APART;
  if (born > patience.birth_ns || !goes_with(list, at, of, many, patience.death_ns)) return ASTRAY;
  return born <= at_once ? AT_ONCE : freed_beside ? LATER : ASTRAY;
}

static enum relation compare(const struct trait *messages, const struct trait *others) {
  const struct residence_list *list = messages->list, *other = others->list;
  size_t probes = probes_of(other), seen[4] = {0};
  if (probes < PROBES_MIN || list->births < other->births) return UNRELATED;
  double many = (double)list->births / (double)other->births;
  if (many > COUNTED && !messages->waits) return UNRELATED; /* it would go along with anything */
  if (many <= COUNTED && only_one_waits(messages, others)) return UNRELATED;
  struct patience patience = patience_with(messages, many);
  for (size_t i = 0; i < probes; i++)
    seen[standing_of(messages, probe(other, i, probes), many, patience)]++;
  double most = 0.75 * (double)probes;
  if (many <= COUNTED && (double)seen[APART] >= 0.25 * (double)probes) return NO_PARTS;
  if ((double)(seen[AT_ONCE] + seen[LATER]) < most) return UNRELATED;
  if (many > COUNTED && !come_by_count(list, other, many)) return UNRELATED;
  return (double)seen[AT_ONCE] >= 0.5 * (double)probes ? PARTS : PERHAPS_PARTS;
}

/* ---- parts that come later -------------------------------------------------------------- */

/* As many blocks, which die at the same moments: parts of the same messages, though born later. */
static bool die_together(const struct trait *a, const struct trait *b) {
  double births_a = (double)a->list->births, births_b = (double)b->list->births;
  size_t departed = b->level.death_count;
  if (fabs(births_a - births_b) > 0.02 * births_a || departed < PROBES_MIN) return false;
  size_t probes = departed < PROBES ? departed : PROBES, agreed = 0;
  for (size_t i = 0; i < probes; i++)
    agreed += nearest_death(a, b->level.deaths[i * (departed - 1) / (probes - 1)]) <= TOGETHER_NS;
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
static bool agree_on_departures(const struct trait *a, const struct trait *b) {
  if (a->list->count < PROBES_MIN || b->list->count < PROBES_MIN) return false;
  double gap_ns = a->birth_gap_ns > b->birth_gap_ns ? a->birth_gap_ns : b->birth_gap_ns;
  if (!stands_in_line(a->list, a->birth_gap_ns) || !stands_in_line(b->list, b->birth_gap_ns))
    return false;
  const struct residence_list *lists[2] = {a->list, b->list};
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

bool companions_queue_up(const struct profile *profile, const struct trait *a,
                         const struct trait *b) {
  return share_an_end(residences_site(profile, a->list), residences_site(profile, b->list)) &&
         agree_on_departures(a, b);
}

static double written_blocks(const struct profile *profile, const struct trait *of) {
  return (double)profile_written_blocks(profile, residences_site(profile, of->list));
}

/* In a sample the blocks of one message are seldom all there. When they are, one is born just
 * beside the other, or freed just beside another message's. */
struct coincidence {
  double asked, born,
      freed;       /* blocks; of which births, deaths stand beside one of the other list */
  double along;    /* of those born beside it: go with it as well */
  double expected; /* share, were they parts of one message */
  double chance;   /* share, were they not */
};

static struct coincidence coincidence_of(const struct profile *profile, const struct trait *a,
                                         const struct trait *b) {
  const struct residence_list *list = a->list, *other = b->list;
  struct coincidence found = {.expected = (double)list->births / written_blocks(profile, a),
                              .chance =
                                  a->birth_gap_ns > 0 ? 2 * TOGETHER_NS / a->birth_gap_ns : 1};
  double leaves = (1.5 + 2.5 * a->drainers) * a->death_gap_ns;
  for (size_t i = 0; i < other->count && i < 20 * PROBES; i++) {
    const struct residence *of = &other->of[i];
    found.asked++;
    found.freed += of->death_ns != RESIDENCE_LIVE && nearest_death(a, of->death_ns) <= TOGETHER_NS;
    size_t at = nearest(list, of);
    if (at == SIZE_MAX || list->of[at].birth_thread != of->birth_thread ||
        apart(list->of[at].birth_ns, of->birth_ns) > TOGETHER_NS)
      continue;
    found.born++;
    found.along += goes_with(list, at, of, 1, leaves > TOGETHER_NS ? leaves : TOGETHER_NS);
  }
  return found;
}

/* Chance does not put them side by side so often. */
static bool are_parts(const struct coincidence *found) {
  double share = found->born / (found->asked + 1);
  return found->born >= PROBES_MIN && share >= 0.7 * found->expected &&
         share >= 5 * found->chance && found->along >= 0.75 * found->born;
}

/* Were they parts of one message, they would stand side by side more often. */
static bool are_no_parts(const struct coincidence *found, double each) {
  double expected = found->expected * found->asked;
  /* a node of many messages is seldom made just when one of them is */
  return each <= 4 && each >= 0.25 && expected >= 16 && found->born < 0.4 * expected &&
         found->freed < 0.25 * expected;
}

enum relation companions_relate(const struct profile *profile, const struct trait *a,
                                const struct trait *b) {
  if (!profile->sample_bytes)
    return die_together(a, b) && agree_on_departures(a, b) ? PARTS : compare(a, b);
  if (a->waits != b->waits || only_one_waits(a, b)) return UNRELATED;
  struct coincidence found = coincidence_of(profile, a, b);
  if (are_parts(&found)) return PARTS;
  double each = written_blocks(profile, a) / (written_blocks(profile, b) + 1);
  if (are_no_parts(&found, each)) return NO_PARTS;
  return agree_on_departures(a, b) ? PERHAPS_PARTS : UNRELATED;
}
