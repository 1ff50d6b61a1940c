/* profiled.h - a trace opened and profiled, for tests: aborts when either fails. */
#ifndef TESTS_PROFILED_H
#define TESTS_PROFILED_H

#include "trace_writer.h"
#include "viewer/trace_file.h"

struct profiled {
  struct trace_writer *writer;
  struct trace_file *file;
  struct profile *profile;
  const struct run_info *info;
};

/* Finishes the writer's trace and reads it. The writer is freed by profiled_free(). */
struct profiled profiled_trace(struct trace_writer *writer);
/* The same, the program having exited at that time. */
struct profiled profiled_end(struct trace_writer *writer, uint64_t ticks);
/* Reads it as it is, damage and all. */
struct profiled profiled_as_is(struct trace_writer *writer);
void profiled_free(struct profiled *profiled);
/* The site of a birth stack; aborts when there is none. */
const struct site *profiled_site(const struct profiled *profiled, uint32_t stack);

/* Fail the test when it is not so: the figure; that the trace is complete and its figures agree. */
void assert_figure(struct figure figure, uint64_t blocks, uint64_t bytes);
void assert_sound(const struct profiled *profiled);

#endif
