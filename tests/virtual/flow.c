/* flow.c - the threads at both ends of a line. Between two calls that let time pass, nobody else
 * runs: no lock is needed. */
#include "flow.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FLOW_THREADS 4

struct flow {
  struct process *process;
  struct plan plan;
  struct truth *truth;
  struct flow *next;
  struct line lines[FLOW_THREADS]; /* one, or one for each consumer */
  unsigned line_count;
  unsigned producers, consumers, filling, draining; /* threads: of the plan, and still at it */
  unsigned started;
  struct message *messages; /* all that there will be */
  unsigned made, served;
  unsigned credits, owed; /* to take; to be given back */
  bool is_full;           /* since it was, it has not come down to plan.resumes_at */
  const struct places *payload, *body, *node; /* birth stacks */
  uint32_t done, thrown;
  struct world_queue all_sent, no_credit;
};

struct worker {
  struct flow *flow;
  unsigned number; /* 0.. */
};

static uint32_t stack_of(const struct flow *flow, const char *what) {
  char name[32];
  snprintf(name, sizeof(name), "%s.%s", flow->plan.name, what);
  return world_stack(flow->process->world, name);
}

/* ---- messages --------------------------------------------------------------------------- */

static enum form form_of(const struct flow *flow) {
  return flow->process->shape.form;
}

#define DRAFT_BYTES 100
static struct held payload_new(struct flow *flow, uint32_t stack, uint64_t size) {
  struct world *world = flow->process->world;
  if (!flow->plan.drafted || size <= DRAFT_BYTES) return process_malloc(world, stack, size);
  struct held draft = process_malloc(world, stack, DRAFT_BYTES);
  struct held payload = process_malloc(world, stack, size);
  process_free(world, draft, stack);
  flow->truth->drafts++;
  return payload;
}

static struct message *message_new(struct flow *flow, struct chance *chance) {
  struct world *world = flow->process->world;
  if (flow->made == flow->plan.messages) abort();
  struct message *message = &flow->messages[flow->made++];
  message->service_ns =
      chance_ns(chance, flow->plan.service_ns * flow->consumers, flow->plan.service);
  message->priority =
      flow->plan.urgent > 0 ? chance_uniform(chance) < flow->plan.urgent : chance_next(chance);
  uint64_t size = 40 + chance_below(chance, 400);
  unsigned place = message->place =
      flow->payload->count > 1 ? (unsigned)chance_below(chance, flow->payload->count) : 0;
  uint32_t payload = flow->payload->of[place];
  message->number = truth_arrive(flow->truth, world);
  switch (form_of(flow)) {
  case FORM_ONE:
    message->payload = payload_new(flow, payload,
                                   flow->plan.grown     ? 1
                                   : flow->plan.drafted ? size
                                                        : 96);
    if (flow->plan.grown) world_resize(world, &message->payload, 96, stack_of(flow, "grow"));
    break;
  case FORM_THREE:
    message->payload = payload_new(flow, payload, size);
    message->body = process_malloc(world, flow->body->of[place], 64);
    break;
  case FORM_NODES:
    message->payload = payload_new(flow, payload, size);
    break;
  default:
    break;
  }
  return message;
}

static void give_credit_back(struct flow *flow) {
  if (++flow->owed < flow->plan.bound / 2) return;
  flow->credits += flow->owed;
  flow->owed = 0;
  while (flow->no_credit.count)
    world_wake(flow->process->world, &flow->no_credit);
}

/* What its last owner frees. */
static void message_end(struct flow *flow, struct message *message, uint32_t stack) {
  struct world *world = flow->process->world;
  if (message->body.address) process_free(world, message->body, stack);
  if (message->payload.address) process_free(world, message->payload, stack);
  truth_depart(flow->truth, world, message->number);
  if (flow->plan.credits) give_credit_back(flow);
}

static bool has_room(struct flow *flow, const struct line *line) {
  const struct plan *plan = &flow->plan;
  if (line->count >= plan->bound) flow->is_full = true;
  if (line->count <= plan->resumes_at) flow->is_full = false;
  return line->count < plan->bound && !(plan->resumes_at && flow->is_full);
}

static void send(struct flow *flow, struct message *message) {
  struct line *line = &flow->lines[message->number % flow->line_count];
  const struct plan *plan = &flow->plan;
  bool full = plan->bound && line->count >= plan->bound;
  if (full && plan->policy == POLICY_DROP_NEWEST) {
    flow->truth->turned_away++;
    message_end(flow, message, flow->thrown);
    return;
  }
  if (full && plan->policy == POLICY_DROP_OLDEST) {
    flow->truth->thrown_away++;
    message_end(flow, line_take(line, flow->thrown), flow->thrown);
  }
  uint64_t since = world_now(flow->process->world);
  while (plan->policy == POLICY_BLOCKING && !has_room(flow, line))
    world_wait(flow->process->world, &line->senders);
  flow->truth->waited_ns += (double)(world_now(flow->process->world) - since);
  line->node = flow->node->of[message->place];
  line_put(line, message);
}

/* ---- threads ---------------------------------------------------------------------------- */

static void close_lines(struct flow *flow) {
  for (unsigned i = 0; i < flow->line_count; i++)
    while (flow->lines[i].receivers.count)
      world_wake(flow->process->world, &flow->lines[i].receivers);
  while (flow->all_sent.count)
    world_wake(flow->process->world, &flow->all_sent);
}

/* How much slower than on average it is now. */
static double slowness(const struct plan *plan, uint64_t now_ns) {
  if (plan->day_ns <= 0) return 1;
  return 1 / (1 + plan->swing * sin(6.283185307179586 * (double)now_ns / plan->day_ns));
}

static void think(struct flow *flow, struct chance *chance, unsigned done) {
  struct world *world = flow->process->world;
  const struct plan *plan = &flow->plan;
  double mean = plan->arrival_ns * flow->producers * slowness(plan, world_now(world));
  world_work(world, chance_ns(chance, mean, plan->think));
  if (plan->burst && done && done % plan->burst == 0)
    world_work(world, chance_ns(chance, plan->rest_ns, plan->resting));
}

static void take_credit(struct flow *flow) {
  struct world *world = flow->process->world;
  uint64_t since = world_now(world);
  while (!flow->credits)
    world_wait(world, &flow->no_credit);
  flow->truth->waited_ns += (double)(world_now(world) - since);
  flow->credits--;
}

static void producer(struct world *world, void *argument) {
  const struct worker *worker = argument;
  struct flow *flow = worker->flow;
  struct chance chance = world_chance(world, flow->started * 100 + worker->number);
  unsigned share = flow->plan.messages / flow->producers;
  for (unsigned i = 0; i < share; i++) {
    think(flow, &chance, i);
    process_bustle(world, &chance);
    if (flow->plan.credits) take_credit(flow);
    send(flow, message_new(flow, &chance));
  }
  if (--flow->filling == 0) close_lines(flow);
  process_thread_ends(flow->process);
}

static void pass_on(struct flow *flow, struct message *message, struct chance *chance) {
  struct flow *next = flow->next;
  next->truth->passers |= 1u << world_self(next->process->world);
  if (flow->plan.copied) {
    struct message *copy = message_new(next, chance);
    message_end(flow, message, flow->done);
    message = copy;
  } else
    message->service_ns =
        chance_ns(chance, next->plan.service_ns * next->consumers, next->plan.service);
  send(next, message);
}

static void finish(struct flow *flow, struct message *message, struct chance *chance) {
  if (flow->plan.retried > 0 && chance_uniform(chance) < flow->plan.retried)
    line_put(&flow->lines[0], message);
  else if (flow->next)
    pass_on(flow, message, chance);
  else if (flow->plan.leaked <= 0 || chance_uniform(chance) > flow->plan.leaked)
    message_end(flow, message, flow->done);
}

#define TAKE_MOST 64
/* Waits for at least one; 0: there will be none any more. */
static unsigned receive(struct flow *flow, struct line *line, struct message **messages) {
  unsigned most = flow->plan.at_once ? flow->plan.at_once : 1, count = 0;
  while (!line->count && flow->filling)
    world_wait(flow->process->world, &line->receivers);
  if (!flow->filling && flow->plan.rest != REST_DRAINED) return 0;
  while (count < most && line->count)
    messages[count++] = line_take(line, flow->done);
  if (flow->plan.freed_together) {
    flow->truth->batches += count > 0;
    flow->truth->batched += count;
  }
  return count;
}

/* How many times as long a message takes by now. */
static double slower(struct flow *flow) {
  const struct plan *plan = &flow->plan;
  if (!plan->slows_after || flow->served++ < plan->slows_after) return 1;
  if (!flow->truth->fill_from_ns) flow->truth->fill_from_ns = world_now(flow->process->world);
  struct world_queue never = {0};
  if (plan->hangs) world_wait(flow->process->world, &never);
  return plan->slows_by;
}

static void consumer(struct world *world, void *argument) {
  const struct worker *worker = argument;
  struct flow *flow = worker->flow;
  const struct plan *plan = &flow->plan;
  struct line *line = &flow->lines[worker->number % flow->line_count];
  struct chance chance = world_chance(world, flow->started * 100 + 50 + worker->number);
  struct message *messages[TAKE_MOST];
  double pace = plan->own_threads && worker->number > 0 ? 0.3 : 1;
  unsigned count, since = 0;
  if ((plan->late || plan->stuck) && flow->filling) world_wait(world, &flow->all_sent);
  if (plan->begins_ns > 0) world_work(world, (uint64_t)plan->begins_ns);
  while (!plan->stuck && (count = receive(flow, line, messages)) > 0) {
    for (unsigned i = 0; i < count; i++) {
      process_bustle(world, &chance);
      world_work(world, (uint64_t)((double)messages[i]->service_ns * pace * slower(flow)));
      if (!plan->freed_together) finish(flow, messages[i], &chance);
    }
    for (unsigned i = 0; i < count && plan->freed_together; i++)
      finish(flow, messages[i], &chance);
    if (plan->pause_every && (since += count) >= plan->pause_every) {
      world_work(world, (uint64_t)plan->pause_ns);
      since = 0;
    }
    if (plan->nap_ns > 0 && !line->count) world_work(world, (uint64_t)plan->nap_ns);
  }
  if (--flow->draining == 0 && flow->next && --flow->next->filling == 0) close_lines(flow->next);
  process_thread_ends(flow->process);
}

/* Arrivals are noticed between two messages, as a loop over ready descriptors does. */
static void event_loop(struct world *world, void *argument) {
  const struct worker *worker = argument;
  struct flow *flow = worker->flow;
  struct line *line = &flow->lines[0];
  struct chance chance = world_chance(world, 7);
  uint64_t due = world_now(world);
  for (unsigned sent = 0; sent < flow->plan.messages || line->count;) {
    while (sent < flow->plan.messages && due <= world_now(world)) {
      send(flow, message_new(flow, &chance));
      due += chance_ns(&chance, flow->plan.arrival_ns, flow->plan.think);
      sent++;
    }
    if (sent == flow->plan.messages && flow->plan.rest != REST_DRAINED) break;
    if (!line->count || (flow->plan.late && sent < flow->plan.messages)) {
      world_sleep_until(world, due);
      continue;
    }
    struct message *message = line_take(line, flow->done);
    process_bustle(world, &chance);
    world_work(world, message->service_ns);
    finish(flow, message, &chance);
  }
  process_thread_ends(flow->process);
}

/* ---- beginning and end ------------------------------------------------------------------ */

static void free_rest(struct process *process, void *argument) {
  (void)process;
  struct flow *flow = argument;
  uint32_t clear = stack_of(flow, "clear");
  for (unsigned i = 0; i < flow->line_count; i++)
    while (flow->lines[i].count)
      message_end(flow, line_take(&flow->lines[i], clear), clear);
}

static void cleanup(struct process *process, void *argument) {
  (void)process;
  struct flow *flow = argument;
  for (unsigned i = 0; i < flow->line_count; i++)
    line_free(&flow->lines[i]);
  free(flow->messages);
}

static void start_threads(struct flow *flow, unsigned count, world_body *body, bool fills) {
  static const char *const names[2][FLOW_THREADS] = {
      {"worker", "worker-2", "worker-3", "worker-4"},
      {"sender", "sender-2", "sender-3", "sender-4"}};
  for (unsigned i = 0; i < count; i++) {
    struct worker *worker = process_memory(flow->process, sizeof(*worker));
    *worker = (struct worker){flow, i};
    process_thread(flow->process, names[fills][i], body, worker);
  }
}

static const struct places *places_of(const struct flow *flow, const char *what) {
  const struct plan *plan = &flow->plan;
  char name[32], caller[32];
  snprintf(name, sizeof(name), "%s.%s", plan->name, what);
  snprintf(caller, sizeof(caller), "%s.send", plan->name);
  if (!plan->from_everywhere && !plan->from_a_recursion)
    return process_one_place(flow->process, name);
  return process_places(flow->process, plan->from_a_recursion ? WINDING : STRAIGHT, caller, name);
}

static struct flow *flow_new(struct process *process, const struct plan *plan,
                             struct truth *shared) {
  struct flow *flow = process_memory(process, sizeof(*flow));
  flow->process = process;
  flow->plan = *plan;
  flow->producers = plan->one_thread ? 1 : process->shape.producers;
  flow->consumers = plan->one_thread ? 1 : process->shape.consumers;
  flow->line_count = plan->own_threads ? flow->consumers : 1;
  flow->draining = flow->consumers;
  flow->credits = plan->credits ? plan->bound : 0;
  flow->started = 1 + process->truth_count;
  flow->payload = places_of(flow, "payload");
  flow->body = places_of(flow, "message");
  flow->node = places_of(flow, "node");
  flow->done = stack_of(flow, "done");
  flow->thrown = stack_of(flow, "thrown");
  for (unsigned i = 0; i < flow->line_count; i++)
    flow->lines[i] = (struct line){.world = process->world,
                                   .form = form_of(flow),
                                   .order = plan->order,
                                   .pooled = plan->pooled_nodes,
                                   .node = flow->node->of[0],
                                   .pool = stack_of(flow, "pool")};
  flow->truth = shared;
  if (plan->killed_at_ns > 0)
    world_kill_at(process->world, world_now(process->world) + (uint64_t)plan->killed_at_ns);
  if (form_of(flow) == FORM_NODES_ONLY) flow->plan.messages *= 3; /* else there are few blocks */
  flow->messages = calloc(flow->plan.messages, sizeof(*flow->messages));
  if (!flow->messages) abort();
  if (plan->rest == REST_FREED) process_at_exit(process, (struct process_hook){free_rest, flow});
  process_cleanup(process, (struct process_hook){cleanup, flow});
  return flow;
}

static struct truth *new_truth(struct flow *flow) {
  const struct plan *plan = &flow->plan;
  struct truth *truth = process_truth(flow->process, plan->name, plan->kinds);
  enum form form = form_of(flow);
  truth->grown = flow->plan.grown;
  truth->scattered = flow->payload->count > 1;
  if (form != FORM_NODES_ONLY) truth->sites[truth->site_count++] = process_any_of(flow->payload);
  if (form == FORM_THREE) truth->sites[truth->site_count++] = process_any_of(flow->body);
  if (form != FORM_ONE) truth->sites[truth->site_count++] = process_any_of(flow->node);
  if (form == FORM_NODES_ONLY) truth->messages_per_block = NODE_MESSAGES;
  truth->rates = plan->rates;
  truth->policy = plan->policy;
  truth->bound = plan->bound;
  truth->in_hand = flow->producers + flow->consumers * (plan->at_once ? plan->at_once : 1);
  return truth;
}

struct flow *flow_start(struct process *process, const struct plan *plan) {
  struct flow *flow = flow_new(process, plan, NULL);
  flow->truth = new_truth(flow);
  if (plan->one_thread) {
    start_threads(flow, 1, event_loop, false);
    return flow;
  }
  flow->filling = flow->producers;
  start_threads(flow, flow->consumers, consumer, false);
  start_threads(flow, flow->producers, producer, true);
  return flow;
}

struct flow *flow_start_behind(struct process *process, struct flow *from,
                               const struct plan *plan) {
  struct flow *flow = flow_new(process, plan, from->truth);
  if (from->plan.copied)
    flow->truth = new_truth(flow);
  else if (form_of(flow) != FORM_ONE) /* each queue has its own nodes */
    flow->truth->sites[flow->truth->site_count - 1] = process_any_of(flow->node);
  flow->filling = 1;
  from->next = flow;
  start_threads(flow, flow->consumers, consumer, false);
  return flow;
}

void flow_plan(struct process *process, const void *plan) {
  flow_start(process, plan);
}
