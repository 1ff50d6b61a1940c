/* symbols.c - see symbols.h. Caches: a file is opened once, an address looked up once, a stack put
 * together once. Modules are opened when the first address in them is asked for.
 */
#include "symbols.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "../shim/trace.h"
#include "debug_info.h"
#include "own_code.h"

/* A file as one recorded module had it; modules that came and went share it. */
struct opened_file {
  const struct module *module; /* the first that had it: path and build id are the key */
  struct debug_info *info;     /* NULL: refused or not there */
  struct opened_file *next;
};

struct address_key {
  uint64_t pc;
  uint64_t module;
};
struct address {
  struct address_key key;
  struct frame *frames;
  size_t count;
  UT_hash_handle hh;
};

struct stack_key {
  uint32_t stack, limit;
};
struct stack {
  struct stack_key key;
  struct frame *frames;
  size_t count;
  UT_hash_handle hh;
};

struct symbols {
  const struct trace_file *file;
  struct opened_file **of_module; /* by module id; NULL: not looked for yet */
  struct opened_file *files;
  struct address *addresses;
  struct stack *stacks;
  char **problems;
  size_t problem_count;
  bool system_program;
  char *debuginfod_urls;
};

struct symbols *symbols_open(const struct trace_file *file) {
  struct symbols *symbols = calloc(1, sizeof *symbols);
  if (!symbols) return NULL;
  symbols->file = file;
  symbols->of_module =
      calloc((size_t)trace_file_module_count(file) + 1, sizeof(struct opened_file *));
  if (!symbols->of_module) {
    free(symbols);
    return NULL;
  }
  symbols->system_program = own_code_is_system(trace_file_info(file)->executable);
  const char *urls = getenv("DEBUGINFOD_URLS");
  symbols->debuginfod_urls = urls ? strdup(urls) : NULL;
  unsetenv("DEBUGINFOD_URLS");
  return symbols;
}

void symbols_allow_debuginfod(struct symbols *symbols) {
  if (symbols->debuginfod_urls) setenv("DEBUGINFOD_URLS", symbols->debuginfod_urls, 1);
}

void symbols_close(struct symbols *symbols) {
  if (!symbols) return;
  struct address *address = symbols->addresses, *next_address;
  HASH_CLEAR(hh, symbols->addresses);
  for (; address; address = next_address) {
    next_address = address->hh.next;
    free(address->frames);
    free(address);
  }
  struct stack *stack = symbols->stacks, *next_stack;
  HASH_CLEAR(hh, symbols->stacks);
  for (; stack; stack = next_stack) {
    next_stack = stack->hh.next;
    free(stack->frames);
    free(stack);
  }
  for (struct opened_file *file = symbols->files, *next; file; file = next) {
    next = file->next;
    debug_info_close(file->info);
    free(file);
  }
  for (size_t i = 0; i < symbols->problem_count; i++)
    free(symbols->problems[i]);
  free(symbols->problems);
  free(symbols->of_module);
  free(symbols->debuginfod_urls);
  free(symbols);
}

static void add_problem(struct symbols *symbols, char *problem) {
  char **problems =
      realloc(symbols->problems, (symbols->problem_count + 1) * sizeof *symbols->problems);
  if (!problems) {
    free(problem);
    return;
  }
  symbols->problems = problems;
  problems[symbols->problem_count++] = problem;
}

size_t symbols_problems(const struct symbols *symbols, const char *const **messages) {
  *messages = (const char *const *)symbols->problems;
  return symbols->problem_count;
}

static bool same_file(const struct module *a, const struct module *b) {
  return a->build_id_bytes == b->build_id_bytes && strcmp(a->path, b->path) == 0 &&
         (!a->build_id_bytes || memcmp(a->build_id, b->build_id, a->build_id_bytes) == 0);
}

static struct debug_info *file_of_module(struct symbols *symbols, uint32_t id,
                                         const struct module *module) {
  if (symbols->of_module[id]) return symbols->of_module[id]->info;
  for (struct opened_file *file = symbols->files; file; file = file->next)
    if (same_file(file->module, module)) {
      symbols->of_module[id] = file;
      return file->info;
    }
  struct opened_file *file = calloc(1, sizeof *file);
  if (!file) return NULL;
  file->module = module;
  file->next = symbols->files;
  symbols->files = symbols->of_module[id] = file;
  /* the vdso and memory without a file have names, not paths; nobody can do anything about them */
  if (module->path[0] == '/') {
    char *problem;
    debug_info_open(module, trace_file_info(symbols->file)->start_realtime_ns, &file->info,
                    &problem);
    if (problem) add_problem(symbols, problem);
  }
  return file->info;
}

static const char *mark_name(const struct stack_node *node) {
  if (node->module) return NULL;
  return node->pc == TRACE_PC_TRUNCATED    ? "[truncated]"
         : node->pc == TRACE_PC_INCOMPLETE ? "[incomplete]"
                                           : NULL;
}

static size_t look_up(struct symbols *symbols, const struct stack_node *node,
                      struct frame frames[DEBUG_FRAMES_MAX]) {
  const struct module *module =
      node->module ? trace_file_module(symbols->file, node->module) : NULL;
  struct frame bare = {.address = node->pc, .module = "", .offset = node->pc};
  if ((bare.function = mark_name(node))) bare.library = true;
  if (module) {
    bare.module = module->path;
    bare.offset = node->pc - module->base;
  }
  struct debug_frame found[DEBUG_FRAMES_MAX];
  struct debug_info *info = module ? file_of_module(symbols, node->module, module) : NULL;
  size_t count = info ? debug_info_frames(info, bare.offset, found) : 0;
  frames[0] = bare;
  for (size_t i = 0; i < count; i++) {
    frames[i] = bare;
    frames[i].function = found[i].function;
    frames[i].file = found[i].file;
    frames[i].line = found[i].line;
    frames[i].inlined = found[i].inlined;
  }
  count = count ? count : 1;
  if (module)
    for (size_t i = 0; i < count; i++)
      frames[i].library = own_code_is_library(module->path, frames[i].function, frames[i].file,
                                              symbols->system_program);
  if (!node->parent && !frames[0].function)
    frames[0].library = true; /* the outermost frame of a stripped program is its _start */
  return count;
}

size_t symbols_node(struct symbols *symbols, uint32_t id, const struct frame **frames) {
  const struct stack_node *node = trace_file_node(symbols->file, id);
  *frames = NULL;
  if (!node) return 0;
  struct address_key key;
  memset(&key, 0, sizeof key); /* all its bytes are the key */
  key.pc = node->pc;
  key.module = node->module;
  struct address *address;
  HASH_FIND(hh, symbols->addresses, &key, sizeof key, address);
  if (!address) {
    struct frame found[DEBUG_FRAMES_MAX];
    size_t count = look_up(symbols, node, found);
    address = calloc(1, sizeof *address);
    struct frame *kept = malloc(count * sizeof *kept);
    if (!address || !kept) {
      free(address);
      free(kept);
      return 0;
    }
    memcpy(kept, found, count * sizeof *kept);
    *address = (struct address){.key = key, .frames = kept, .count = count};
    HASH_ADD(hh, symbols->addresses, key, sizeof address->key, address);
  }
  *frames = address->frames;
  return address->count;
}

/* Parents have lower ids in a sound file; in a damaged one this ends the walk. */
static uint32_t parent_of(const struct symbols *symbols, uint32_t id) {
  const struct stack_node *node = trace_file_node(symbols->file, id);
  return node && node->parent < id ? node->parent : 0;
}

static struct frame *join_frames(struct symbols *symbols, uint32_t stack, uint32_t limit,
                                 size_t *count) {
  struct frame *joined = NULL;
  size_t capacity = 0;
  *count = 0;
  uint32_t depth = 0;
  for (uint32_t id = stack; id && (!limit || depth < limit); id = parent_of(symbols, id), depth++) {
    const struct frame *frames;
    size_t more = symbols_node(symbols, id, &frames);
    if (*count + more > capacity) {
      size_t wanted = capacity ? 2 * capacity + more : 32 + more;
      struct frame *larger = realloc(joined, wanted * sizeof *joined);
      if (!larger) break;
      joined = larger;
      capacity = wanted;
    }
    if (more) memcpy(joined + *count, frames, more * sizeof *frames);
    *count += more;
  }
  return joined;
}

size_t symbols_stack(struct symbols *symbols, uint32_t id, uint32_t limit,
                     const struct frame **frames) {
  struct stack_key key;
  memset(&key, 0, sizeof key);
  key.stack = id;
  key.limit = limit;
  struct stack *stack;
  HASH_FIND(hh, symbols->stacks, &key, sizeof key, stack);
  if (!stack) {
    *frames = NULL;
    if (!(stack = calloc(1, sizeof *stack))) return 0;
    stack->key = key;
    stack->frames = join_frames(symbols, id, limit, &stack->count);
    HASH_ADD(hh, symbols->stacks, key, sizeof stack->key, stack);
  }
  *frames = stack->frames;
  return stack->count;
}
