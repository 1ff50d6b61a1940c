/* ledger_check.c - pairs the trace's events anew, by a plain table of its own, and compares.
 *
 * Deliberately not the viewer's pairing: only its reader and merge are used, so a block that is
 * lost, doubled or crossed on the way is seen whoever is to blame.
 */
#include "ledger_check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uthash.h>

#include "ledger.h"
#include "viewer/catalog.h"
#include "viewer/merge.h"
#include "viewer/run_clock.h"
#include "viewer/slots.h"

struct live {
  uint64_t address, size;
  uint32_t thread;
  UT_hash_handle hh;
};

struct trace_state {
  struct live *live;
  struct live *flying[LEDGER_THREADS + 8]; /* by lane: between the two moments of a realloc */
  uint64_t handed[LEDGER_THREADS][LEDGER_THREADS]; /* [birth][death] */
  uint64_t death_bytes;
  uint64_t twice; /* births at an address that was taken: the end of the block before is missing */
};

static void fault(struct ledger_verdict *verdict, const char *what, uint64_t address,
                  uint64_t size) {
  if (verdict->faults++ < 10)
    fprintf(stderr, "ledger: %s: address %#llx, size %llu\n", what, (unsigned long long)address,
            (unsigned long long)size);
}

static bool is_ours(uint64_t size) {
  return size >= LEDGER_LEAST && size % 2 == 1;
}

/* Ledger threads are named ledger-0 .. ledger-3; -1 for any other. */
static int ledger_thread(const struct catalog *catalog, uint32_t thread) {
  const char *name = catalog->names[catalog->thread_names[thread]];
  return strncmp(name, "ledger-", 7) == 0 ? name[7] - '0' : -1;
}

static void take(struct trace_state *state, const struct event *event, struct live *live) {
  struct live *there;
  live->address = event->address;
  live->size = event->size;
  HASH_FIND(hh, state->live, &live->address, sizeof live->address, there);
  if (there) {
    state->twice++;
    HASH_DEL(state->live, there);
    free(there);
  }
  HASH_ADD(hh, state->live, address, sizeof live->address, live);
}

static struct live *leave(struct trace_state *state, uint64_t address) {
  struct live *live;
  HASH_FIND(hh, state->live, &address, sizeof address, live);
  if (live) HASH_DEL(state->live, live);
  return live;
}

static void apply(struct trace_state *state, const struct catalog *catalog,
                  const struct event *event, uint32_t lane, struct ledger_verdict *verdict) {
  struct live *live;
  int thread = ledger_thread(catalog, event->thread);
  switch (event->kind) {
  case EVENT_BIRTH:
    live = calloc(1, sizeof *live);
    live->thread = (uint32_t)thread;
    verdict->births += is_ours(event->size);
    take(state, event, live);
    break;
  case EVENT_RELEASE:
    if (!(live = leave(state, event->address))) break;
    state->flying[lane] = live;
    break;
  case EVENT_TAKE:
    if (!(live = state->flying[lane])) break;
    state->flying[lane] = NULL;
    verdict->reallocs += is_ours(event->size);
    take(state, event, live);
    break;
  case EVENT_DEATH:
    if (!(live = leave(state, event->address))) break;
    if (is_ours(live->size)) {
      verdict->deaths++;
      state->death_bytes += live->size;
      if (thread >= 0 && live->thread < LEDGER_THREADS) state->handed[live->thread][thread]++;
    }
    free(live);
    break;
  }
}

/* Blocks that were folded were born and freed by one thread; in the ledger's threads nobody else
 * allocates. */
struct fold_book {
  const struct catalog *catalog;
  struct trace_state *state;
  struct ledger_verdict *verdict;
};
static int apply_fold(void *context, const struct fold *fold) {
  const struct fold_book *book = context;
  int thread = ledger_thread(book->catalog, fold->thread);
  if (thread < 0) return 0;
  book->verdict->births += fold->blocks;
  book->verdict->deaths += fold->blocks;
  book->verdict->folded += fold->blocks;
  book->state->death_bytes += fold->bytes;
  book->state->handed[thread][thread] += fold->blocks;
  return 0;
}

static int read_trace(const char *path, struct trace_state *state, struct ledger_verdict *verdict) {
  struct slots slots;
  struct catalog catalog;
  struct merge merge;
  struct run_clock clock = run_clock_begin(0, 0, true);
  struct stat file;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &file) != 0) return -errno;
  catalog_begin(&catalog, (uint64_t)file.st_size);
  int result = slots_scan(&slots, fd, false, 0, catalog_visit, &catalog);
  if (result == 0) result = catalog_finish(&catalog, &clock);
  struct fold_book book = {&catalog, state, verdict};
  const struct lane_source source = {
      .slots = &slots,
      .catalog = &catalog,
      .cut_ticks = UINT64_MAX,
      .fold = apply_fold,
      .fold_context = &book,
  };
  if (result == 0) result = merge_begin(&merge, &source);
  if (result == 0 && slots.lane_count > sizeof state->flying / sizeof *state->flying)
    result = -E2BIG;
  struct event_batch batch = {.count = 1};
  while (result == 0 && batch.count > 0 && (result = merge_next(&merge, &batch)) == 0)
    for (size_t i = 0; i < batch.count; i++)
      apply(state, &catalog, &batch.events[i], batch.lanes[i], verdict);
  if (slots.lost_chunks) fault(verdict, "chunks lost", slots.lost_chunks, 0);
  if (merge.source.bad_records) fault(verdict, "bad records", merge.source.bad_records, 0);
  if (merge.source.foreign_stacks) fault(verdict, "bad stacks", merge.source.foreign_stacks, 0);
  if (merge.source.bad_folds) fault(verdict, "impossible folds", merge.source.bad_folds, 0);
  merge_end(&merge);
  slots_free(&slots);
  catalog_free(&catalog);
  close(fd);
  return result;
}

/* Every block that the ledger says is alive must be in the trace, with its size; then it is ticked
 * off. */
static void tick_off(struct trace_state *state, const struct ledger_slot *slots, size_t count,
                     struct ledger_verdict *verdict, uint64_t between[LEDGER_MOVING + 1]) {
  for (size_t i = 0; i < count; i++) {
    if (slots[i].state != LEDGER_LIVE) {
      between[slots[i].state]++;
      continue;
    }
    struct live *live = leave(state, slots[i].address);
    if (!live)
      fault(verdict, "alive, but not in the trace", slots[i].address, slots[i].size);
    else if (live->size != slots[i].size)
      fault(verdict, "of another size in the trace", slots[i].address, slots[i].size);
    free(live);
  }
}

static void check_count(struct ledger_verdict *verdict, const char *what, uint64_t in_trace,
                        uint64_t in_ledger, uint64_t in_flight) {
  if (in_trace < in_ledger || in_trace > in_ledger + in_flight) {
    fprintf(stderr, "ledger: %s: %llu in the trace, %llu in the ledger\n", what,
            (unsigned long long)in_trace, (unsigned long long)in_ledger);
    verdict->faults++;
  }
}

static void compare(struct trace_state *state, const struct ledger *ledger, unsigned in_flight,
                    struct ledger_verdict *verdict) {
  const bool killed = in_flight != 0;
  uint64_t births = 0, deaths = 0, reallocs = 0, bytes = 0, left = 0;
  uint64_t between[LEDGER_MOVING + 1] = {0}; /* slots by state, but for those that are alive */
  struct live *live, *next;
  HASH_ITER(hh, state->live, live, next) {
    verdict->live += is_ours(live->size);
  }
  for (unsigned i = 0; i < LEDGER_THREADS; i++) {
    const struct ledger_thread *thread = &ledger->threads[i];
    births += thread->births;
    deaths += thread->deaths;
    reallocs += thread->reallocs;
    bytes += thread->death_bytes;
    for (unsigned birth = 0; birth < LEDGER_THREADS; birth++)
      check_count(verdict, "hand-offs", state->handed[birth][i], thread->handed[birth],
                  killed ? 1 : 0);
    tick_off(state, thread->slots, LEDGER_SLOTS, verdict, between);
  }
  tick_off(state, ledger->mailbox, LEDGER_MAILBOX, verdict, between);
  check_count(verdict, "births", verdict->births, births, in_flight);
  check_count(verdict, "deaths", verdict->deaths, deaths, in_flight);
  check_count(verdict, "reallocs", verdict->reallocs, reallocs, in_flight);
  if (!killed) check_count(verdict, "bytes freed", state->death_bytes, bytes, 0);
  HASH_ITER(hh, state->live, live, next) {
    left += is_ours(live->size);
    HASH_DEL(state->live, live);
    free(live);
  }
  /* what nobody claims can only be on its way: in a slot that was changing, or just moved on */
  uint64_t on_the_way = between[LEDGER_BIRTHING] + between[LEDGER_DYING] +
                        between[LEDGER_RESIZING] + between[LEDGER_MOVING];
  check_count(verdict, "alive in the trace only", left, 0, killed ? on_the_way : 0);
  /* a realloc is recorded when it has returned: another thread may have the old address by then */
  check_count(verdict, "given out twice", state->twice, 0, killed ? between[LEDGER_RESIZING] : 0);
  for (size_t i = 0; i < sizeof state->flying / sizeof *state->flying; i++)
    free(state->flying[i]);
}

int ledger_compare(const char *trace, const struct ledger *ledger, unsigned in_flight,
                   struct ledger_verdict *verdict) {
  struct trace_state state = {0};
  memset(verdict, 0, sizeof *verdict);
  int result = read_trace(trace, &state, verdict);
  if (result == 0) compare(&state, ledger, in_flight, verdict);
  return result;
}

int ledger_run_and_check(const char *build, const char *directory, const char *variable,
                         long operations, unsigned kill_after_us, struct ledger_verdict *verdict) {
  char host[4096], preload[4200], out[4200], trace[4096], book[4096], count[32];
  snprintf(host, sizeof host, "%s/tests/stress/ledger_host", build);
  snprintf(preload, sizeof preload, "LD_PRELOAD=%s/libdwell.so", build);
  snprintf(trace, sizeof trace, "%s/ledger.dwl", directory);
  snprintf(out, sizeof out, "DWELL_OUT=%s", trace);
  snprintf(book, sizeof book, "%s/ledger", directory);
  snprintf(count, sizeof count, "%ld", operations);
  char how[64];
  snprintf(how, sizeof how, "%s", variable);
  char *argv[] = {host, book, count, NULL}, *envp[] = {preload, out, how, NULL};
  unlink(trace);

  int fd = open(book, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(struct ledger)) != 0) return -errno;
  struct ledger *ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (ledger == MAP_FAILED) return -errno;
  pid_t child;
  int status = 0, result = -posix_spawn(&child, host, NULL, NULL, argv, envp);
  if (result == 0 && kill_after_us) {
    while (__atomic_load_n(&ledger->started, __ATOMIC_RELAXED) < LEDGER_THREADS &&
           waitpid(child, &status, WNOHANG) == 0)
      usleep(200);
    usleep(kill_after_us);
    kill(child, SIGKILL);
  }
  if (result == 0) waitpid(child, &status, 0);
  bool ended_well = kill_after_us ? WIFSIGNALED(status) : WIFEXITED(status) && !WEXITSTATUS(status);
  if (result == 0 && !ended_well) {
    fprintf(stderr, "ledger_host ended with wait status %#x\n", status);
    result = -ECHILD;
  }
  if (result == 0)
    result = ledger_compare(trace, ledger, kill_after_us ? LEDGER_THREADS : 0, verdict);
  munmap(ledger, sizeof *ledger);
  return result;
}
