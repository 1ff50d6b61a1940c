/* run_report.h - what `dwell run` says when the program has ended: which traces there are and what
 * they hold, or why there are none. All of it goes to `out` (stderr: the program's own output must
 * stay as it is).
 */
#ifndef DWELL_RUN_REPORT_H
#define DWELL_RUN_REPORT_H

#include <stdio.h>

#include "recordable.h"
#include "session.h"

/* One line for each trace: whose it is and where. */
void run_report_places(const struct session *session, FILE *out);
/* The summary of the trace that held most, then a line for each other, most held first. */
void run_report_summary(const struct session *session, FILE *out);
/* Why no trace appeared. */
void run_report_nothing(const struct session *session, const struct recordable *program, FILE *out);

#endif
