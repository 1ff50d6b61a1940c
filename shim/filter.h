/* filter.h - system call filters (seccomp) that were set before this program began. */
#ifndef DWELL_FILTER_H
#define DWELL_FILTER_H

#include <stdbool.h>

/* Whether system calls that a program of this system may make could kill this one. Makes no system
 * calls but those that ld.so has made just before: open, read, close. */
bool filter_inherited(void);

#endif
