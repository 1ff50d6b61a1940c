/* temporaries.h - blocks that a message was on the way in, and not in the end. Pure.
 *
 * Who writes a text of unknown length makes a small buffer first and a bigger one when that is full
 * (asprintf, C++'s streams): of one place some blocks are messages, others are freed at once, by
 * the thread that made them. So are messages that a full queue turns away; but those come only when
 * it is full, and temporaries all the time.
 */
#ifndef DWELL_TEMPORARIES_H
#define DWELL_TEMPORARIES_H

#include "residences.h"

/* Notes how many die young only when it is full, and takes temporaries out of a list whose other
 * blocks stay for long, and notes that folded ones of its place are some. Returns 0 or -ENOMEM. */
int temporaries_sift(struct residence_list *list, uint64_t duration_ns);

#endif
