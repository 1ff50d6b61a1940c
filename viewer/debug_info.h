/* debug_info.h - what one module's file says of an address: functions, files, lines.
 *
 * Addresses are offsets from the load bias, so that one debug_info serves all loads of a file. *
 * By elfutils' libdwfl: DWARF of the file or of its separate debug file, else the ELF symbols.
 * A file that is not the recorded one (build id) is refused, so that no symbol is ever wrong.
 */
#ifndef DWELL_DEBUG_INFO_H
#define DWELL_DEBUG_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace_file.h"

struct debug_info;

/* Strings live as long as the debug_info. */
struct debug_frame {
  const char *function; /* demangled; NULL unknown */
  const char *file;     /* NULL unknown */
  int line;             /* 0 unknown */
  bool inlined;         /* into the next frame */
};

enum { DEBUG_FRAMES_MAX = 64 };

/* Opens the file of a module. `recorded_ns` (since 1970) is when it was in use: without a build id
 * in the trace, a file that was changed later is refused. Returns 0; or -ENOMEM; or another
 * -errno, then *problem says what is wrong and what to do (to be freed). */
int debug_info_open(const struct module *module, uint64_t recorded_ns, struct debug_info **info,
                    char **problem);

/* The frames of the call that returns to load bias + offset, the innermost inlined function first.
 * Returns how many, at most DEBUG_FRAMES_MAX; 0 when nothing is known. */
size_t debug_info_frames(struct debug_info *info, uint64_t offset,
                         struct debug_frame frames[DEBUG_FRAMES_MAX]);

void debug_info_close(struct debug_info *info);

#endif
