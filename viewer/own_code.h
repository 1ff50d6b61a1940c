/* own_code.h - which frames are the program's own code, and which are internals of libraries.
 *
 * Reports lead with the first own frame and dim the others. A matter of presentation only: no
 * figure depends on it.
 */
#ifndef DWELL_OWN_CODE_H
#define DWELL_OWN_CODE_H

#include <stdbool.h>

/* Whether a file belongs to the system (below /usr, /lib, /bin, but not /usr/local). */
bool own_code_is_system(const char *path);

/* Whether a frame is an internal: of the allocator, of a language's runtime, a wrapper around
 * malloc, or, unless the program itself is a system program, of a system library. Function and
 * file may be NULL; the function is demangled. */
bool own_code_is_library(const char *module, const char *function, const char *file,
                         bool system_program);

#endif
