/* queues.h - hand-made verdicts about the story's messages, for tests of what is said of them. */
#ifndef TESTS_QUEUES_H
#define TESTS_QUEUES_H

#include "viewer/report.h"

/* A diagnosis with one queue of that kind, its figures round and true to each other, of the sites
 * and threads of a trace that story_begin() wrote. Static; made anew by each call. */
struct diagnosis *queues_one(const struct report *report, enum queue_kind kind);
/* One of each kind. */
struct diagnosis *queues_all(const struct report *report);

#endif
