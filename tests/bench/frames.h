/* frames.h - call paths for the bench: functions without frame pointers that call each other as a
 * path's number says. */
#ifndef BENCH_FRAMES_H
#define BENCH_FRAMES_H

#define FRAMES_PATHS 1000
#define FRAMES_DEPTH 40 /* at most */

/* Calls leaf(argument) below `depth` frames (1 to FRAMES_DEPTH) of path `path` (below
 * FRAMES_PATHS). Any two paths part within the first three frames, and from one path to the next
 * every frame changes. May run in many threads. */
void frames_descend(int path, int depth, void (*leaf)(void *argument), void *argument);

#endif
