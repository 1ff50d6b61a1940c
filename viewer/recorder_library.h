/* recorder_library.h - where libdwell.so is, and how a program is told to load it. */
#ifndef DWELL_RECORDER_LIBRARY_H
#define DWELL_RECORDER_LIBRARY_H

#include <limits.h>

/* Finds libdwell.so: $DWELL_LIBRARY, else beside the dwell binary (as built), else in ../lib (as
 * installed). Returns 0 and its absolute path; or -1 and a message that says where it was looked
 * for, or why LD_PRELOAD cannot name the path, and what to do. */
int recorder_library_find(char path[PATH_MAX], char message[512]);

/* "LD_PRELOAD=path", followed by what LD_PRELOAD holds already. malloc'ed; NULL: no memory. */
char *recorder_library_preload(const char *path);

#endif
