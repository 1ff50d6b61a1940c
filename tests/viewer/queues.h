/* queues.h - hand-made verdicts about the story's messages, for tests of what is said of them. */
#ifndef TESTS_QUEUES_H
#define TESTS_QUEUES_H

#include "viewer/report.h"

/* Gives the report, of a trace that story_begin() wrote, a diagnosis with one queue of that kind,
 * its figures round and true to each other; and a heap whose peak is a hundred times the story's.
 * Static; made anew by each call. */
struct diagnosis *queues_one(struct report *report, enum queue_kind kind);
/* One of each kind. */
struct diagnosis *queues_all(struct report *report);

#endif
