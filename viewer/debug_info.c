/* debug_info.c - see debug_info.h.
 *
 * elfutils finds the unit of an address by .debug_aranges, which clang and rustc don't write, and
 * its scope functions walk a whole unit for each address. So the ranges of all units are indexed
 * once for a module, and the functions of a unit once for a unit (debug_unit.h), on first use.
 */
#include "debug_info.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

#include "address_map.h"
#include "debug_unit.h"
#include "demangle.h"

/* Mangled names lie in the mapped file: one address, one name. */
struct readable_name {
  const char *mangled;
  char *readable; /* NULL: `mangled` is readable as it is */
  UT_hash_handle hh;
};

struct debug_info {
  Dwfl *dwfl;
  Dwfl_Module *module;
  bool indexed;
  Dwarf_Addr bias;           /* offset - bias is an address of the DWARF */
  struct address_map ranges; /* to `units` */
  struct debug_unit *units;
  size_t unit_count;
  bool symbols_indexed;
  struct address_map symbols; /* to indexes of the ELF symbol table; addresses are offsets */
  struct readable_name *names;
};

static char *debuginfo_path; /* NULL: libdwfl's own, :.debug:/usr/lib/debug */
static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .debuginfo_path = &debuginfo_path,
};

/* ---- opening ---------------------------------------------------------------------------- */

static int open_regular(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return -errno;
  struct stat status;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) return fd;
  close(fd);
  return -ENOENT;
}

/* Reports one file as the module. Returns 0, or -errno: -ENOEXEC not ELF, -ESTALE another build. */
static int report_file(struct debug_info *info, const struct module *module, const char *path,
                       uint64_t recorded_ns) {
  int fd = open_regular(path);
  if (fd < 0) return fd;
  struct stat status;
  fstat(fd, &status);
  dwfl_report_begin(info->dwfl);
  info->module = dwfl_report_elf(info->dwfl, path, path, fd, 0, true);
  if (!info->module) close(fd);
  dwfl_report_end(info->dwfl, NULL, NULL);
  if (!info->module) return -ENOEXEC;
  const unsigned char *id;
  GElf_Addr id_address;
  int id_bytes = dwfl_module_build_id(info->module, &id, &id_address);
  if (!module->build_id_bytes) {
    uint64_t changed_ns = (uint64_t)status.st_mtim.tv_sec * 1000000000u + status.st_mtim.tv_nsec;
    return changed_ns > recorded_ns ? -ESTALE : 0;
  }
  if (id_bytes <= 0 || (size_t)id_bytes != module->build_id_bytes ||
      memcmp(id, module->build_id, module->build_id_bytes) != 0)
    return -ESTALE;
  return 0;
}

/* A separate debug file has all that is needed of the program that is gone. */
static void build_id_path(const struct module *module, char *path, size_t size) {
  int length = snprintf(path, size, "/usr/lib/debug/.build-id/%02x/", module->build_id[0]);
  for (size_t i = 1; i < module->build_id_bytes && (size_t)length + 8 < size; i++)
    length += snprintf(path + length, size - (size_t)length, "%02x", module->build_id[i]);
  snprintf(path + length, size - (size_t)length, ".debug");
}

/* The kernel names a removed file "PATH (deleted)"; another may have its place, with the same
 * build id or not. */
static char *path_without_mark(const char *path) {
  static const char mark[] = " (deleted)";
  size_t length = strlen(path);
  if (length > sizeof mark && strcmp(path + length - (sizeof mark - 1), mark) == 0)
    length -= sizeof mark - 1;
  return strndup(path, length);
}

static char *describe_problem(const struct module *module, const char *path, int error) {
  char *text = NULL;
  int length;
  if (error == -ESTALE && module->build_id_bytes)
    length = asprintf(&text,
                      "%s: not the file that was recorded (its build id differs), so its functions "
                      "are shown as offsets; put the recorded build back in its place",
                      path);
  else if (error == -ESTALE)
    length = asprintf(&text,
                      "%s: changed after the recording and has no build id to tell whether it is "
                      "the same, so its functions are shown as offsets; link with -Wl,--build-id",
                      path);
  else if (error == -ENOEXEC)
    length = asprintf(&text, "%s: not an ELF file, so its functions are shown as offsets", path);
  else
    length =
        asprintf(&text,
                 "%s: can't be opened (%s), so its functions are shown as offsets; put the "
                 "recorded file in its place, or its debug file below /usr/lib/debug/.build-id",
                 path, strerror(-error));
  return length < 0 ? NULL : text;
}

int debug_info_open(const struct module *module, uint64_t recorded_ns, struct debug_info **opened,
                    char **problem) {
  struct debug_info *info = calloc(1, sizeof *info);
  char *path = path_without_mark(module->path);
  *problem = NULL;
  *opened = NULL;
  int error = -ENOMEM;
  if (info && path && (info->dwfl = dwfl_begin(&callbacks))) {
    error = report_file(info, module, path, recorded_ns);
    if (error && module->build_id_bytes) {
      char debug_path[256];
      build_id_path(module, debug_path, sizeof debug_path);
      if (report_file(info, module, debug_path, recorded_ns) == 0) error = 0;
    }
    if (error) *problem = describe_problem(module, path, error);
  }
  free(path);
  if (error) {
    debug_info_close(info);
    return error;
  }
  *opened = info;
  return 0;
}

void debug_info_close(struct debug_info *info) {
  if (!info) return;
  for (size_t i = 0; i < info->unit_count; i++)
    debug_unit_free(&info->units[i]);
  free(info->units);
  address_map_free(&info->ranges);
  address_map_free(&info->symbols);
  struct readable_name *name, *next;
  name = info->names;
  HASH_CLEAR(hh, info->names);
  for (; name; name = next) {
    next = name->hh.next;
    free(name->readable);
    free(name);
  }
  if (info->dwfl) dwfl_end(info->dwfl);
  free(info);
}

/* ---- indexing --------------------------------------------------------------------------- */

static void index_units(struct debug_info *info) {
  info->indexed = true;
  Dwarf *dwarf = dwfl_module_getdwarf(info->module, &info->bias);
  if (!dwarf) return;
  Dwarf_CU *at = NULL, *next;
  Dwarf_Die die, split;
  uint8_t type;
  while (dwarf_get_units(dwarf, at, &next, NULL, &type, &die, &split) == 0) {
    at = next;
    if (type == DW_UT_type || type == DW_UT_partial || !dwarf_tag(&die)) continue;
    struct debug_unit *units = debug_unit_grown(info->units, info->unit_count, sizeof *units);
    if (!units) break;
    info->units = units;
    bool is_split = type == DW_UT_skeleton && split.addr && dwarf_tag(&split);
    units[info->unit_count] = debug_unit_of(&die, is_split ? &split : &die);
    debug_unit_add_ranges(&info->ranges, &die, info->unit_count++);
  }
  address_map_sort(&info->ranges);
}

/* ---- looking up ------------------------------------------------------------------------- */

static const char *readable(struct debug_info *info, const char *mangled) {
  struct readable_name *name;
  HASH_FIND_PTR(info->names, &mangled, name);
  if (!name && (name = calloc(1, sizeof *name))) {
    name->mangled = mangled;
    name->readable = demangle_name(mangled);
    HASH_ADD_PTR(info->names, mangled, name);
  }
  return name && name->readable ? name->readable : mangled;
}

static const char *function_name(struct debug_info *info, struct debug_unit *unit, Dwarf_Die *die) {
  Dwarf_Attribute attribute;
  const char *linkage = NULL;
  if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
      dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
    linkage = dwarf_formstring(&attribute);
  if (linkage) return readable(info, linkage);
  const char *scoped = debug_unit_scoped_name(unit, die);
  return scoped ? scoped : dwarf_diename(die);
}

static int compare_addresses(const void *left, const void *right) {
  const GElf_Addr *a = left, *b = right;
  return *a < *b ? -1 : *a > *b;
}

/* A function whose size nobody wrote (assembly) ends where the next one begins. `starts` are those
 * of all functions, sorted. */
static GElf_Addr end_of(const GElf_Sym *symbol, GElf_Addr start, const GElf_Addr *starts,
                        size_t count) {
  if (symbol->st_size) return start + symbol->st_size;
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (starts[middle] <= start)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count ? starts[low] : start + 1;
}

static bool is_function(struct debug_info *info, int index, GElf_Sym *symbol, GElf_Addr *start) {
  const char *name = dwfl_module_getsym_info(info->module, index, symbol, start, NULL, NULL, NULL);
  int type = name ? GELF_ST_TYPE(symbol->st_info) : STT_SECTION;
  return name && *name && symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
         (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE);
}

/* libdwfl looks at every symbol for every address; here they are indexed once. Global symbols come
 * after local ones, so that of two names of one range the global is found. */
static void index_symbols(struct debug_info *info) {
  info->symbols_indexed = true;
  int count = dwfl_module_getsymtab(info->module);
  GElf_Addr *starts = count > 0 ? malloc((size_t)count * sizeof *starts) : NULL;
  if (!starts) return;
  GElf_Sym symbol;
  GElf_Addr start;
  size_t functions = 0;
  for (int i = 0; i < count; i++)
    if (is_function(info, i, &symbol, &start)) starts[functions++] = start;
  qsort(starts, functions, sizeof *starts, compare_addresses);
  for (int i = 0; i < count; i++)
    if (is_function(info, i, &symbol, &start))
      address_map_add(&info->symbols, start, end_of(&symbol, start, starts, functions), (size_t)i);
  address_map_sort(&info->symbols);
  free(starts);
}

/* By ELF symbols: the address must lie inside the function. */
static size_t symbol_frame(struct debug_info *info, GElf_Addr address, struct debug_frame *frame) {
  if (!info->symbols_indexed) index_symbols(info);
  size_t index = address_map_find(&info->symbols, address);
  GElf_Sym symbol;
  GElf_Addr start;
  if (index == SIZE_MAX || !is_function(info, (int)index, &symbol, &start)) return 0;
  frame->function = readable(
      info, dwfl_module_getsym_info(info->module, (int)index, &symbol, &start, NULL, NULL, NULL));
  return 1;
}

size_t debug_info_frames(struct debug_info *info, uint64_t offset,
                         struct debug_frame frames[DEBUG_FRAMES_MAX]) {
  if (!info->indexed) index_units(info);
  uint64_t call = offset - 1; /* in the calling instruction, also when the callee never returns */
  Dwarf_Addr address = call - info->bias;
  size_t index = address_map_find(&info->ranges, address);
  struct debug_unit *unit = index == SIZE_MAX ? NULL : &info->units[index];
  Dwarf_Die *function = unit ? debug_unit_function(unit, address) : NULL;
  struct debug_frame place = {0};
  if (unit) debug_unit_line(unit, address, &place.file, &place.line);
  if (!function) {
    frames[0] = place;
    return symbol_frame(info, call, &frames[0]) || place.file ? 1 : 0;
  }
  Dwarf_Die calls[DEBUG_FRAMES_MAX - 1];
  size_t inlined = debug_unit_inlining(function, address, calls, DEBUG_FRAMES_MAX - 1);
  size_t count = 0;
  for (size_t i = inlined; i-- > 0;) {
    place.function = function_name(info, unit, &calls[i]);
    place.inlined = true;
    frames[count++] = place;
    place = (struct debug_frame){0};
    debug_unit_call_line(unit, &calls[i], &place.file, &place.line);
  }
  place.function = function_name(info, unit, function);
  frames[count++] = place;
  if (!place.function) symbol_frame(info, call, &frames[count - 1]);
  return count;
}
