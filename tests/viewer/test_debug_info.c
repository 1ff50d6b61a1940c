/* test_debug_info.c - symbols of real shared objects, by every compiler that is there. */
#include <criterion/criterion.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_object.h"
#include "viewer/debug_info.h"

static const char gcc_flags[] = "-shared -fPIC -O2 -g -Wl,--build-id";
static const char plain_flags[] = "-shared -fPIC -O2 -Wl,--build-id";

struct look_up {
  int error;
  char *problem;
  struct debug_info *info;
  struct debug_frame frames[DEBUG_FRAMES_MAX];
  size_t count;
};

static struct look_up look_up_as(const struct fixture_object *object, const struct module *module,
                                 uint64_t recorded_ns) {
  struct look_up result = {0};
  result.error = debug_info_open(module, recorded_ns, &result.info, &result.problem);
  if (!result.error)
    result.count = debug_info_frames(result.info, object->pc - module->base, result.frames);
  return result;
}

static struct look_up look_up(const struct fixture_object *object) {
  return look_up_as(object, &object->module, UINT64_MAX);
}

static void finish(struct look_up *result, struct fixture_object *object) {
  debug_info_close(result->info);
  free(result->problem);
  fixture_object_remove(object);
}

static void assert_frame(const struct debug_frame *frame, const char *function, const char *file,
                         int line, bool inlined) {
  cr_assert_str_eq(frame->function, function);
  cr_assert(frame->file, "no file for %s", function);
  const char *slash = strrchr(frame->file, '/');
  cr_assert_str_eq(slash ? slash + 1 : frame->file, file);
  cr_assert_eq(frame->line, line, "%s: line %d", function, frame->line);
  cr_assert_eq(frame->inlined, inlined, "%s", function);
}

static void assert_c_frames(const struct look_up *result) {
  cr_assert_eq(result->error, 0, "%s", result->problem);
  cr_assert_eq(result->count, 3, "%zu frames, the first %s %s:%d", result->count,
               result->frames[0].function, result->frames[0].file, result->frames[0].line);
  assert_frame(&result->frames[0], "innermost", "fixture.c", 3, true);
  assert_frame(&result->frames[1], "middle", "fixture.c", 7, true);
  assert_frame(&result->frames[2], "hidden", "fixture.c", 10, false);
}

static void inline_frames_are_expanded(const char *compiler, const char *flags) {
  struct fixture_object object;
  if (!fixture_object_make(&object, compiler, flags, ".c", fixture_c))
    cr_skip_test("%s is not installed", compiler);
  struct look_up result = look_up(&object);
  assert_c_frames(&result);
  finish(&result, &object);
}

Test(debug_info, inline_frames_of_gcc_code_are_expanded) {
  inline_frames_are_expanded("gcc", gcc_flags);
}

Test(debug_info, inline_frames_of_gcc_code_with_dwarf_4_are_expanded) {
  inline_frames_are_expanded("gcc",
                             "-gdwarf-4 -fno-toplevel-reorder -shared -fPIC -O2 -Wl,--build-id");
}

Test(debug_info, inline_frames_of_clang_code_are_expanded_although_it_has_no_aranges) {
  inline_frames_are_expanded("clang", gcc_flags);
}

Test(debug_info, functions_of_classes_and_namespaces_are_demangled) {
  struct fixture_object object;
  if (!fixture_object_make(&object, "g++", gcc_flags, ".cc", fixture_cc))
    cr_skip_test("g++ is not installed");
  struct look_up result = look_up(&object);
  cr_assert_eq(result.count, 2);
  assert_frame(&result.frames[0], "story::queue<void (*)()>::push", "fixture.cc", 4, true);
  assert_frame(&result.frames[1], "story::send", "fixture.cc", 7, false);
  finish(&result, &object);
}

Test(debug_info, a_function_without_a_linkage_name_is_named_by_what_encloses_it) {
  struct fixture_object object;
  if (!fixture_object_make(&object, "g++", gcc_flags, ".cc", fixture_lambda))
    cr_skip_test("g++ is not installed");
  struct look_up result = look_up(&object);
  cr_assert_eq(result.count, 2);
  assert_frame(&result.frames[0], "outer::{lambda}::operator()", "fixture.cc", 4, true);
  assert_frame(&result.frames[1], "outer", "fixture.cc", 5, false);
  finish(&result, &object);
}

static void rust_names_are_demangled(const char *flags, const char *method) {
  struct fixture_object object;
  if (!fixture_object_make(&object, "rustc", flags, ".rs", fixture_rust))
    cr_skip_test("rustc is not installed");
  struct look_up result = look_up(&object);
  cr_assert_eq(result.count, 2);
  assert_frame(&result.frames[0], method, "fixture.rs", 5, true);
  assert_frame(&result.frames[1], "fixture::story::send", "fixture.rs", 9, false);
  finish(&result, &object);
}

Test(debug_info, inline_frames_of_rust_code_with_v0_names_are_expanded) {
  rust_names_are_demangled("--crate-type cdylib -C opt-level=2 -g -C symbol-mangling-version=v0",
                           "<fixture::story::Queue>::push");
}

Test(debug_info, inline_frames_of_rust_code_with_default_names_are_expanded) {
  rust_names_are_demangled("--crate-type cdylib -C opt-level=2 -g", "fixture::story::Queue::push");
}

Test(debug_info, code_without_debug_information_still_has_its_exported_functions) {
  struct fixture_object object;
  if (!fixture_object_make(&object, "gcc", plain_flags, ".c", fixture_c))
    cr_skip_test("gcc is not installed");
  struct look_up result = look_up(&object);
  cr_assert_eq(result.count, 1);
  cr_assert_str_eq(result.frames[0].function, "hidden"); /* .symtab is there */
  cr_assert_null(result.frames[0].file);
  debug_info_close(result.info);

  fixture_object_shell(&object, "strip $OBJECT");
  result = look_up(&object);
  cr_assert_eq(result.error, 0);
  cr_assert_eq(result.count, 0, "hidden() has no symbol any more, and outer() ends before it: %s",
               result.count ? result.frames[0].function : "");
  finish(&result, &object);
}

#ifdef __x86_64__
Test(debug_info, a_function_of_unknown_size_ends_where_the_next_begins) {
  static const char source[] =
      "__asm__(\".text; .globl outer; outer: sub $8,%rsp; call *%rdi; add $8,%rsp; ret\\n\"\n"
      "        \".globl after; .type after,@function; after: ret; .size after,1\");\n";
  struct fixture_object object;
  if (!fixture_object_make(&object, "gcc", plain_flags, ".c", source))
    cr_skip_test("gcc is not installed");
  struct look_up result = look_up(&object);
  cr_assert_eq(result.count, 1);
  cr_assert_str_eq(result.frames[0].function, "outer");
  struct debug_frame frames[DEBUG_FRAMES_MAX];
  cr_assert_eq(debug_info_frames(result.info, object.pc - object.module.base + 0x10000, frames), 0,
               "behind the last function there is none");
  finish(&result, &object);
}
#endif

Test(debug_info, a_separate_debug_file_is_found_by_its_link) {
  struct fixture_object object;
  if (!fixture_object_make(&object, "gcc", gcc_flags, ".c", fixture_c))
    cr_skip_test("gcc is not installed");
  fixture_object_shell(&object,
                       "mkdir .debug && objcopy --only-keep-debug $OBJECT .debug/$OBJECT.debug && "
                       "strip $OBJECT && objcopy --add-gnu-debuglink=.debug/$OBJECT.debug $OBJECT");
  struct look_up result = look_up(&object);
  assert_c_frames(&result);
  finish(&result, &object);
}

Test(debug_info, another_build_of_the_file_is_refused_with_the_reason) {
  struct fixture_object object;
  if (!fixture_object_make(&object, "gcc", gcc_flags, ".c", fixture_c))
    cr_skip_test("gcc is not installed");
  object.build_id[0] ^= 1;
  struct look_up result = look_up(&object);
  cr_assert_eq(result.error, -ESTALE);
  cr_assert(strstr(result.problem, "build id differs"), "%s", result.problem);
  cr_assert(strstr(result.problem, object.path), "%s", result.problem);
  finish(&result, &object);
}

Test(debug_info, a_file_without_build_id_is_taken_only_when_it_is_older_than_the_recording) {
  struct fixture_object object;
  if (!fixture_object_make(&object, "gcc", "-shared -fPIC -O2 -g -Wl,--build-id=none", ".c",
                           fixture_c))
    cr_skip_test("gcc is not installed");
  struct look_up result = look_up(&object);
  assert_c_frames(&result);
  debug_info_close(result.info);
  result = look_up_as(&object, &object.module, 1);
  cr_assert_eq(result.error, -ESTALE);
  cr_assert(strstr(result.problem, "changed after the recording"), "%s", result.problem);
  finish(&result, &object);
}

Test(debug_info, a_file_that_was_replaced_by_the_same_build_is_found_without_its_deleted_mark) {
  struct fixture_object object;
  if (!fixture_object_make(&object, "gcc", gcc_flags, ".c", fixture_c))
    cr_skip_test("gcc is not installed");
  char marked[160];
  snprintf(marked, sizeof marked, "%s (deleted)", object.path);
  object.module.path = marked;
  struct look_up result = look_up(&object);
  assert_c_frames(&result);
  finish(&result, &object);
}

Test(debug_info, a_file_that_is_gone_or_no_elf_is_a_problem_with_a_remedy) {
  struct fixture_object object;
  if (!fixture_object_make(&object, "gcc", gcc_flags, ".c", fixture_c))
    cr_skip_test("gcc is not installed");
  fixture_object_shell(&object, "echo text > $OBJECT");
  struct look_up result = look_up(&object);
  cr_assert_eq(result.error, -ENOEXEC);
  free(result.problem);
  fixture_object_shell(&object, "rm $OBJECT");
  result = look_up(&object);
  cr_assert_eq(result.error, -ENOENT);
  cr_assert(strstr(result.problem, "debug file below"), "%s", result.problem);
  finish(&result, &object);
}

Test(debug_info, a_program_linked_to_a_fixed_address_is_looked_up_there) {
  struct fixture_object object;
  if (!fixture_object_make(&object, "gcc", gcc_flags, ".c", fixture_c))
    cr_skip_test("gcc is not installed");
  fixture_object_shell(
      &object, "printf '%s\\n' '#include <stdio.h>' 'void outer(void (*)(void));' "
               "'static void show(void) { printf(\"%p\\n\", __builtin_return_address(0)); }' "
               "'int main(void) { outer(show); return 0; }' > main.c && "
               "gcc -no-pie -O2 -g -o program fixture.c main.c && ./program > pc");
  char path[128];
  snprintf(path, sizeof path, "%s/pc", object.directory);
  FILE *file = fopen(path, "r");
  void *pc;
  cr_assert(file && fscanf(file, "%p", &pc) == 1);
  fclose(file);
  object.pc = (uint64_t)(uintptr_t)pc;
  snprintf(path, sizeof path, "%s/program", object.directory);
  struct module module = {.path = path, .base = 0};
  struct look_up result = look_up_as(&object, &module, UINT64_MAX);
  assert_c_frames(&result);
  finish(&result, &object);
}
