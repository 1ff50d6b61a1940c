/* debug_unit.h - one compile unit of a module's DWARF: its functions by address, what was inlined
 * into them, their lines, their qualified names.
 *
 * Functions are indexed once, on first use. Addresses are those of the DWARF.
 */
#ifndef DWELL_DEBUG_UNIT_H
#define DWELL_DEBUG_UNIT_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>

#include "address_map.h"

struct scoped_name;

struct debug_unit {
  Dwarf_Die die;                /* has the line table */
  Dwarf_Die scope;              /* has the functions: the same, or its split twin */
  bool indexed, qualifies;      /* qualifies: C++ or Rust, names have scopes */
  struct address_map functions; /* to `dies` */
  Dwarf_Die *dies;
  size_t die_count;
  struct scoped_name *names; /* of functions without a linkage name, by DIE */
  char **scopes;             /* their prefixes */
  size_t scope_count;
};

/* The larger array with one more place, or NULL without memory: from 16 places on it doubles. */
void *debug_unit_grown(void *array, size_t count, size_t size);
/* Adds all address ranges of a DIE. */
void debug_unit_add_ranges(struct address_map *map, Dwarf_Die *die, size_t value);

struct debug_unit debug_unit_of(const Dwarf_Die *die, const Dwarf_Die *scope);
void debug_unit_free(struct debug_unit *unit);

/* The function that holds an address, or NULL. */
Dwarf_Die *debug_unit_function(struct debug_unit *unit, Dwarf_Addr address);
/* The inlined calls in it that hold the address, outermost first; returns how many, at most `most`.
 */
size_t debug_unit_inlining(Dwarf_Die *function, Dwarf_Addr address, Dwarf_Die *calls, size_t most);
/* "namespace::class::function" of a function that has no linkage name, as gcc leaves it out where
 * everything was inlined; NULL when there is nothing to add to its plain name. Owned by the unit.
 */
const char *debug_unit_scoped_name(struct debug_unit *unit, const Dwarf_Die *function);

/* File and line of an address, and of an inlined call; left as they are when unknown. */
void debug_unit_line(struct debug_unit *unit, Dwarf_Addr address, const char **file, int *line);
void debug_unit_call_line(struct debug_unit *unit, Dwarf_Die *call, const char **file, int *line);

#endif
