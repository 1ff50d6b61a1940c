/* modules.h - the executable and the shared objects: which one a pc lies in, and their coming and
 * going.
 *
 * Found by _dl_find_object (glibc 2.35): lock-free and async-signal-safe, so a hook may ask. The
 * whole list is read only where the host itself may call into ld.so: at start, before dlclose, at
 * exit.
 */
#ifndef DWELL_MODULES_H
#define DWELL_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "lane.h"

/* Number of the module that pc lies in, recorded in the lane if it is new; *base is its load bias.
 * 0 and base 0 when there is none (code made at run time). */
uint32_t module_of(struct lane *lane, uint64_t pc, uint64_t *base);

/* Path of the module that an address lies in, "" if none. Valid until the next call. */
const char *module_path_of(const void *address);

/* Records all loaded modules that are new. Takes ld.so's lock: never from an allocation hook. */
void modules_record_new(struct lane *lane);
/* Records those that are gone; stacks through them are forgotten. Takes no lock. To be called after
 * dlclose, and before anything can be loaded where they were: libc unloads modules of its own
 * (gconv, NSS) without a call that we see, but ld.so calls calloc before it maps a module, while it
 * holds the lock under which modules come and go. Without a lane they are only forgotten. */
void modules_record_gone(struct lane *lane);
/* In a forked child: records in its trace what the parent knew. */
void modules_record_again(struct lane *lane);

/* Learns where ld.so lies. */
void modules_prepare(void);
extern uint64_t modules_loader_start, modules_loader_size;
/* Whether a return address is ld.so's. */
static inline bool modules_is_loader(const void *pc) {
  return (uint64_t)(uintptr_t)pc - modules_loader_start < modules_loader_size;
}

#endif
