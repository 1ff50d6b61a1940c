/* reader.c - how fast a trace becomes figures, and in how much memory.
 *
 *   reader [EVENTS [LIVE_BLOCKS]]      default 20 million events, about 100,000 blocks alive
 *
 * Writes a synthetic trace of 8 lanes and 5,000 sites: blocks live for a while and are freed by any
 * thread, one event in 50 is a realloc. Then reads it in a child of its own, so that the memory is
 * the reader's alone. Prints events a second and peak RSS for the whole, and for half as many
 * events: memory must not grow with events.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/viewer/trace_writer.h"
#include "viewer/trace_file.h"

#define LANES 8
#define SITES 5000

struct live {
  uint64_t address;
  uint32_t stack;
};

/* Where blocks of a site die: at one of three places. */
static uint32_t place_of_death(uint32_t stack, uint64_t random) {
  return 1 + (stack * 7 + (uint32_t)(random % 3)) % SITES;
}

static uint64_t random_next(void) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

/* Few sites make most blocks, as in programs: the busiest tenth of them makes half. */
static uint32_t some_site(void) {
  double even = (double)(random_next() >> 11) / (double)(1ull << 53);
  return 1 + (uint32_t)(even * even * even * SITES);
}

/* A free address: those of dead blocks first, as an allocator does. */
static uint64_t address_new(uint64_t *spare, size_t *spare_count) {
  static uint64_t top = 0x555500000000u;
  if (*spare_count) return spare[--*spare_count];
  return top += 16 * (2 + random_next() % 8);
}

static void write_trace(const char *path, uint64_t events, size_t live_blocks) {
  struct trace_writer *writer = writer_open(path);
  struct live *live = calloc(live_blocks * 2, sizeof(*live));
  uint64_t *spare = calloc(live_blocks * 2, sizeof(*spare)), now = 0;
  size_t live_count = 0, spare_count = 0;
  if (!live || !spare) abort();
  for (uint32_t lane = 1; lane <= LANES; lane++) {
    writer_lane(writer);
    writer_thread(writer, lane, 0, lane, lane, "worker");
  }
  for (uint32_t id = 1; id <= SITES; id++)
    writer_node(writer, 1, id, id / 2, 0, 0x400000 + id * 16);
  for (uint64_t i = 0; i < events; i++) {
    uint32_t lane = 1 + (uint32_t)((i / 16 + random_next() % 3) % LANES);
    uint32_t stack = some_site();
    now += 1 + random_next() % 60;
    uint64_t dice = random_next() % 100;
    if (live_count == 0 ||
        (live_count < live_blocks * 2 && dice < (live_count < live_blocks ? 70 : 49))) {
      uint64_t address = address_new(spare, &spare_count);
      writer_birth(writer, lane, now, address, 16 + random_next() % 500, stack);
      live[live_count++] = (struct live){address, stack};
      continue;
    }
    struct live *block = &live[random_next() % live_count];
    stack = place_of_death(block->stack, random_next());
    if (dice >= 98) {
      uint64_t address = address_new(spare, &spare_count);
      writer_realloc(writer, lane, now, now + 20, block->address, address, random_next() % 900,
                     stack);
      now += 20;
      if (spare_count < live_blocks * 2) spare[spare_count++] = block->address;
      block->address = address;
      continue;
    }
    writer_death(writer, lane, now, block->address, stack);
    if (spare_count < live_blocks * 2) spare[spare_count++] = block->address;
    *block = live[--live_count];
  }
  writer_exit(writer, now, 0);
  writer_finish(writer);
  writer_free(writer);
  free(live);
  free(spare);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_seconds(const struct rusage *usage) {
  return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
         (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static int read_trace(const char *path) {
  struct trace_file *file;
  struct profile *profile;
  struct rusage usage;
  char message[512];
  double start = seconds();
  if (trace_file_open(path, &file, message) != 0) {
    fprintf(stderr, "%s\n", message);
    return 1;
  }
  double opened = seconds();
  if (trace_file_profile(file, &profile, NULL, NULL, NULL) != 0) return 1;
  double done = seconds();
  getrusage(RUSAGE_SELF, &usage);
  printf("reader: %.1f M events, %zu sites, %zu blocks alive at the peak: open %.2f s, profile "
         "%.2f s: "
         "%.1f M events/s (%.1f by CPU time), peak RSS %.1f MiB%s\n",
         (double)profile->events / 1e6, profile->site_count, (size_t)profile->peak.blocks,
         opened - start, done - opened, (double)profile->events / 1e6 / (done - start),
         (double)profile->events / 1e6 / cpu_seconds(&usage), (double)usage.ru_maxrss / 1024,
         profile->check.agree && trace_file_info(file)->complete ? "" : " - INCOMPLETE");
  profile_free(profile);
  trace_file_close(file);
  return 0;
}

static int measure(uint64_t events, size_t live_blocks) {
  char path[] = "/tmp/dwell-bench-XXXXXX";
  int fd = mkstemp(path), status = 1;
  if (fd < 0) {
    perror(path);
    return 1;
  }
  close(fd);
  for (int child = 0; child < 2; child++) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
      if (child == 0)
        write_trace(path, events, live_blocks);
      else
        status = read_trace(path);
      fflush(NULL);
      _exit(child == 0 ? 0 : status);
    }
    waitpid(pid, &status, 0);
    if (status != 0) break;
  }
  unlink(path);
  return status != 0;
}

int main(int argc, char **argv) {
  uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000000;
  size_t live_blocks = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;
  return measure(events / 2, live_blocks) || measure(events, live_blocks);
}
