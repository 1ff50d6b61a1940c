/* pool.c - the sum of a pool's members; see candidates.h. */
#include "pool.h"

#include <errno.h>
#include <stdlib.h>

#include "../share_table.h"

struct tables {
  struct share_table birth_threads, death_threads, death_stacks, resize_stacks;
};

static void add_figure(struct figure *sum, struct figure figure) {
  sum->blocks += figure.blocks;
  sum->bytes += figure.bytes;
}

static void add_figures(struct site *sum, const struct site *site) {
  if (site->births && (!sum->births || site->first_birth_ns < sum->first_birth_ns))
    sum->first_birth_ns = site->first_birth_ns;
  if (site->last_birth_ns > sum->last_birth_ns) sum->last_birth_ns = site->last_birth_ns;
  sum->births += site->births;
  sum->reallocations += site->reallocations;
  sum->deaths += site->deaths;
  sum->handoffs += site->handoffs;
  add_figure(&sum->curr, site->curr);
  add_figure(&sum->total, site->total);
  add_figure(&sum->max, site->max);
  add_figure(&sum->at_peak, site->at_peak);
  add_figure(&sum->at_end, site->at_end);
  add_figure(&sum->folded, site->folded);
  sum->held_byte_seconds += site->held_byte_seconds;
  sum->lifetime_sum_ns += site->lifetime_sum_ns;
  if (site->lifetime_max_ns > sum->lifetime_max_ns) sum->lifetime_max_ns = site->lifetime_max_ns;
}

static int add_shares(struct share_table *table, const struct shares *shares) {
  int error = 0;
  for (size_t i = 0; i < shares->count && !error; i++)
    if (shares->of[i].blocks) /* 0 marks an empty place */
      error = share_table_add(table, shares->of[i].id, shares->of[i].blocks, shares->of[i].bytes);
  return error;
}

static int add_all_shares(struct tables *tables, const struct site *site) {
  int error = add_shares(&tables->birth_threads, &site->birth_threads);
  if (!error) error = add_shares(&tables->death_threads, &site->death_threads);
  if (!error) error = add_shares(&tables->death_stacks, &site->death_stacks);
  if (!error) error = add_shares(&tables->resize_stacks, &site->resize_stacks);
  return error;
}

static int finish_shares(struct tables *tables, struct site *sum) {
  int error = share_table_finish(&tables->birth_threads, &sum->birth_threads);
  if (!error) error = share_table_finish(&tables->death_threads, &sum->death_threads);
  if (!error) error = share_table_finish(&tables->death_stacks, &sum->death_stacks);
  if (!error) error = share_table_finish(&tables->resize_stacks, &sum->resize_stacks);
  return error;
}

int pool_new(const struct profile *profile, const size_t *members, size_t count,
             struct pool **result) {
  struct tables tables = {0};
  struct pool *pool = *result = calloc(1, sizeof(*pool));
  if (!pool) return -ENOMEM;
  pool->members = calloc(count + 1, sizeof(*pool->members));
  int error = pool->members ? 0 : -ENOMEM;
  for (size_t i = 0; i < count && !error; i++) {
    const struct site *site = &profile->sites[members[i]];
    pool->members[pool->count++] = members[i];
    add_figures(&pool->sum, site);
    error = add_all_shares(&tables, site);
  }
  if (!error) pool->sum.stack = profile->sites[members[0]].stack;
  if (!error) error = finish_shares(&tables, &pool->sum);
  free(tables.birth_threads.places);
  free(tables.death_threads.places);
  free(tables.death_stacks.places);
  free(tables.resize_stacks.places);
  return error;
}

void pool_free(struct pool *pool) {
  if (!pool) return;
  free(pool->sum.birth_threads.of);
  free(pool->sum.death_threads.of);
  free(pool->sum.death_stacks.of);
  free(pool->sum.resize_stacks.of);
  free(pool->members);
  free(pool);
}
