/* debug_unit.c - see debug_unit.h. One walk over the tree of a unit's DIEs indexes its functions.
 */
#include "debug_unit.h"

#include <dwarf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* A function that needs its scope for its name; the scope is one of unit->scopes. */
struct scoped_name {
  const void *die; /* where the DIE lies in memory */
  const char *scope;
  char *name; /* NULL: not put together yet */
  UT_hash_handle hh;
};

/* What encloses a DIE, on the stack of the walk. */
struct scope {
  const struct scope *outer;
  const char *name;
  const char *text; /* "outer::name", when a function asked for it */
  bool in_function;
};

enum { NESTING_MAX = 128 };

void *debug_unit_grown(void *array, size_t count, size_t size) {
  if (count && (count < 16 || (count & (count - 1)) != 0)) return array;
  return realloc(array, (count ? 2 * count : 16) * size);
}

void debug_unit_add_ranges(struct address_map *map, Dwarf_Die *die, size_t value) {
  Dwarf_Addr base, low, high;
  ptrdiff_t offset = 0;
  while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0)
    if (address_map_add(map, low, high, value)) return;
}

static bool is_scoped_language(Dwarf_Die *die) {
  switch (dwarf_srclang(die)) {
  case DW_LANG_C_plus_plus:
  case DW_LANG_C_plus_plus_03:
  case DW_LANG_C_plus_plus_11:
  case DW_LANG_C_plus_plus_14:
  case DW_LANG_Rust:
    return true;
  default:
    return false;
  }
}

struct debug_unit debug_unit_of(const Dwarf_Die *die, const Dwarf_Die *scope) {
  struct debug_unit unit = {.die = *die, .scope = *scope};
  unit.qualifies = is_scoped_language(&unit.scope);
  return unit;
}

void debug_unit_free(struct debug_unit *unit) {
  struct scoped_name *name = unit->names, *next;
  HASH_CLEAR(hh, unit->names);
  for (; name; name = next) {
    next = name->hh.next;
    free(name->name);
    free(name);
  }
  for (size_t i = 0; i < unit->scope_count; i++)
    free(unit->scopes[i]);
  free(unit->scopes);
  free(unit->dies);
  address_map_free(&unit->functions);
}

/* ---- names ------------------------------------------------------------------------------ */

/* Built when the first function of a scope needs it: most never do. NULL at the top. */
static const char *scope_text(struct debug_unit *unit, struct scope *scope) {
  if (!scope || scope->text) return scope ? scope->text : NULL;
  const char *outer = scope_text(unit, (struct scope *)scope->outer);
  char *text;
  if (!scope->name) return scope->text = outer;
  if (asprintf(&text, "%s%s%s", outer ? outer : "", outer ? "::" : "", scope->name) < 0)
    return NULL;
  char **scopes = debug_unit_grown(unit->scopes, unit->scope_count, sizeof *scopes);
  if (!scopes) {
    free(text);
    return NULL;
  }
  unit->scopes = scopes;
  scopes[unit->scope_count++] = text;
  return scope->text = text;
}

static void index_name(struct debug_unit *unit, Dwarf_Die *die, struct scope *scope) {
  if (!unit->qualifies || !dwarf_hasattr(die, DW_AT_name) ||
      dwarf_hasattr(die, DW_AT_linkage_name) || dwarf_hasattr(die, DW_AT_MIPS_linkage_name))
    return;
  const char *text = scope_text(unit, scope);
  struct scoped_name *name = text ? calloc(1, sizeof *name) : NULL;
  if (!name) return;
  name->die = die->addr;
  name->scope = text;
  HASH_ADD_PTR(unit->names, die, name);
}

/* The DIE that declares a function: what an inlined call or an instance refers to. */
static Dwarf_Die declaration_of(const Dwarf_Die *function) {
  static const unsigned references[] = {DW_AT_abstract_origin, DW_AT_specification};
  Dwarf_Die die = *function;
  for (int steps = 0; steps < 8; steps++) {
    Dwarf_Attribute attribute;
    Dwarf_Die next;
    if (!dwarf_attr(&die, references[0], &attribute) &&
        !dwarf_attr(&die, references[1], &attribute))
      break;
    if (!dwarf_formref_die(&attribute, &next)) break;
    die = next;
  }
  return die;
}

const char *debug_unit_scoped_name(struct debug_unit *unit, const Dwarf_Die *function) {
  Dwarf_Die die = declaration_of(function);
  const void *key = die.addr;
  struct scoped_name *name;
  HASH_FIND_PTR(unit->names, &key, name);
  const char *plain = name ? dwarf_diename(&die) : NULL;
  if (!plain) return NULL;
  if (!name->name && asprintf(&name->name, "%s::%s", name->scope, plain) < 0) name->name = NULL;
  return name->name;
}

/* ---- functions -------------------------------------------------------------------------- */

/* A declaration or an abstract function has no range and is left out. */
static void index_function(struct debug_unit *unit, const Dwarf_Die *die) {
  Dwarf_Die *dies = debug_unit_grown(unit->dies, unit->die_count, sizeof *dies);
  if (!dies) return;
  unit->dies = dies;
  dies[unit->die_count] = *die;
  size_t before = unit->functions.count;
  debug_unit_add_ranges(&unit->functions, &dies[unit->die_count], unit->die_count);
  if (unit->functions.count > before) unit->die_count++;
}

static void index_below(struct debug_unit *unit, Dwarf_Die *parent, struct scope *scope,
                        int nesting) {
  Dwarf_Die die;
  if (nesting > NESTING_MAX || dwarf_child(parent, &die) != 0) return;
  do {
    struct scope inner = {.outer = scope, .in_function = scope && scope->in_function};
    switch (dwarf_tag(&die)) {
    case DW_TAG_subprogram: /* may hold others: GNU C, classes local to a function */
      index_function(unit, &die);
      index_name(unit, &die, scope);
      inner.name = dwarf_diename(&die);
      inner.in_function = true;
      index_below(unit, &die, &inner, nesting + 1);
      break;
    case DW_TAG_namespace:
      inner.name = dwarf_diename(&die);
      inner.name = inner.name ? inner.name : "(anonymous namespace)";
      index_below(unit, &die, &inner, nesting + 1);
      break;
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type: /* Rust: methods of enums */
    case DW_TAG_module:
      inner.name = dwarf_diename(&die);
      if (!inner.name && inner.in_function) inner.name = "{lambda}";
      index_below(unit, &die, &inner, nesting + 1);
      break;
    case DW_TAG_lexical_block:
      index_below(unit, &die, scope, nesting + 1);
      break;
    default:
      break;
    }
  } while (dwarf_siblingof(&die, &die) == 0);
}

Dwarf_Die *debug_unit_function(struct debug_unit *unit, Dwarf_Addr address) {
  if (!unit->indexed) {
    unit->indexed = true;
    index_below(unit, &unit->scope, NULL, 0);
    address_map_sort(&unit->functions);
  }
  size_t index = address_map_find(&unit->functions, address);
  return index == SIZE_MAX ? NULL : &unit->dies[index];
}

/* ---- inlined calls ---------------------------------------------------------------------- */

struct inlining {
  Dwarf_Die *calls;
  size_t count, most;
};

static bool has_no_range(Dwarf_Die *die) {
  return !dwarf_hasattr(die, DW_AT_low_pc) && !dwarf_hasattr(die, DW_AT_ranges);
}

static void find_inlining(Dwarf_Die *parent, Dwarf_Addr address, struct inlining *inlining,
                          int nesting) {
  Dwarf_Die die;
  size_t before = inlining->count;
  if (nesting > NESTING_MAX || dwarf_child(parent, &die) != 0) return;
  do {
    int tag = dwarf_tag(&die);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block) continue;
    bool holds = dwarf_haspc(&die, address) > 0;
    if (holds && tag == DW_TAG_inlined_subroutine) {
      if (inlining->count == inlining->most) return;
      inlining->calls[inlining->count++] = die;
    }
    if (holds || (tag == DW_TAG_lexical_block && has_no_range(&die)))
      find_inlining(&die, address, inlining, nesting + 1);
    if (holds || inlining->count > before) return;
  } while (dwarf_siblingof(&die, &die) == 0);
}

size_t debug_unit_inlining(Dwarf_Die *function, Dwarf_Addr address, Dwarf_Die *calls, size_t most) {
  struct inlining inlining = {.calls = calls, .most = most};
  find_inlining(function, address, &inlining, 0);
  return inlining.count;
}

/* ---- lines ------------------------------------------------------------------------------ */

void debug_unit_line(struct debug_unit *unit, Dwarf_Addr address, const char **file, int *line) {
  Dwarf_Line *found = dwarf_getsrc_die(&unit->die, address);
  if (!found) return;
  *file = dwarf_linesrc(found, NULL, NULL);
  dwarf_lineno(found, line);
}

void debug_unit_call_line(struct debug_unit *unit, Dwarf_Die *call, const char **file, int *line) {
  Dwarf_Attribute attribute;
  Dwarf_Word number;
  Dwarf_Files *files;
  size_t count;
  if (dwarf_attr(call, DW_AT_call_file, &attribute) && dwarf_formudata(&attribute, &number) == 0 &&
      dwarf_getsrcfiles(&unit->scope, &files, &count) == 0)
    *file = dwarf_filesrc(files, number, NULL, NULL);
  if (dwarf_attr(call, DW_AT_call_line, &attribute) && dwarf_formudata(&attribute, &number) == 0)
    *line = (int)number;
}
