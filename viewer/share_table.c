/* share_table.c - open addressing on ids. (A uthash item would be a malloc and 72 bytes a share; a
 * site has at least four.) */
#include "share_table.h"

#include <errno.h>
#include <stdlib.h>

static struct share *place_of(const struct share_table *table, uint32_t id) {
  uint32_t at = share_table_home(table, id);
  while (table->places[at].blocks && table->places[at].id != id)
    at = (at + 1) & table->mask;
  return &table->places[at];
}

static __attribute__((noinline)) int grow(struct share_table *table) {
  uint32_t old_places = table->places ? table->mask + 1 : 0;
  uint32_t places = old_places ? old_places * 2 : 2;
  struct share_table grown = *table;
  grown.places = calloc(places, sizeof(*grown.places));
  grown.mask = places - 1;
  if (!grown.places) return -ENOMEM;
  for (uint32_t i = 0; i < old_places; i++)
    if (table->places[i].blocks) *place_of(&grown, table->places[i].id) = table->places[i];
  free(table->places);
  *table = grown;
  return 0;
}

int share_table_add_other(struct share_table *table, uint32_t id, uint64_t blocks, uint64_t bytes) {
  if (!table->places && grow(table) != 0) return -ENOMEM;
  struct share *share = place_of(table, id);
  if (share->blocks == 0) {
    /* one place stays empty: searches end there */
    if ((table->count + 1) * 4 > (table->mask + 1) * 3) {
      if (grow(table) != 0) return -ENOMEM;
      share = place_of(table, id);
    }
    table->count++;
    share->id = id;
  }
  share->blocks += blocks;
  share->bytes += bytes;
  return 0;
}

static int most_first(const void *left, const void *right) {
  const struct share *a = left, *b = right;
  if (a->blocks != b->blocks) return a->blocks > b->blocks ? -1 : 1;
  if (a->bytes != b->bytes) return a->bytes > b->bytes ? -1 : 1;
  return a->id < b->id ? -1 : a->id > b->id;
}

int share_table_finish(struct share_table *table, struct shares *shares) {
  if (table->first.blocks == 0) return 0;
  struct share *of = malloc((table->count + 1) * sizeof(*of));
  if (!of) return -ENOMEM;
  size_t count = 0;
  of[count++] = table->first;
  for (uint32_t i = 0; table->places && i <= table->mask; i++)
    if (table->places[i].blocks) of[count++] = table->places[i];
  qsort(of, count, sizeof(*of), most_first);
  *shares = (struct shares){of, count};
  free(table->places);
  *table = (struct share_table){0};
  return 0;
}
