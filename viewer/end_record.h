/* end_record.h - the word of `dwell run` on how a recorded process ended (struct trace_end). */
#ifndef DWELL_END_RECORD_H
#define DWELL_END_RECORD_H

#include "../shim/trace.h"

/* Completes the checksum and writes the record to the trace open at `fd`, in one write.
 * Returns 0 or -errno. */
int end_record_write(int fd, struct trace_end *end);

#endif
