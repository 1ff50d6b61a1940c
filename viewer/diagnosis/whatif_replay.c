/* whatif_replay.c - see whatif_replay.h.
 *
 * Messages stand in one line in the order in which they arrive: first those in the consumers' hands
 * and gone, then those that wait in the queue, last those whose senders wait for room. Three
 * numbers say where one part ends and the next begins.
 */
#include "whatif_replay.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* ---- what happens when: a heap, the earliest first -------------------------------------- */

struct due {
  uint64_t ns;
  uint32_t what;
};
struct agenda {
  struct due *of;
  size_t count;
};

static bool earlier(const struct due *a, const struct due *b) {
  return a->ns != b->ns ? a->ns < b->ns : a->what < b->what;
}

static void agenda_add(struct agenda *agenda, uint64_t ns, uint32_t what) {
  const struct due due = {ns, what};
  size_t at = agenda->count++;
  while (at > 0 && earlier(&due, &agenda->of[(at - 1) / 2])) {
    agenda->of[at] = agenda->of[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  agenda->of[at] = due;
}

static struct due agenda_take(struct agenda *agenda) {
  const struct due first = agenda->of[0], due = agenda->of[--agenda->count];
  size_t at = 0, child;
  while ((child = 2 * at + 1) < agenda->count) {
    if (child + 1 < agenda->count && earlier(&agenda->of[child + 1], &agenda->of[child])) child++;
    if (!earlier(&agenda->of[child], &due)) break;
    agenda->of[at] = agenda->of[child];
    at = child;
  }
  agenda->of[at] = due;
  return first;
}

static uint64_t agenda_next_ns(const struct agenda *agenda) {
  return agenda->count ? agenda->of[0].ns : UINT64_MAX;
}

/* ---- the run ---------------------------------------------------------------------------- */

struct place {
  uint64_t arrival_ns;
  uint32_t message;
};

struct run {
  const struct whatif_series *series;
  struct replay *replay;
  uint64_t bound;
  double real_bound;
  struct agenda arrivals;   /* what: the message */
  struct agenda departures; /* what: how many messages depart at once */
  struct place *line;
  size_t taken, admitted, arrived; /* up to which places of the line */
  size_t departed, left;           /* left: never were in the queue, and stay */
  size_t idle;                     /* consumers */
};

static void count_alive(struct run *run) {
  double scale = run->series->scale;
  double waiting = (double)(run->admitted - run->taken) * scale;
  if (waiting > run->real_bound) waiting = run->real_bound;
  double in_work = (double)(run->taken - run->departed);
  if (run->series->batch_limit > 1) in_work *= scale; /* else a consumer has one, whatever scale */
  double held_back = (double)(run->arrived - run->admitted);
  double alive = waiting + in_work + held_back + (double)run->left * scale;
  if (alive > run->replay->peak_messages) run->replay->peak_messages = alive;
}

/* Its sender's next message comes when it has thought. */
static void end_send(struct run *run, uint32_t message, uint64_t ns) {
  uint32_t next = run->series->next[message];
  if (next != SERIES_NONE) agenda_add(&run->arrivals, ns + run->series->think_ns[next], next);
  if (ns > run->replay->last_ns) run->replay->last_ns = ns;
}

static void admit(struct run *run, uint64_t now_ns) {
  const struct place *place = &run->line[run->admitted++];
  run->replay->wait_ns += (double)(now_ns - place->arrival_ns);
  end_send(run, place->message, now_ns);
}

/* A consumer takes what waits, one or as many as it may; then there is room. */
static void take(struct run *run, uint64_t now_ns) {
  const struct whatif_series *series = run->series;
  size_t waiting = run->admitted - run->taken;
  size_t size = waiting < series->batch_limit ? waiting : series->batch_limit;
  const struct place *places = &run->line[run->taken];
  double service_ns = series->service.fixed * series->work[places[0].message];
  for (size_t i = 0; series->service.each > 0 && i < size; i++)
    service_ns += series->service.each * series->work[places[i].message];
  uint64_t departure_ns = now_ns + (uint64_t)llround(service_ns);
  for (size_t i = 0; i < size; i++, run->taken++)
    if (run->replay->residence_ns && run->taken < series->departed)
      run->replay->residence_ns[run->taken] = departure_ns - places[i].arrival_ns;
  agenda_add(&run->departures, departure_ns, (uint32_t)size);
  run->idle--;
  while (run->admitted < run->arrived && run->admitted - run->taken < run->bound)
    admit(run, now_ns);
}

static void arrive(struct run *run) {
  struct due arrival = agenda_take(&run->arrivals);
  if (run->series->work[arrival.what] < 0) {
    run->left++;
    end_send(run, arrival.what, arrival.ns);
  } else {
    run->line[run->arrived++] = (struct place){arrival.ns, arrival.what};
    if (run->admitted - run->taken < run->bound)
      admit(run, arrival.ns);
    else
      run->replay->held_back++;
  }
  count_alive(run);
}

static void depart(struct run *run) {
  struct due departure = agenda_take(&run->departures);
  bool counts = run->departed < run->series->departed;
  run->departed += departure.what;
  run->idle++;
  if (counts && departure.ns > run->replay->last_ns) run->replay->last_ns = departure.ns;
}

/* What was still there at the end of the record departs as far as senders wait for it to. */
static bool is_over(const struct run *run) {
  return run->arrivals.count == 0 && run->admitted == run->arrived &&
         run->departed >= run->series->departed;
}

static void run_all(struct run *run) {
  const struct whatif_series *series = run->series;
  run->idle = series->consumers;
  for (size_t i = 0; i < series->sender_count; i++)
    agenda_add(&run->arrivals, series->think_ns[series->first[i]], series->first[i]);
  while (!is_over(run)) {
    uint64_t arrival_ns = agenda_next_ns(&run->arrivals);
    uint64_t departure_ns = agenda_next_ns(&run->departures);
    bool departs = run->departures.count && departure_ns <= arrival_ns;
    if (departs)
      depart(run);
    else
      arrive(run);
    while (run->idle > 0 && run->taken < run->admitted)
      take(run, departs ? departure_ns : arrival_ns);
  }
}

int replay_run(const struct whatif_series *series, uint64_t bound, uint64_t real_bound,
               bool residences, struct replay *replay) {
  *replay = (struct replay){.residence_count = series->departed};
  struct run run = {.series = series,
                    .replay = replay,
                    .bound = bound,
                    .real_bound = (double)real_bound,
                    .arrivals.of = calloc(series->sender_count + 1, sizeof(struct due)),
                    .departures.of = calloc(series->consumers + 1, sizeof(struct due)),
                    .line = calloc(series->count, sizeof(struct place))};
  if (residences) replay->residence_ns = calloc(series->departed, sizeof(uint64_t));
  bool memory =
      run.arrivals.of && run.departures.of && run.line && (!residences || replay->residence_ns);
  if (memory) run_all(&run);
  free(run.arrivals.of);
  free(run.departures.of);
  free(run.line);
  return memory ? 0 : -ENOMEM;
}

void replay_free(struct replay *replay) {
  free(replay->residence_ns);
  *replay = (struct replay){0};
}
