/* Modules that come and go, and the C++ runtime that comes with one. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static const struct module *module_named(const struct recording *recording, const char *path,
                                         size_t *count) {
  const struct module *found = NULL;
  *count = 0;
  for (uint32_t id = 1; id <= trace_file_module_count(recording->file); id++) {
    const struct module *module = trace_file_module(recording->file, id);
    if (!module || !module->path || strcmp(module->path, path) != 0) continue;
    found = module;
    ++*count;
  }
  return found;
}

Test(modules, that_were_unloaded_are_listed_and_symbolised) {
  const char *one = built("tests/plugins/plugin_one.so");
  const char *two = built("tests/plugins/plugin_two.so");
  struct trial *trial = TRIAL(.program = "dlopens", .arguments = {one, two});
  struct recording *recording = recording_only(trial);
  const char *paths[] = {one, two};
  for (size_t i = 0; i < 2; i++) {
    size_t count;
    const struct module *module = module_named(recording, paths[i], &count);
    cr_assert_eq(count, 1, "%s is listed %zu times", paths[i], count);
    cr_assert_eq(module->build_id_bytes, 20);
    cr_assert_neq(module->gone_ns, UINT64_MAX);
    cr_assert_gt(module->gone_ns, module->loaded_ns);
  }
  struct tally kept = recording_tally(recording, 16033), freed = recording_tally(recording, 16057);
  cr_assert_eq(kept.sites, 2);
  cr_assert_eq(kept.at_end, 2);
  cr_assert_eq(freed.sites, 2);
  cr_assert_eq(freed.deaths, 2);
  size_t by_two = 0;
  for (size_t i = 0; i < recording->profile->site_count; i++) {
    const struct site *site = &recording->profile->sites[i];
    if (site->total.bytes != 16033 && site->total.bytes != 16057) continue;
    cr_assert(recording_stack_has(recording, site->stack, "plugin_make"));
    cr_assert(recording_stack_has(recording, site->stack, "main"));
    by_two += recording_stack_has(recording, site->stack, "make_for_two");
  }
  cr_assert_eq(by_two, 2);
  recording_free(recording);
  trial_free(trial);
}

Test(modules, a_throwing_plugin_of_a_C_program_gets_the_system_unwinder) {
  struct trial *trial = TRIAL(.program = "dlopens_throwing",
                              .arguments = {built("tests/plugins/plugin_throwing.so")});
  cr_assert_str_eq(trial->out, "_Unwind_RaiseException in libgcc_s.so.1\nglobal: no\n");
  trial_free(trial);
}

Test(modules, all_of_the_process_are_listed_with_build_ids) {
  struct trial *trial = TRIAL(.program = "basics");
  struct recording *recording = recording_only(trial);
  bool libc = false, program = false;
  for (uint32_t id = 1; id <= trace_file_module_count(recording->file); id++) {
    const struct module *module = trace_file_module(recording->file, id);
    if (!module) continue;
    if (strstr(module->path, "/libc.so.6")) libc = module->build_id_bytes > 0;
    if (strcmp(module->path, built("tests/programs/basics")) == 0)
      program = module->build_id_bytes > 0;
  }
  cr_assert(libc);
  cr_assert(program);
  cr_assert_str_eq(recording->info->executable, built("tests/programs/basics"));
  cr_assert_str_eq(recording->info->directory, trial->directory);
  recording_free(recording);
  trial_free(trial);
}

Test(modules, that_come_and_go_beside_allocating_threads) {
  const char *one = built("tests/plugins/plugin_one.so");
  const char *two = built("tests/plugins/plugin_two.so");
  struct trial *trial = TRIAL(.program = "dlopen_loop", .arguments = {one, two, "1000"},
                              .variables = {"DWELL_EXACT=1"});
  struct recording *recording = recording_only(trial);
  size_t ones, twos;
  const struct module *first = module_named(recording, one, &ones);
  const struct module *second = module_named(recording, two, &twos);
  cr_assert_eq(ones, 500);
  cr_assert_eq(twos, 500);
  uint64_t made = 0, by_two = 0;
  for (size_t i = 0; i < recording->profile->site_count; i++) {
    const struct site *site = &recording->profile->sites[i];
    if (site->total.bytes != site->births * 16091) continue;
    made += site->births;
    cr_assert(recording_stack_has(recording, site->stack, "plugin_make"));
    if (recording_stack_has(recording, site->stack, "make_for_two")) by_two += site->births;
  }
  cr_assert_eq(made, 1000);
  cr_assert_eq(by_two, 500);
  cr_assert(first && second);
  recording_free(recording);
  trial_free(trial);
}

Test(modules, that_libc_itself_unloads_leave_nothing_to_the_next_at_their_place) {
  char path[PATH_MAX + 16];
  snprintf(path, sizeof(path), "GCONV_PATH=%s", built("tests/plugins"));
  struct trial *trial = TRIAL(.program = "converts", .variables = {path, "DWELL_EXACT=1"});
  struct recording *recording = recording_only(trial);
  size_t ones, twos;
  const struct module *one = module_named(recording, built("tests/plugins/gconv_one.so"), &ones);
  const struct module *two = module_named(recording, built("tests/plugins/gconv_two.so"), &twos);
  cr_assert(one && two);
  cr_assert_eq(ones, 1);
  cr_assert_eq(twos, 1);
  cr_assert_eq(one->start, two->start, "not at the same place: the test shows nothing");
  cr_assert_neq(one->gone_ns, UINT64_MAX);
  cr_assert_leq(one->gone_ns, two->loaded_ns);
  size_t by_one = 0, by_two = 0;
  for (size_t i = 0; i < recording->profile->site_count; i++) {
    const struct site *site = &recording->profile->sites[i];
    if (site->total.bytes != 16103) continue;
    by_one += recording_stack_has(recording, site->stack, "made_by_one");
    by_two += recording_stack_has(recording, site->stack, "made_by_two");
  }
  cr_assert_eq(by_one, 1);
  cr_assert_eq(by_two, 1);
  recording_free(recording);
  trial_free(trial);
}
