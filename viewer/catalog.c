/* catalog.c - gathers nodes, modules and threads.
 *
 * Chunks come lane by lane, not in order of time: so names are taken by their ticks (the latest
 * wins) and pcs are made absolute when all modules are known.
 */
#include "catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "record.h"

#define NODE_BYTES 4    /* the least that a node takes in the file, */
#define MODULE_BYTES 16 /* and a module */
#define NOT_IN_FILE UINT32_MAX
#define NAME_MAX_BYTES 255
#define THREADS_MAX ((1u << 30) - 1) /* as many as struct event can number */

struct catalog_thread {
  uint64_t serial;
  uint32_t number;
  uint64_t named_ticks;
  char *name; /* NULL: nameless */
  UT_hash_handle hh;
};

struct catalog_module {
  char *path; /* NULL: not in the file */
  uint8_t *build_id;
  size_t build_id_bytes;
  uint64_t base, start, size, loaded_ticks, gone_ticks;
};

struct name {
  const char *text;
  uint32_t index;
  UT_hash_handle hh;
};

void catalog_begin(struct catalog *catalog, uint64_t file_size) {
  *catalog = (struct catalog){.thread_count = 1};
  uint64_t limit = file_size / NODE_BYTES + 1;
  catalog->id_limit = limit < NOT_IN_FILE ? (size_t)limit : NOT_IN_FILE;
}

/* Makes room for index `at`. New places are filled with bytes `fill`. */
static bool reach(void *array, size_t *capacity, size_t at, size_t size, int fill) {
  if (at < *capacity) return true;
  size_t grown = *capacity ? *capacity : 64;
  while (grown <= at)
    grown *= 2;
  char *bigger = reallocarray(*(void **)array, grown, size);
  if (!bigger) return false;
  memset(bigger + *capacity * size, fill, (grown - *capacity) * size);
  *(void **)array = bigger;
  *capacity = grown;
  return true;
}

static int add_node(struct catalog *catalog, const struct record *record) {
  uint64_t id = record->field[0], up = record->field[1];
  /* a parent's id is lower: so chains end */
  if (id == 0 || id >= catalog->id_limit || up == 0 || up > id || record->field[2] > UINT32_MAX)
    return 0;
  if (!reach(&catalog->nodes, &catalog->node_capacity, id, sizeof(*catalog->nodes), 0xff))
    return -ENOMEM;
  if (catalog->nodes[id].parent != NOT_IN_FILE) return 0;
  catalog->nodes[id] = (struct stack_node){
      .parent = (uint32_t)(id - up),
      .module = (uint32_t)record->field[2],
      .pc = (uint64_t)trace_unzigzag(record->field[3]),
  };
  if (id >= catalog->node_end) catalog->node_end = id + 1;
  return 0;
}

static struct catalog_module *module_at(struct catalog *catalog, uint64_t id) {
  if (id == 0 || id > catalog->id_limit * NODE_BYTES / MODULE_BYTES) return NULL;
  if (!reach(&catalog->gathered, &catalog->module_capacity, id, sizeof(*catalog->gathered), 0))
    return NULL;
  return &catalog->gathered[id];
}

static int add_module(struct catalog *catalog, const struct record *record) {
  uint64_t id = record->field[1], build_id_bytes = record->field[5];
  if (build_id_bytes > record->byte_count) return 0;
  struct catalog_module *module = module_at(catalog, id);
  if (!module || module->path) return 0;
  module->path =
      strndup((const char *)record->bytes + build_id_bytes, record->byte_count - build_id_bytes);
  module->build_id = malloc(build_id_bytes + 1);
  if (!module->path || !module->build_id) return -ENOMEM;
  memcpy(module->build_id, record->bytes, build_id_bytes);
  module->build_id_bytes = build_id_bytes;
  module->base = record->field[2];
  module->start = record->field[3];
  module->size = record->field[4];
  module->loaded_ticks = record->ticks;
  if (id > catalog->module_count) catalog->module_count = id;
  return 0;
}

static void module_gone(struct catalog *catalog, const struct record *record) {
  struct catalog_module *module = module_at(catalog, record->field[1]);
  if (module) module->gone_ticks = record->ticks;
}

static struct catalog_thread *thread_find(const struct catalog *catalog, uint64_t serial) {
  struct catalog_thread *thread;
  HASH_FIND(hh, catalog->thread_by_serial, &serial, sizeof(serial), thread);
  return thread;
}

static int add_thread(struct catalog *catalog, uint64_t serial, const struct record *named) {
  struct catalog_thread *thread = thread_find(catalog, serial);
  if (!thread) {
    if (catalog->thread_count > THREADS_MAX) return 0;
    if (!(thread = calloc(1, sizeof(*thread)))) return -ENOMEM;
    thread->serial = serial;
    thread->number = (uint32_t)catalog->thread_count++;
    HASH_ADD(hh, catalog->thread_by_serial, serial, sizeof(thread->serial), thread);
  }
  if (!named || named->byte_count == 0 || (thread->name && named->ticks < thread->named_ticks))
    return 0;
  size_t length = named->byte_count < NAME_MAX_BYTES ? named->byte_count : NAME_MAX_BYTES;
  char *name = strndup((const char *)named->bytes, length);
  if (!name) return -ENOMEM;
  free(thread->name);
  thread->name = name;
  thread->named_ticks = named->ticks;
  return 0;
}

int catalog_visit(void *context, const struct chunk *chunk, const uint8_t *records) {
  struct catalog *catalog = context;
  int error = chunk->head.thread ? add_thread(catalog, chunk->head.thread, NULL) : 0;
  if (!(chunk->head.flags & TRACE_CHUNK_META)) return error;
  struct record_cursor cursor = record_begin(&chunk->head, records, chunk->head.bytes);
  struct record record;
  while (!error) {
    enum record_result result = record_next(&cursor, &record);
    if (result == RECORD_END || result == RECORD_BAD) break;
    if (result == RECORD_UNKNOWN) continue;
    switch (record.type) {
    case TRACE_NODE:
      error = add_node(catalog, &record);
      break;
    case TRACE_MODULE:
      error = add_module(catalog, &record);
      break;
    case TRACE_MODULE_GONE:
      module_gone(catalog, &record);
      break;
    case TRACE_THREAD:
    case TRACE_THREAD_NAME:
      error = add_thread(catalog, record.field[1], &record);
      break;
    default:
      break;
    }
  }
  return error;
}

/* ---- after the last chunk --------------------------------------------------------------- */

static int finish_modules(struct catalog *catalog, const struct run_clock *clock) {
  catalog->modules = calloc(catalog->module_count + 1, sizeof(*catalog->modules));
  if (!catalog->modules) return -ENOMEM;
  for (size_t id = 1; id <= catalog->module_count; id++) {
    const struct catalog_module *module = &catalog->gathered[id];
    catalog->modules[id - 1] = (struct module){
        .path = module->path ? module->path : "",
        .build_id = module->build_id,
        .build_id_bytes = module->build_id_bytes,
        .base = module->base,
        .start = module->start,
        .size = module->size,
        .loaded_ns = run_clock_ns(clock, module->loaded_ticks),
        .gone_ns = module->gone_ticks ? run_clock_ns(clock, module->gone_ticks) : UINT64_MAX,
    };
  }
  return 0;
}

static void finish_nodes(struct catalog *catalog) {
  for (size_t id = 1; id < catalog->node_end; id++) {
    struct stack_node *node = &catalog->nodes[id];
    if (node->parent == NOT_IN_FILE || node->module == 0) continue;
    if (node->module <= catalog->module_count && catalog->gathered[node->module].path)
      node->pc += catalog->gathered[node->module].base;
    else
      node->module = 0;
  }
}

/* Gives each distinct name an index. */
static int finish_names(struct catalog *catalog) {
  struct name *by_text = NULL, *name, *next;
  int error = 0;
  catalog->names = calloc(catalog->thread_count, sizeof(*catalog->names));
  catalog->thread_names = calloc(catalog->thread_count, sizeof(*catalog->thread_names));
  if (!catalog->names || !catalog->thread_names) return -ENOMEM;
  catalog->name_count = 1;
  for (const struct catalog_thread *thread = catalog->thread_by_serial; thread;
       thread = thread->hh.next) {
    if (!thread->name || !*thread->name) continue;
    HASH_FIND_STR(by_text, thread->name, name);
    if (!name) {
      if (!(name = malloc(sizeof(*name)))) {
        error = -ENOMEM;
        break;
      }
      name->text = thread->name;
      name->index = (uint32_t)catalog->name_count++;
      catalog->names[name->index] = thread->name;
      HASH_ADD_KEYPTR(hh, by_text, name->text, strlen(name->text), name);
    }
    catalog->thread_names[thread->number] = name->index;
  }
  HASH_ITER(hh, by_text, name, next) {
    HASH_DEL(by_text, name);
    free(name);
  }
  return error;
}

int catalog_finish(struct catalog *catalog, const struct run_clock *clock) {
  static char nameless[] = "?";
  finish_nodes(catalog);
  int error = finish_modules(catalog, clock);
  if (!error) error = finish_names(catalog);
  if (!error) catalog->names[0] = nameless;
  return error;
}

void catalog_free(struct catalog *catalog) {
  struct catalog_thread *thread, *next;
  HASH_ITER(hh, catalog->thread_by_serial, thread, next) {
    HASH_DEL(catalog->thread_by_serial, thread);
    free(thread->name);
    free(thread);
  }
  for (size_t id = 0; id < catalog->module_capacity; id++) {
    free(catalog->gathered[id].path);
    free(catalog->gathered[id].build_id);
  }
  free(catalog->gathered);
  free(catalog->modules);
  free(catalog->nodes);
  free(catalog->names);
  free(catalog->thread_names);
  *catalog = (struct catalog){0};
}

/* ---- look-ups --------------------------------------------------------------------------- */

uint32_t catalog_thread(const struct catalog *catalog, uint64_t serial) {
  const struct catalog_thread *thread = serial ? thread_find(catalog, serial) : NULL;
  return thread ? thread->number : 0;
}

const struct stack_node *catalog_node(const struct catalog *catalog, uint32_t id) {
  if (id == 0 || id >= catalog->node_end || catalog->nodes[id].parent == NOT_IN_FILE) return NULL;
  return &catalog->nodes[id];
}

bool catalog_stack_whole(const struct catalog *catalog, uint32_t id) {
  const struct stack_node *node;
  for (; id; id = node->parent)
    if (!(node = catalog_node(catalog, id))) return false;
  return true;
}
