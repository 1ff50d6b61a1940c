/* test_trace_file.c - what a trace says of its run; what is said of files that are none. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "profiled.h"
#include "viewer/moment.h"
#include "viewer/process.h"
#include "viewer/slots.h"

static struct trace_writer *one_block(void) {
  struct trace_writer *writer = writer_new();
  writer_lane(writer);
  writer_node(writer, 1, 1, 0, 0, 0x1234);
  writer_birth(writer, 1, 1000, 0xa000, 64, 1);
  return writer;
}

/* ---- the run ---------------------------------------------------------------------------- */

Test(trace_file, the_head_is_told) {
  struct profiled profiled = profiled_trace(one_block());
  const struct run_info *info = profiled.info;
  cr_assert_str_eq(info->executable, "/usr/bin/test");
  cr_assert_str_eq(info->program, "test");
  cr_assert_str_eq(info->directory, "/home/test");
  cr_assert_str_eq(info->host, "testhost");
  cr_assert_str_eq(info->parent_trace, "");
  cr_assert_eq(info->argc, 2);
  cr_assert_str_eq(info->argv[0], "test");
  cr_assert_str_eq(info->argv[1], "--flag");
  cr_assert_eq(info->pid, 4242);
  cr_assert(info->exact);
  cr_assert_not(info->forked);
  profiled_free(&profiled);
}

Test(trace_file, an_exit_is_the_end) {
  struct trace_writer *writer = one_block();
  writer_exit(writer, 7000, 3);
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.info->ending, RUN_ENDED_EXIT);
  cr_assert_eq(profiled.info->status, 3);
  cr_assert_eq(profiled.info->duration_ns, 7000);
  cr_assert_not(profiled.info->duration_at_least);
  cr_assert(profiled.info->complete);
  profiled_free(&profiled);
}

Test(trace_file, without_an_end_the_run_lasts_at_least_to_the_last_event) {
  struct trace_writer *writer = one_block();
  writer_seal(writer, 1);
  writer_death(writer, 1, 3000, 0xa000, 1);
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.info->ending, RUN_ENDED_UNKNOWN);
  cr_assert_eq(profiled.info->status, -1);
  cr_assert_eq(profiled.info->duration_ns, 3000);
  cr_assert(profiled.info->duration_at_least);
  cr_assert_not(profiled.info->complete);
  profiled_free(&profiled);
}

Test(trace_file, a_killed_idle_run_ends_when_dwell_saw_it_end) {
  struct trace_writer *writer = one_block();
  writer_end(writer, (struct trace_end){.kind = TRACE_END_SIGNAL,
                                        .status = 9,
                                        .end_monotonic_ns = WRITER_START_TICKS + 50000,
                                        .max_rss_bytes = 12345});
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.info->ending, RUN_ENDED_SIGNAL);
  cr_assert_eq(profiled.info->status, 9);
  cr_assert_eq(profiled.info->duration_ns, 50000);
  cr_assert_eq(profiled.info->max_rss_bytes, 12345);
  cr_assert(profiled.info->complete);
  profiled_free(&profiled);
}

Test(trace_file, exec_ends_the_run_whatever_became_of_the_next_program) {
  struct trace_writer *writer = one_block();
  writer_exit(writer, 7000, -1);
  writer_control(writer)->ending = TRACE_EXECED;
  writer_end(writer, (struct trace_end){.kind = TRACE_END_EXIT,
                                        .status = 1,
                                        .end_monotonic_ns = WRITER_START_TICKS + 50000});
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.info->ending, RUN_ENDED_EXEC);
  cr_assert_eq(profiled.info->status, -1);
  cr_assert_eq(profiled.info->duration_ns, 7000);
  profiled_free(&profiled);
}

Test(trace_file, a_damaged_end_record_is_not_believed) {
  struct trace_writer *writer = one_block();
  writer_end(writer, (struct trace_end){.kind = TRACE_END_EXIT,
                                        .end_monotonic_ns = WRITER_START_TICKS + 50000});
  writer_finish(writer);
  writer_flip(writer, TRACE_END_OFFSET + offsetof(struct trace_end, end_monotonic_ns) + 5, 1);
  struct profiled profiled = profiled_as_is(writer);
  cr_assert_eq(profiled.info->ending, RUN_ENDED_UNKNOWN);
  cr_assert_eq(profiled.info->duration_ns, 1000);
  cr_assert_eq(profiled.info->missing.bad_slots, 1);
  profiled_free(&profiled);
}

Test(trace_file, the_rss_at_the_peak_is_the_nearest_sample) {
  struct trace_writer *writer = one_block();
  writer_rss(writer, 100, 1 << 20);
  writer_rss(writer, 900, 2 << 20);
  writer_rss(writer, 1200, 3 << 20);
  writer_rss(writer, 5000, 4 << 20);
  writer_exit(writer, 7000, 0);
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.info->rss_samples, 4);
  cr_assert_eq(profiled.info->rss_at_peak_bytes, 2 << 20);
  cr_assert_eq(profiled.info->max_rss_bytes, 4 << 20);
  profiled_free(&profiled);
}

static struct trace_writer *by_tsc(void) {
  struct trace_writer *writer = writer_new();
  writer_head(writer)->clock = TRACE_CLOCK_TSC;
  writer_lane(writer);
  writer_birth(writer, 1, 3000, 0xa000, 64, 0);
  writer_death(writer, 1, 6000, 0xa000, 0);
  writer_exit(writer, 9000, 0);
  return writer;
}

Test(trace_file, ticks_become_nanoseconds_by_the_calibration) {
  struct trace_writer *writer = by_tsc();
  writer_control(writer)->calibration = 1;
  writer_control(writer)->calibration_ticks[1] = WRITER_START_TICKS + 3000;
  writer_control(writer)->calibration_monotonic_ns[1] = WRITER_START_TICKS + 1000;
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.info->duration_ns, 3000);
  cr_assert_eq(profiled.profile->peak_time_ns, 1000);
  cr_assert_float_eq(profiled.profile->held_byte_seconds, 64 * 1000e-9, 1e-15);
  cr_assert_eq(profiled.info->missing.calibration, 0);
  profiled_free(&profiled);
}

Test(trace_file, without_a_second_pair_times_are_a_guess_and_said_to_be) {
  struct profiled profiled = profiled_trace(by_tsc());
  cr_assert_eq(profiled.info->missing.calibration, 1);
  cr_assert_not(profiled.info->complete);
  cr_assert_eq(profiled.info->duration_ns, 4500);
  profiled_free(&profiled);
}

Test(trace_file, modules_come_and_go_and_give_pcs_their_base) {
  struct trace_writer *writer = writer_new();
  uint8_t build_id[20] = {0xab, 0xcd};
  writer_lane(writer);
  writer_node(writer, 1, 1, 0, 2, 0x10); /* before its module in the file */
  writer_node(writer, 1, 2, 1, 1, 0x20);
  writer_node(writer, 1, 3, 2, 0, TRACE_PC_INCOMPLETE);
  writer_module(writer, 1, 100, 1, 0x400000, 0x1000, build_id, sizeof(build_id), "/bin/test");
  writer_module(writer, 1, 200, 2, 0x7f0000000000, 0x2000, NULL, 0, "/lib/plugin.so");
  writer_module_gone(writer, 1, 900, 2);
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(trace_file_module_count(profiled.file), 2);
  const struct module *first = trace_file_module(profiled.file, 1),
                      *second = trace_file_module(profiled.file, 2);
  cr_assert_str_eq(first->path, "/bin/test");
  cr_assert_eq(first->build_id_bytes, 20);
  cr_assert_eq(memcmp(first->build_id, build_id, 20), 0);
  cr_assert_eq(first->loaded_ns, 100);
  cr_assert_eq(first->gone_ns, UINT64_MAX);
  cr_assert_str_eq(second->path, "/lib/plugin.so");
  cr_assert_eq(second->gone_ns, 900);
  cr_assert_null(trace_file_module(profiled.file, 0));
  cr_assert_null(trace_file_module(profiled.file, 3));
  cr_assert_eq(trace_file_node(profiled.file, 1)->pc, 0x7f0000000010);
  cr_assert_eq(trace_file_node(profiled.file, 2)->pc, 0x400020);
  cr_assert_eq(trace_file_node(profiled.file, 2)->parent, 1);
  cr_assert_eq(trace_file_node(profiled.file, 3)->pc, TRACE_PC_INCOMPLETE);
  cr_assert_null(trace_file_node(profiled.file, 0));
  cr_assert_null(trace_file_node(profiled.file, 4));
  profiled_free(&profiled);
}

Test(trace_file, stacks_whose_nodes_are_gone_are_counted_once_each) {
  struct trace_writer *writer = one_block();
  writer_node(writer, 1, 5, 4, 0, 0x1234); /* its parent is not there */
  writer_birth(writer, 1, 1000, 0xb000, 64, 5);
  writer_birth(writer, 1, 1000, 0xc000, 64, 5);
  writer_death(writer, 1, 1000, 0xc000, 77); /* not there itself */
  writer_exit(writer, 2000, 0);
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.info->missing.missing_nodes, 2);
  cr_assert_not(profiled.info->complete);
  profiled_free(&profiled);
}

Test(trace_file, a_second_pass_says_the_same) {
  struct trace_writer *writer = one_block();
  writer_record(writer, 1, 7, (uint64_t[4]){1, 2, 3, 4}, NULL, 0);
  writer_exit(writer, 2000, 0);
  struct profiled profiled = profiled_trace(writer);
  struct run_missing missing = profiled.info->missing;
  cr_assert_eq(missing.unknown_records, 1);
  struct profile *again;
  struct timeline timeline = {.stack = 1};
  cr_assert_eq(trace_file_profile(profiled.file, &again, &timeline, NULL, NULL), 0);
  cr_assert_eq(memcmp(&missing, &profiled.info->missing, sizeof(missing)), 0);
  cr_assert_eq(again->births, profiled.profile->births);
  cr_assert_eq(timeline.births[32], 1);
  profile_free(again);
  profiled_free(&profiled);
}

static void count_progress(void *context, double share) {
  double *last = context;
  cr_assert_geq(share, *last);
  cr_assert_leq(share, 1);
  *last = share;
}

Test(trace_file, progress_grows_to_the_whole) {
  struct trace_writer *writer = one_block();
  for (uint64_t i = 0; i < 5000; i++) {
    writer_birth(writer, 1, 2000 + i, 0x100000 + 16 * i, 8, 1);
    if (i % 500 == 0) writer_seal(writer, 1);
  }
  struct profiled profiled = profiled_trace(writer);
  struct profile *again;
  double last = 0;
  cr_assert_eq(trace_file_profile(profiled.file, &again, NULL, count_progress, &last), 0);
  cr_assert_eq(last, 1);
  profile_free(again);
  profiled_free(&profiled);
}

/* ---- a run that goes on ----------------------------------------------------------------- */

static void boot_id(char text[64]) {
  FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
  cr_assert_not_null(file);
  cr_assert_not_null(fgets(text, 64, file));
  fclose(file);
}

/* A trace of this very test process, begun 1 ms ago, with an event a minute from now. */
static struct trace_writer *of_this_process(void) {
  char boot[64];
  struct process process;
  struct moment now = moment_now();
  struct trace_writer *writer = writer_new();
  struct trace_head *head = writer_head(writer);
  boot_id(boot);
  cr_assert_eq(process_read(getpid(), &process), 0);
  head->boot_id = writer_string(writer, boot, strlen(boot));
  head->pid = (uint64_t)getpid();
  head->process_start = process.start;
  head->start_ticks = head->start_monotonic_ns = now.monotonic_ns - 1000000;
  writer_lane(writer);
  writer_birth(writer, 1, 100, 0xa000, 100, 0);
  writer_realloc(writer, 1, 200, 60000000000, 0xa000, 0xb000, 200, 0);
  writer_birth(writer, 1, 60000000000, 0xc000, 1000, 0);
  return writer;
}

Test(trace_file, a_live_trace_is_cut_at_the_moment_of_opening) {
  struct trace_writer *writer = of_this_process();
  writer_finish(writer);
  writer_flip(writer, TRACE_END_OFFSET, 0); /* no end */
  struct profiled profiled = profiled_as_is(writer);
  cr_assert_eq(profiled.info->ending, RUN_ENDED_RUNNING);
  cr_assert(profiled.info->duration_at_least);
  cr_assert_not(profiled.info->complete);
  cr_assert_geq(profiled.info->duration_ns, 1000000);
  cr_assert_lt(profiled.info->duration_ns, 60000000000);
  cr_assert_eq(profiled.profile->births, 1);
  /* its realloc has not returned: it is alive with its old size, at no address */
  cr_assert_eq(profiled.profile->reallocations, 0);
  cr_assert_eq(profiled.profile->at_end.blocks, 1);
  cr_assert_eq(profiled.profile->at_end.bytes, 100);
  cr_assert(profiled.profile->check.agree);
  profiled_free(&profiled);
}

Test(trace_file, a_block_that_was_written_while_a_live_lane_was_copied_counts_once) {
  struct trace_writer *writer = of_this_process();
  uint32_t lane = writer_lane(writer);
  writer_birth(writer, lane, 300, 0xd000, 7, 0);
  writer_birth(writer, lane, 400, 0xe000, 8, 0);
  writer_young(writer, lane, 1, 300, 0xd000, 7, 0); /* not the last record any more */
  writer_young(writer, lane, 2, 500, 0xf000, 9, 0);
  writer_life(writer, lane, 350, 360, 5, 0);
  writer_young(writer, lane, 3, 350, 0xf100, 5, 0); /* neither */
  writer_birth(writer, lane, 420, 0xe100, 3, 0);
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.profile->births, 1 + 4 + 1);
  cr_assert_eq(profiled.profile->folded.blocks, 1);
  cr_assert_eq(profiled.profile->order_violations, 0);
  cr_assert_eq(profiled.profile->at_end.bytes, 100 + 7 + 8 + 9 + 3);
  profiled_free(&profiled);
}

/* As if more had been written, and sealed, after the window was copied. */
Test(trace_file, a_live_lane_is_taken_as_its_window_was) {
  struct trace_writer *writer = of_this_process();
  uint32_t lane = writer_lane(writer);
  struct writer_fold fold = {.stack = 1};
  writer_node(writer, lane, 1, 0, 0, 1);
  writer_birth(writer, lane, 300, 0xd000, 7, 1);
  uint32_t used = writer_lane_used(writer, lane);
  writer_fold_life(&fold, 310, 320, 5);
  writer_fold(writer, lane, &fold);
  writer_birth(writer, lane, 400, 0xe000, 8, 1);
  writer_cell(writer, lane, 0, &fold);
  writer_young(writer, lane, 1, 400, 0xe000, 8, 1);
  writer_seal_killed(writer, lane);
  writer_finish(writer);
  struct trace_lane *control = writer_lane_control(writer, lane);
  uint8_t records[256];
  uint64_t at = writer_window_offset(writer, lane);
  cr_assert_lt(used, sizeof(records));
  cr_assert_eq(pread(writer_fd(writer), records, used,
                     (off_t)(at + TRACE_SLOT + sizeof(struct trace_chunk))),
               (ssize_t)used);
  control->state = TRACE_STATE(slots_crc(records, used), 1, used);
  cr_assert_eq(pwrite(writer_fd(writer), control, sizeof(*control), (off_t)at),
               (ssize_t)sizeof(*control));
  struct profiled profiled = profiled_as_is(writer);
  cr_assert_eq(profiled.info->ending, RUN_ENDED_RUNNING);
  cr_assert_eq(profiled.profile->folded.blocks, 1);
  cr_assert_eq(profiled.profile->births, 1 + 1 + 2);
  cr_assert_eq(profiled.profile->order_violations, 0);
  cr_assert(profiled.profile->check.agree);
  profiled_free(&profiled);
}

Test(trace_file, another_process_of_the_same_pid_is_not_the_one_recorded) {
  struct trace_writer *writer = of_this_process();
  writer_head(writer)->process_start++;
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.info->ending, RUN_ENDED_UNKNOWN);
  cr_assert_eq(profiled.profile->births, 2);
  profiled_free(&profiled);
}

/* ---- files that are no traces ----------------------------------------------------------- */

static void assert_refused(const char *path, int error, const char *says) {
  struct trace_file *file;
  char message[512];
  cr_assert_eq(trace_file_open(path, &file, message), error, "%s", message);
  cr_assert_null(file);
  cr_assert_not_null(strstr(message, path), "%s", message);
  cr_assert_not_null(strstr(message, says), "%s", message);
}

static void assert_bytes_refused(const void *bytes, size_t count, int error, const char *says) {
  char path[] = "/tmp/dwell-test-XXXXXX";
  int fd = mkstemp(path);
  cr_assert_geq(fd, 0);
  cr_assert_eq(write(fd, bytes, count), (ssize_t)count);
  close(fd);
  assert_refused(path, error, says);
  unlink(path);
}

Test(trace_file, a_file_that_is_not_there_is_named) {
  assert_refused("/nonexistent/trace.dwl", -ENOENT, "No such file");
}

Test(trace_file, a_directory_is_no_trace) {
  assert_refused("/tmp", -EISDIR, "not a regular file");
}

Test(trace_file, an_empty_file_may_be_a_program_killed_early) {
  assert_bytes_refused("", 0, -EBADMSG, "killed before its first allocation");
}

Test(trace_file, a_foreign_file_is_told_by_its_beginning) {
  assert_bytes_refused("\x7f"
                       "ELF\x02\x01 \"",
                       8, -EBADMSG, "not a dwell trace (begins with \"\\x7fELF\\x02\\x01 \\x22\")");
  assert_bytes_refused("hi", 2, -EBADMSG, "record one with `dwell run`");
}

Test(trace_file, a_newer_major_version_asks_for_an_upgrade) {
  struct trace_writer *writer = one_block();
  writer_head(writer)->version_major = 3;
  writer_finish(writer);
  assert_refused(writer_path(writer), -ENOTSUP, "newer dwell (format 3.0");
  writer_free(writer);
}

Test(trace_file, a_trace_of_the_first_format_is_refused_in_so_many_words) {
  struct trace_writer *writer = one_block();
  writer_head(writer)->version_major = 1;
  writer_finish(writer);
  assert_refused(writer_path(writer), -ENOTSUP, "older dwell (format 1.0, this one reads 2)");
  writer_free(writer);
}

Test(trace_file, a_newer_minor_version_is_read) {
  struct trace_writer *writer = one_block();
  writer_head(writer)->version_minor = 9;
  struct profiled profiled = profiled_trace(writer);
  cr_assert_eq(profiled.profile->births, 1);
  profiled_free(&profiled);
}

Test(trace_file, a_damaged_head_is_not_believed) {
  for (uint64_t at = 8; at < TRACE_STRINGS_OFFSET + TRACE_STRINGS_SIZE; at += 997) {
    struct trace_writer *writer = one_block();
    writer_finish(writer);
    writer_flip(writer, at, 0x80);
    struct trace_file *file;
    char message[512];
    cr_assert_lt(trace_file_open(writer_path(writer), &file, message), 0);
    cr_assert(strstr(message, "damaged") || strstr(message, "newer dwell"), "%s", message);
    writer_free(writer);
  }
}

Test(trace_file, a_file_cut_in_its_head_says_where) {
  struct trace_writer *writer = one_block();
  writer_finish(writer);
  writer_cut(writer, 5000);
  assert_refused(writer_path(writer), -EBADMSG, "offset 5000");
  writer_free(writer);
}

Test(trace_file, a_file_cut_behind_its_head_is_an_empty_run) {
  struct trace_writer *writer = one_block();
  writer_finish(writer);
  writer_cut(writer, 20000);
  struct profiled profiled = profiled_as_is(writer);
  cr_assert_eq(profiled.profile->births, 0);
  cr_assert_eq(profiled.info->missing.cut_bytes, 20000);
  cr_assert_not(profiled.info->complete);
  profiled_free(&profiled);
}

/* A thread that was in the middle of an event when another had to stop the recording may still
 * write it; what came between the two is not there. */
Test(trace_file, of_a_stopped_recording_ends_at_the_stop) {
  struct trace_writer *writer = writer_new();
  uint32_t first = writer_lane(writer), second = writer_lane(writer);
  writer_thread(writer, first, 0, 1, 100, "main");
  writer_thread(writer, second, 0, 2, 101, "other");
  writer_node(writer, first, 1, 0, 0, 0x1000);
  writer_birth(writer, first, 1000, 0xa000, 64, 1);
  writer_birth(writer, second, 2000, 0xb000, 16, 1);
  writer_birth(writer, second, 4000, 0xa000, 32, 1); /* the death in between was dropped */
  writer_control(writer)->stop = TRACE_STOP_SIZE;
  writer_control(writer)->stop_ticks = WRITER_START_TICKS + 2000;
  struct profiled profiled = profiled_end(writer, 9000);
  cr_assert_eq(profiled.profile->births, 2);
  cr_assert_eq(profiled.profile->order_violations, 0);
  assert_figure(profiled.profile->at_end, 2, 80);
  cr_assert_eq(profiled.profile->duration_ns, 2000);
  cr_assert(profiled.info->duration_at_least);
  cr_assert(profiled.profile->check.agree);
  profiled_free(&profiled);
}
