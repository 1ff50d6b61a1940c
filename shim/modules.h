/* modules.h - the executable and the shared objects: which one a pc lies in, and their coming and
 * going.
 *
 * Found by _dl_find_object (glibc 2.35): lock-free and async-signal-safe, so a hook may ask. The
 * whole list is read only where the host itself may call into ld.so: at start, around dlclose, at
 * exit.
 */
#ifndef DWELL_MODULES_H
#define DWELL_MODULES_H

#include <stdint.h>

#include "lane.h"

/* Number of the module that pc lies in, recorded in the lane if it is new; *base is its load bias.
 * 0 and base 0 when there is none (code made at run time). */
uint32_t module_of(struct lane *lane, uint64_t pc, uint64_t *base);

/* Path of the module that an address lies in, "" if none. Valid until the next call. */
const char *module_path_of(const void *address);

/* Records all loaded modules that are new. Takes ld.so's lock: never from an allocation hook. */
void modules_record_new(struct lane *lane);
/* After a dlclose: records those that are gone; stacks through them are forgotten. */
void modules_record_gone(struct lane *lane);
/* In a forked child: records in its trace what the parent knew. */
void modules_record_again(struct lane *lane);

#endif
