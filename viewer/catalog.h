/* catalog.h - what a trace names: the nodes of the stack tree, modules, threads.
 *
 * Gathered in one pass over the chunks, in any order. Ids come from the file and are not to be
 * trusted: an id that a file of that size can't have is refused, so memory stays in proportion.
 */
#ifndef DWELL_CATALOG_H
#define DWELL_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run_clock.h"
#include "slots.h"
#include "trace_file.h"

struct catalog_thread;
struct catalog_module;

struct catalog {
  size_t id_limit;                /* no node of this file has this id or a higher one */
  struct stack_node *nodes;       /* by id; parent UINT32_MAX: not in the file */
  size_t node_capacity, node_end; /* node_end: highest id + 1 */

  struct module *modules; /* module id - 1, after catalog_finish() */
  struct catalog_module *gathered;
  size_t module_capacity, module_count;

  struct catalog_thread *thread_by_serial; /* a uthash */
  uint32_t *thread_names;                  /* by thread number: name index */
  size_t thread_count;                     /* numbers 0..thread_count - 1 */
  char **names;                            /* by name index; 0 is "?" */
  size_t name_count;
};

/* `file_size` bounds the ids that are believed. */
void catalog_begin(struct catalog *catalog, uint64_t file_size);
/* A slots_visit: takes the names of one chunk. Returns 0 or -ENOMEM. */
int catalog_visit(void *catalog, const struct chunk *chunk, const uint8_t *records);
/* After the last chunk: resolves pcs and names. Returns 0 or -ENOMEM. */
int catalog_finish(struct catalog *catalog, const struct run_clock *clock);
void catalog_free(struct catalog *catalog);

/* The thread's number by its serial number in the trace; 0 when unknown. */
uint32_t catalog_thread(const struct catalog *catalog, uint64_t serial);
/* Node by id, or NULL. */
const struct stack_node *catalog_node(const struct catalog *catalog, uint32_t id);
/* Whether a stack and all its ancestors are there; 0, no stack, is. */
bool catalog_stack_whole(const struct catalog *catalog, uint32_t id);

#endif
