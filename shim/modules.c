/* modules.c - a table of the loaded ones; its entries are published one by one, without a lock.
 *
 * Two threads that see a module at the same time may both add it: two numbers for one module, which
 * is harmless. An unloaded module's entry is given to a later one, which gets a number of its own.
 */
#include "modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "clock.h"
#include "record.h"
#include "settings.h"
#include "stack_tree.h"
#include "sys.h"
#include "walk.h"

#define MODULES_MAX 8192u /* at a time */

struct module {
  uint64_t base, start, size;
  const struct link_map *map;
  uint32_t taken;
  uint32_t number; /* in the trace, from 1; 0: not there yet, or any more */
};
static struct module modules[MODULES_MAX];
static uint32_t modules_used; /* entries from here on were never taken */
static uint32_t last_number;
uint64_t modules_loader_start, modules_loader_size;

static const char *path_of(const struct link_map *map, char store[PATH_BYTES]) {
  const char *name = map->l_name ? map->l_name : "";
  long length;
  if (!*name) { /* the executable */
    length = sys_readlink("/proc/self/exe", store, PATH_BYTES - 1);
    store[length > 0 ? length : 0] = 0;
    return store;
  }
  if (*name == '/' || !strchr(name, '/')) return name;
  length = sys_getcwd(store, PATH_BYTES);
  size_t used = length > 0 ? strlen(store) : 0;
  if (used + strlen(name) + 2 > PATH_BYTES) return name;
  store[used] = '/';
  strcpy(store + used + 1, name);
  return store;
}

/* The build id in the loaded notes: its bytes, NULL when there is none. */
static const unsigned char *build_id_of(const struct module *module, size_t *bytes) {
  const ElfW(Ehdr) *elf = (const void *)module->start;
  const uint64_t end = module->start + module->size;
  if (module->size < sizeof *elf || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 ||
      elf->e_phoff + (uint64_t)elf->e_phnum * sizeof(ElfW(Phdr)) > module->size)
    return NULL;
  const ElfW(Phdr) *segment = (const void *)(module->start + elf->e_phoff);
  for (unsigned i = 0; i < elf->e_phnum; i++, segment++) {
    uint64_t at = module->base + segment->p_vaddr, last = at + segment->p_memsz;
    uint64_t align = segment->p_align == 8 ? 8 : 4;
    if (segment->p_type != PT_NOTE || at < module->start || last > end || last < at) continue;
    while (at + sizeof(ElfW(Nhdr)) <= last) {
      const ElfW(Nhdr) *note = (const void *)at;
      uint64_t name = at + sizeof *note;
      uint64_t text = name + ((note->n_namesz + align - 1) & ~(align - 1));
      uint64_t next = text + ((note->n_descsz + align - 1) & ~(align - 1));
      if (text + note->n_descsz > last || next <= at) break;
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
          memcmp((const void *)name, "GNU", 4) == 0) {
        *bytes = note->n_descsz;
        return (const void *)text;
      }
      at = next;
    }
  }
  return NULL;
}

static void record(struct lane *lane, const struct module *module, uint32_t number) {
  size_t build_id_bytes = 0;
  const unsigned char *build_id = build_id_of(module, &build_id_bytes);
  record_module(lane, clock_ticks(), number, module->base, module->start, module->size, build_id,
                build_id_bytes, path_of(module->map, lane->path));
}

static uint32_t find(const struct dl_find_object *object, uint64_t *base) {
  uint32_t used = __atomic_load_n(&modules_used, __ATOMIC_ACQUIRE);
  for (uint32_t i = used; i > 0; i--) {
    const struct module *module = &modules[i - 1];
    uint32_t number = __atomic_load_n(&module->number, __ATOMIC_ACQUIRE);
    if (!number || module->start != (uint64_t)(uintptr_t)object->dlfo_map_start) continue;
    *base = module->base;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&module->number, __ATOMIC_RELAXED) == number) return number;
  }
  return 0;
}

static struct module *take(void) {
  for (uint32_t i = 0; i < MODULES_MAX; i++) {
    uint32_t free = 0, used = i;
    if (modules[i].taken || !__atomic_compare_exchange_n(&modules[i].taken, &free, 1, false,
                                                         __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
      continue;
    while (used <= i && !__atomic_compare_exchange_n(&modules_used, &used, i + 1, false,
                                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
      continue;
    return &modules[i];
  }
  return NULL;
}

static uint32_t add(struct lane *lane, const struct dl_find_object *object, uint64_t *base) {
  struct module *module = take();
  if (!module) return 0;
  uint32_t number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
  module->start = (uint64_t)(uintptr_t)object->dlfo_map_start;
  module->size = (uint64_t)(uintptr_t)object->dlfo_map_end - module->start;
  module->map = object->dlfo_link_map;
  module->base = *base = module->map->l_addr;
  record(lane, module, number);
  __atomic_store_n(&module->number, number, __ATOMIC_RELEASE);
  return number;
}

uint32_t module_of(struct lane *lane, uint64_t pc, uint64_t *base) {
  struct dl_find_object object;
  *base = 0;
  if (_dl_find_object((void *)(uintptr_t)pc, &object) != 0) return 0;
  uint32_t number = find(&object, base);
  return number ? number : add(lane, &object, base);
}

const char *module_path_of(const void *address) {
  static char store[PATH_BYTES];
  struct dl_find_object object;
  if (_dl_find_object((void *)address, &object) != 0) return "";
  return path_of(object.dlfo_link_map, store);
}

static int sight(struct dl_phdr_info *info, size_t size, void *lane) {
  (void)size;
  for (unsigned i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_LOAD) {
      uint64_t base;
      module_of(lane, info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, &base);
      break;
    }
  return 0;
}

void modules_record_new(struct lane *lane) {
  dl_iterate_phdr(sight, lane);
}

static bool is_there(const struct module *module) {
  struct dl_find_object object;
  return _dl_find_object((void *)(uintptr_t)module->start, &object) == 0 &&
         object.dlfo_link_map == module->map;
}

/* Its number, 0 when another thread was faster. What is remembered of its code is forgotten. */
static uint32_t drop(struct module *module) {
  uint32_t number = __atomic_exchange_n(&module->number, 0, __ATOMIC_ACQ_REL);
  if (!number) return 0;
  const uint64_t start = module->start, end = start + module->size;
  walk_forget_range(start, end);
  stack_tree_forget_range(start, end);
  __atomic_store_n(&module->taken, 0, __ATOMIC_RELEASE);
  return number;
}

void modules_record_gone(struct lane *lane) {
  uint32_t used = __atomic_load_n(&modules_used, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < used; i++) {
    if (!__atomic_load_n(&modules[i].number, __ATOMIC_ACQUIRE) || is_there(&modules[i])) continue;
    uint32_t number = drop(&modules[i]);
    if (number && lane) record_module_gone(lane, clock_ticks(), number);
  }
}

void modules_record_again(struct lane *lane) {
  for (uint32_t i = 0; i < modules_used; i++) {
    if (modules[i].number && is_there(&modules[i])) {
      record(lane, &modules[i], modules[i].number);
      continue;
    }
    /* gone unseen, or another thread of the parent was at work on it */
    if (modules[i].number) walk_forget_range(modules[i].start, modules[i].start + modules[i].size);
    modules[i].number = modules[i].taken = 0;
  }
}

void modules_prepare(void) {
  struct dl_find_object object;
  if (_dl_find_object(&_r_debug, &object) != 0) return; /* which is ld.so's */
  modules_loader_start = (uint64_t)(uintptr_t)object.dlfo_map_start;
  modules_loader_size = (uint64_t)(uintptr_t)object.dlfo_map_end - modules_loader_start;
}
