/* The parts of `dwell run` that need no program: templates, samples, end record, ELF inspection. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <isa-l/crc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "viewer/end_record.h"
#include "viewer/recordable.h"
#include "viewer/recording_options.h"
#include "viewer/rss.h"
#include "viewer/trace_template.h"

static int temporary_file(char path[32]) {
  strcpy(path, "/tmp/dwell-parts-XXXXXX");
  int fd = mkstemp(path);
  cr_assert(fd >= 0);
  return fd;
}

Test(trace_template, a_pattern_matches_every_name_that_may_come_of_it) {
  char *pattern = trace_template_pattern("/a[b]/%c.100%%.%p-%h?.dwl");
  cr_assert_str_eq(pattern, "/a\\[b]/*.100%.*-*\\?.dwl*");
  free(pattern);
}

Test(trace_template, a_directory_is_known_unless_the_template_varies_it) {
  char *directory = trace_template_directory("/a/b%%c/%p.dwl");
  cr_assert_str_eq(directory, "/a/b%c");
  free(directory);
  directory = trace_template_directory("/%p.dwl");
  cr_assert_str_eq(directory, "/");
  free(directory);
  cr_assert_null(trace_template_directory("/a/%h/%p.dwl"));
}

Test(trace_template, an_exact_name_has_its_percents_doubled) {
  char *literal = trace_template_literal("/x/100%p");
  cr_assert_str_eq(literal, "/x/100%%p");
  cr_assert(trace_template_valid(literal));
  free(literal);
}

Test(trace_template, only_p_c_h_and_percent_may_follow_a_percent) {
  cr_assert(trace_template_valid("%p%c%h%%"));
  cr_assert_not(trace_template_valid("a%x"));
  cr_assert_not(trace_template_valid("a%"));
  cr_assert_not(trace_template_valid("%%%"));
}

Test(rss, samples_span_the_run_when_there_are_more_than_fit) {
  enum { OFFERED = 3 * TRACE_RSS_SAMPLES + 5 };
  static struct trace_rss samples[TRACE_RSS_SAMPLES];
  char path[32];
  int fd = temporary_file(path);
  struct rss rss = {0};
  for (uint64_t i = 1; i <= OFFERED; i++)
    cr_assert_eq(rss_add(&rss, fd, i, i == 1000 ? 999999 : 10 * i), 0);
  cr_assert_eq(rss.max_bytes, 999999);
  cr_assert_eq(pread(fd, samples, sizeof(samples), TRACE_RSS_OFFSET), (ssize_t)sizeof(samples));
  /* halved twice: every fourth is left, from the first, and nothing after them */
  cr_assert_eq(rss.count, (OFFERED + 3) / 4);
  for (size_t i = 0; i < TRACE_RSS_SAMPLES; i++)
    cr_assert_eq(samples[i].monotonic_ns, i < rss.count ? 4 * i + 1 : 0, "sample %zu", i);
  rss_free(&rss);
  close(fd);
  unlink(path);
}

Test(end_record, is_checked_by_crc32c_with_the_field_itself_zero) {
  char path[32];
  int fd = temporary_file(path);
  struct trace_end end = {.kind = TRACE_END_SIGNAL, .status = 9, .end_crc = 77}, read;
  cr_assert_eq(end_record_write(fd, &end), 0);
  cr_assert_eq(pread(fd, &read, sizeof(read), TRACE_END_OFFSET), (ssize_t)sizeof(read));
  uint32_t crc = read.end_crc;
  read.end_crc = 0;
  cr_assert_eq(read.status, 9);
  cr_assert_eq(crc, ~crc32_iscsi((unsigned char *)&read, sizeof(read), 0xffffffffu));
  close(fd);
  unlink(path);
}

/* A copy of /bin/true with `count` bytes at `offset` replaced. */
static void patched_copy(char path[32], long offset, const void *bytes, size_t count) {
  char block[4096];
  int fd = temporary_file(path), from = open("/bin/true", O_RDONLY | O_CLOEXEC);
  for (ssize_t got; (got = read(from, block, sizeof(block))) > 0;)
    cr_assert_eq(write(fd, block, (size_t)got), got);
  cr_assert_eq(pwrite(fd, bytes, count, offset), (ssize_t)count);
  close(from);
  close(fd);
}

/* Where the interpreter's name is in /bin/true. */
static long interpreter_offset(void) {
  static char start[65536];
  FILE *file = fopen("/bin/true", "re");
  cr_assert(file);
  size_t count = fread(start, 1, sizeof(start), file);
  fclose(file);
  const char *name = memmem(start, count, "/lib64/ld-linux", 15);
  if (!name) cr_skip_test("/bin/true has another dynamic linker");
  return (long)(name - start);
}

static enum recordable_kind kind_of(const char *path) {
  struct recordable recordable;
  recordable_inspect(path, "/bin/true", &recordable);
  cr_assert_eq(recordable.message[0] == 0, recordable.kind == RECORDABLE_YES);
  return recordable.kind;
}

Test(recordable, an_ordinary_program_is) {
  cr_assert_eq(kind_of("/bin/true"), RECORDABLE_YES);
}

Test(recordable, a_program_of_another_architecture_is_not) {
  char path[32];
  patched_copy(path, 18, "\xf3\x00", 2); /* e_machine: RISC-V */
  cr_assert_eq(kind_of(path), RECORDABLE_MACHINE);
  unlink(path);
}

Test(recordable, a_program_of_another_libc_is_not) {
  char path[32];
  patched_copy(path, interpreter_offset(), "/bin/true", 10); /* exists, and is not ld-linux */
  cr_assert_eq(kind_of(path), RECORDABLE_LIBC);
  unlink(path);
}

Test(recordable, a_program_without_its_dynamic_linker_is_not) {
  char path[32];
  patched_copy(path, interpreter_offset(), "/no/linker", 11);
  cr_assert_eq(kind_of(path), RECORDABLE_MISSING);
  unlink(path);
}

Test(recordable, a_cut_file_is_foreign_or_judged_by_what_is_left) {
  char path[32];
  long interpreter = interpreter_offset();
  for (long length = 0; length < 2048; length += 61) {
    patched_copy(path, 0, "\177ELF", 4);
    cr_assert_eq(truncate(path, length), 0);
    enum recordable_kind kind = kind_of(path);
    if (length < 64) cr_assert_eq(kind, RECORDABLE_FOREIGN, "cut to %ld", length);
    if (length >= 64 && length <= interpreter)
      cr_assert_eq(kind, RECORDABLE_STATIC, "cut to %ld: %d", length, (int)kind);
    unlink(path);
  }
}

Test(recording_options, quantities_have_a_unit_that_the_recorder_knows) {
  static const char *const sizes[] = {"512KiB", "512K", "1MiB",  "3M",
                                      "2GiB",   "1G",   "4096B", "9999"};
  static const char *const not_sizes[] = {
      "", "KiB", "1.5MiB", "-1K", "512kb", "1 KiB", "2TiB", "+3", "99999999999999999999K"};
  for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
    cr_assert_null(recording_options_sample_wrong(sizes[i]), "%s", sizes[i]);
  for (size_t i = 0; i < sizeof(not_sizes) / sizeof(*not_sizes); i++) {
    cr_assert_not_null(recording_options_sample_wrong(not_sizes[i]), "%s", not_sizes[i]);
    cr_assert_not_null(recording_options_max_size_wrong(not_sizes[i]), "%s", not_sizes[i]);
  }
  cr_assert_not_null(recording_options_sample_wrong("0"));
  cr_assert_not_null(recording_options_max_size_wrong("1023KiB"));
  cr_assert_null(recording_options_max_size_wrong("1MiB"));
  static const char *const folds[] = {"1ms", "500us", "1s", "0ns", "999999ns,4KiB", "1ms,1MiB"};
  static const char *const not_folds[] = {"", "1", "2s", "1ms,", "1ms,2MiB", ",4KiB", "1ms 4KiB"};
  for (size_t i = 0; i < sizeof(folds) / sizeof(*folds); i++)
    cr_assert_null(recording_options_fold_wrong(folds[i]), "%s", folds[i]);
  for (size_t i = 0; i < sizeof(not_folds) / sizeof(*not_folds); i++)
    cr_assert_not_null(recording_options_fold_wrong(not_folds[i]), "%s", not_folds[i]);
}

/* The variable as it would be set; NULL: as the environment has it. */
static const char *variable(const struct recording_options *options, const char *name) {
  struct recording_variable variables[RECORDING_VARIABLES_MAX];
  size_t count = recording_options_variables(options, variables);
  cr_assert_leq(count, RECORDING_VARIABLES_MAX);
  for (size_t i = 0; i < count; i++)
    if (strcmp(variables[i].name, name) == 0) return variables[i].value;
  return NULL;
}

Test(recording_options, what_is_given_counts_whatever_the_environment_has) {
  struct recording_options exact = {.exact = true}, none = {0};
  struct recording_options sample = {.sample = "1MiB", .max_size = "8MiB"}, fold = {.fold = "2ms"};
  cr_assert_str_eq(variable(&exact, "DWELL_EXACT"), "1");
  cr_assert_str_eq(variable(&exact, "DWELL_SAMPLE"), "");
  cr_assert_null(variable(&exact, "DWELL_FOLD"));
  cr_assert_str_eq(variable(&sample, "DWELL_EXACT"), "0");
  cr_assert_str_eq(variable(&sample, "DWELL_SAMPLE"), "1MiB");
  cr_assert_str_eq(variable(&sample, "DWELL_MAX_SIZE"), "8MiB");
  cr_assert_str_eq(variable(&fold, "DWELL_FOLD"), "2ms");
  cr_assert_str_eq(variable(&fold, "DWELL_SAMPLE"), "");
  cr_assert_null(variable(&none, "DWELL_EXACT"));
}

Test(recording_options, what_excludes_each_other_is_refused) {
  cr_assert_null(recording_options_conflict(&(struct recording_options){.exact = true}));
  cr_assert_not_null(
      recording_options_conflict(&(struct recording_options){.exact = true, .sample = "1K"}));
  cr_assert_not_null(
      recording_options_conflict(&(struct recording_options){.exact = true, .fold = "1ms"}));
  cr_assert_not_null(
      recording_options_conflict(&(struct recording_options){.sample = "1K", .fold = "1ms"}));
}
