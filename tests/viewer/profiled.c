/* profiled.c - the whole way from a trace that a test has written to its figures. */
#include "profiled.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct profiled profiled_as_is(struct trace_writer *writer) {
  struct profiled profiled = {.writer = writer};
  char message[512];
  if (trace_file_open(writer_path(writer), &profiled.file, message) != 0 ||
      trace_file_profile(profiled.file, &profiled.profile, NULL, NULL, NULL) != 0) {
    fprintf(stderr, "profiled: %s\n", message);
    abort();
  }
  profiled.info = trace_file_info(profiled.file);
  return profiled;
}

struct profiled profiled_trace(struct trace_writer *writer) {
  writer_finish(writer);
  return profiled_as_is(writer);
}

struct profiled profiled_end(struct trace_writer *writer, uint64_t ticks) {
  writer_exit(writer, ticks, 0);
  return profiled_trace(writer);
}

void profiled_free(struct profiled *profiled) {
  profile_free(profiled->profile);
  trace_file_close(profiled->file);
  writer_free(profiled->writer);
}

const struct site *profiled_site(const struct profiled *profiled, uint32_t stack) {
  size_t index = profile_find_site(profiled->profile, stack);
  if (index == SIZE_MAX) {
    fprintf(stderr, "profiled: no site %u\n", stack);
    abort();
  }
  return &profiled->profile->sites[index];
}

void assert_figure(struct figure figure, uint64_t blocks, uint64_t bytes) {
  cr_assert_eq(figure.blocks, blocks, "%lu blocks", figure.blocks);
  cr_assert_eq(figure.bytes, bytes, "%lu bytes", figure.bytes);
}

void assert_sound(const struct profiled *profiled) {
  cr_assert(profiled->profile->check.agree);
  cr_assert(profiled->info->complete);
  cr_assert_eq(profiled->info->missing.bad_folds, 0);
}
