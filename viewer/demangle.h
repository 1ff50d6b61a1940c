/* demangle.h - the names of functions: mangled (C++, Rust v0 and legacy) into readable, by
 * libiberty, and readable into short. Pure.
 */
#ifndef DWELL_DEMANGLE_H
#define DWELL_DEMANGLE_H

#include <stddef.h>

/* The readable name without parameters ("ns::queue<int>::push"), or NULL when `name` is not a
 * mangled one. To be freed by the caller. */
char *demangle_name(const char *name);

/* Writes a name as reports show it where space is short: the arguments of templates and generics
 * become "<…>". Cut at size - 1 bytes. Returns `shortened`. */
char *demangle_shorten(const char *name, char *shortened, size_t size);

#endif
