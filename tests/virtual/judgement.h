/* judgement.h - a diagnosis held against what the process itself logged. */
#ifndef TESTS_JUDGEMENT_H
#define TESTS_JUDGEMENT_H

#include "process.h"
#include "recording.h"

struct judgement {
  unsigned said[PROCESS_TRUTHS]; /* kind by truth; QUEUE_KINDS: nothing */
  bool kind_right[PROCESS_TRUTHS];
  unsigned alarms;   /* unbounded queues alleged where there are none */
  char errors[2048]; /* all that is wrong, a line each; empty: nothing */
};

/* The queue that blocks of this birth stack are in; NULL: none. */
const struct queue *judgement_queue(const struct profile *profile,
                                    const struct diagnosis *diagnosis, uint32_t stack);
struct judgement judge(const struct run *run, enum recording recording,
                       const struct profile *profile, const struct diagnosis *diagnosis);
/* Records a run in that way, and judges what is said to it. */
struct judgement judge_run(const struct run *run, enum recording recording);
/* The kind that a truth stands under: what was said if that is right, else the first that is. */
unsigned judgement_row(const struct truth *truth, unsigned said);
const char *judgement_kind_name(unsigned kind); /* "silent" too */

#endif
