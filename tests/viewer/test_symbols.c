/* test_symbols.c - stacks of traces, symbolised: marks, modules that are gone, inline frames. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_object.h"
#include "profiled.h"
#include "viewer/symbols.h"

enum { MODULE_SIZE = 0x100000 };

static struct trace_writer *begin(void) {
  struct trace_writer *writer = writer_new();
  writer_lane(writer);
  writer_thread(writer, 1, 0, 1, 100, "main");
  return writer;
}

static struct profiled end(struct trace_writer *writer) {
  writer_exit(writer, 1000, 0);
  return profiled_trace(writer);
}

Test(symbols, marks_of_the_recorder_become_named_frames) {
  struct trace_writer *writer = begin();
  writer_node(writer, 1, 1, 0, 0, TRACE_PC_TRUNCATED);
  writer_node(writer, 1, 2, 1, 0, 0xabc);
  writer_node(writer, 1, 3, 0, 0, TRACE_PC_INCOMPLETE);
  struct profiled profiled = end(writer);
  struct symbols *symbols = symbols_open(profiled.file);
  const struct frame *frames;
  cr_assert_eq(symbols_stack(symbols, 2, 0, &frames), 2);
  cr_assert_null(frames[0].function);
  cr_assert_eq(frames[0].address, 0xabc);
  cr_assert_str_eq(frames[0].module, "");
  cr_assert_str_eq(frames[1].function, "[truncated]");
  cr_assert_eq(symbols_stack(symbols, 3, 0, &frames), 1);
  cr_assert_str_eq(frames[0].function, "[incomplete]");
  symbols_close(symbols);
  profiled_free(&profiled);
}

Test(symbols, a_stack_that_is_not_in_the_file_has_no_frames) {
  struct profiled profiled = end(begin());
  struct symbols *symbols = symbols_open(profiled.file);
  const struct frame *frames;
  cr_assert_eq(symbols_stack(symbols, 0, 0, &frames), 0);
  cr_assert_eq(symbols_stack(symbols, 77, 0, &frames), 0);
  cr_assert_eq(symbols_node(symbols, 77, &frames), 0);
  symbols_close(symbols);
  profiled_free(&profiled);
}

Test(symbols, a_file_that_is_gone_gives_offsets_and_is_named_once_however_often_it_was_loaded) {
  struct trace_writer *writer = begin();
  writer_module(writer, 1, 0, 1, 0x100000, MODULE_SIZE, "ab", 2, "/nonexistent/plugin.so");
  writer_module(writer, 1, 0, 2, 0x900000, MODULE_SIZE, "ab", 2, "/nonexistent/plugin.so");
  writer_module(writer, 1, 0, 3, 0xa00000, MODULE_SIZE, NULL, 0, "[vdso]");
  writer_node(writer, 1, 1, 0, 1, 0x123);
  writer_node(writer, 1, 2, 1, 2, 0x456);
  writer_node(writer, 1, 3, 2, 3, 0x789);
  struct profiled profiled = end(writer);
  struct symbols *symbols = symbols_open(profiled.file);
  const struct frame *frames;
  cr_assert_eq(symbols_stack(symbols, 3, 0, &frames), 3);
  for (int i = 0; i < 3; i++)
    cr_assert_null(frames[i].function);
  cr_assert_eq(frames[0].offset, 0x789);
  cr_assert_eq(frames[1].offset, 0x456);
  cr_assert_eq(frames[1].address, 0x900456);
  cr_assert_str_eq(frames[2].module, "/nonexistent/plugin.so");
  const char *const *messages;
  cr_assert_eq(symbols_problems(symbols, &messages), 1);
  cr_assert(strstr(messages[0], "/nonexistent/plugin.so"), "%s", messages[0]);
  symbols_close(symbols);
  profiled_free(&profiled);
}

Test(symbols, one_node_becomes_as_many_frames_as_functions_were_inlined) {
  struct fixture_object object;
  if (!fixture_object_make(&object, "gcc", "-shared -fPIC -O2 -g -Wl,--build-id", ".c", fixture_c))
    cr_skip_test("gcc is not installed");
  struct trace_writer *writer = begin();
  const struct module *module = &object.module;
  uint64_t offset = object.pc - module->base;
  /* the trace was taken where the object lay elsewhere */
  writer_module(writer, 1, 0, 1, 0x5000000, MODULE_SIZE, module->build_id, module->build_id_bytes,
                object.path);
  writer_node(writer, 1, 1, 0, 0, 0xabc);
  writer_node(writer, 1, 2, 1, 1, offset);
  struct profiled profiled = end(writer);
  struct symbols *symbols = symbols_open(profiled.file);
  const struct frame *frames, *again;
  cr_assert_eq(symbols_stack(symbols, 2, 0, &frames), 4);
  static const char *const functions[] = {"innermost", "middle", "hidden"};
  for (int i = 0; i < 3; i++) {
    cr_assert_str_eq(frames[i].function, functions[i]);
    cr_assert_eq(frames[i].inlined, i < 2);
    cr_assert_eq(frames[i].address, 0x5000000 + offset);
    cr_assert_eq(frames[i].offset, offset);
    cr_assert_not(frames[i].library);
  }
  cr_assert_eq(symbols_stack(symbols, 2, 1, &again), 3, "a limit is one of nodes");
  cr_assert_eq(symbols_stack(symbols, 2, 0, &again), 4);
  cr_assert_eq(again, frames, "put together once");
  symbols_close(symbols);
  profiled_free(&profiled);
  fixture_object_remove(&object);
}

Test(symbols, nothing_is_downloaded_unless_it_is_allowed) {
  setenv("DEBUGINFOD_URLS", "http://localhost:1/", 1);
  struct profiled profiled = end(begin());
  struct symbols *symbols = symbols_open(profiled.file);
  cr_assert_null(getenv("DEBUGINFOD_URLS"));
  symbols_allow_debuginfod(symbols);
  cr_assert_str_eq(getenv("DEBUGINFOD_URLS"), "http://localhost:1/");
  symbols_close(symbols);
  profiled_free(&profiled);
}
