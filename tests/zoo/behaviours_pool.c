/* behaviours_pool.c - work that is handed out and awaited, and buffers that change places. */
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "behaviours.h"
#include "clock.h"
#include "log.h"

/* A task, or an entry of a buffer. */
struct task {
  struct task *next;
  sem_t done;
  unsigned char result[500];
};
struct pool {
  pthread_mutex_t mutex;
  pthread_cond_t filled;
  struct task *head, **tail;
  bool closed;
  uint64_t end_ns;
  int id; /* log_declare()'s */
};
enum { ROUND = 600, CREW = 8 };

static void pool_init(struct pool *pool, const char *site, const struct plan *plan) {
  struct log_queue declared = {
      .site = site, .label = "healthy", .per_block = 1, .block_bytes = sizeof(struct task)};
  *pool = (struct pool){.tail = &pool->head, .id = log_declare(&declared)};
  pool->end_ns = clock_now_ns() + plan->fill_ns;
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->filled, NULL);
}

static struct task *pool_add(struct pool *pool) {
  struct task *task = calloc(1, sizeof *task);
  if (task == NULL) abort();
  log_event(pool->id, LOG_BORN);
  sem_init(&task->done, 0, 0);
  pthread_mutex_lock(&pool->mutex);
  *pool->tail = task;
  pool->tail = &task->next;
  log_event(pool->id, LOG_IN);
  pthread_cond_signal(&pool->filled);
  pthread_mutex_unlock(&pool->mutex);
  return task;
}

static struct task *tasks_submit(struct pool *pool) {
  return pool_add(pool);
}
static struct task *entries_append(struct pool *pool) {
  return pool_add(pool);
}

/* A worker: what it did is in the task, which its submitter waits for and frees. */
static void *work(void *argument) {
  struct pool *pool = argument;
  for (;;) {
    pthread_mutex_lock(&pool->mutex);
    while (pool->head == NULL && !pool->closed)
      pthread_cond_wait(&pool->filled, &pool->mutex);
    struct task *task = pool->head;
    if (task != NULL) {
      pool->head = task->next;
      if (pool->head == NULL) pool->tail = &pool->head;
      log_event(pool->id, LOG_OUT);
    }
    pthread_mutex_unlock(&pool->mutex);
    if (task == NULL) return NULL;
    clock_work_until(clock_now_ns() + 8000);
    sem_post(&task->done);
  }
}

/* Hands out many every 50 ms, then waits for the future of each. */
static void *submit(void *argument) {
  struct pool *pool = argument;
  for (uint64_t due_ns = clock_now_ns(); due_ns < pool->end_ns; due_ns += 50 * MS) {
    struct task *futures[ROUND];
    clock_sleep_until(due_ns);
    for (int i = 0; i < ROUND; i++)
      futures[i] = tasks_submit(pool);
    for (int i = 0; i < ROUND; i++) {
      while (sem_wait(&futures[i]->done) != 0) {
      }
      sem_destroy(&futures[i]->done);
      free(futures[i]);
      log_event(pool->id, LOG_FREED);
    }
  }
  return NULL;
}

static void run_crew(struct pool *pool, void *(*producer)(void *), unsigned producers,
                     void *(*consumer)(void *), unsigned consumers) {
  pthread_t fills[CREW], drains[CREW];
  for (unsigned i = 0; i < consumers; i++)
    if (pthread_create(&drains[i], NULL, consumer, pool) != 0) abort();
  for (unsigned i = 0; i < producers; i++)
    if (pthread_create(&fills[i], NULL, producer, pool) != 0) abort();
  for (unsigned i = 0; i < producers; i++)
    pthread_join(fills[i], NULL);
  pthread_mutex_lock(&pool->mutex);
  pool->closed = true;
  pthread_cond_broadcast(&pool->filled);
  pthread_mutex_unlock(&pool->mutex);
  for (unsigned i = 0; i < consumers; i++)
    pthread_join(drains[i], NULL);
}

static void thread_pool(const struct behaviour *behaviour, const struct plan *plan) {
  (void)behaviour;
  struct pool pool;
  pool_init(&pool, "tasks_submit", plan);
  run_crew(&pool, submit, plan->producers, work, plan->consumers);
}

static void *append(void *argument) {
  struct pool *pool = argument;
  for (uint64_t due_ns = clock_now_ns(); due_ns < pool->end_ns; due_ns += 60000) {
    clock_sleep_until(due_ns);
    entries_append(pool);
  }
  return NULL;
}

/* Every 20 ms what was filled is taken as a whole, while the next is being filled. */
static void *flush(void *argument) {
  struct pool *pool = argument;
  for (uint64_t due_ns = clock_now_ns(); due_ns < pool->end_ns + 20 * MS; due_ns += 20 * MS) {
    clock_sleep_until(due_ns);
    pthread_mutex_lock(&pool->mutex);
    struct task *full = pool->head;
    pool->head = NULL;
    pool->tail = &pool->head;
    for (struct task *task = full; task != NULL; task = task->next)
      log_event(pool->id, LOG_OUT);
    pthread_mutex_unlock(&pool->mutex);
    for (struct task *next; full != NULL; full = next) {
      next = full->next;
      clock_work_until(clock_now_ns() + 1000);
      free(full);
      log_event(pool->id, LOG_FREED);
    }
  }
  return NULL;
}

static void double_buffer(const struct behaviour *behaviour, const struct plan *plan) {
  (void)behaviour;
  struct pool pool;
  pool_init(&pool, "entries_append", plan);
  run_crew(&pool, append, plan->producers, flush, 1);
}

const struct behaviour pool_behaviours[] = {
    {"thread-pool", .threads = true, .run = thread_pool},
    {"double-buffer", .threads = true, .run = double_buffer},
    {.name = NULL},
};
