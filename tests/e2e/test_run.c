/* dwell run: what the program may not notice, and what the user must get. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "viewer/trace_file.h"

#define DWELL command_built("dwell")
#define PROGRAM(name) command_built("tests/programs/" name)
#define STATIC(name) command_built("tests/static/" name)

static int exit_of(const struct command *command) {
  cr_assert(WIFEXITED(command->status), "%#x", command->status);
  return WEXITSTATUS(command->status);
}

static size_t lines(const char *text) {
  size_t count = 0;
  for (; *text; text++)
    count += *text == '\n';
  return count;
}

static void assert_says(const struct command *command, const char *part) {
  cr_assert(strstr(command->err, part), "no '%s' in: %s", part, command->err);
}

/* How a trace of the command's directory says that its process ended. */
static struct run_info info_of(const struct command *command, const char *name) {
  char message[512];
  struct trace_file *file;
  struct profile *profile;
  cr_assert_eq(trace_file_open(command_path(command, name), &file, message), 0, "%s", message);
  cr_assert_eq(trace_file_profile(file, &profile, NULL, NULL, NULL), 0);
  struct run_info info = *trace_file_info(file);
  profile_free(profile);
  trace_file_close(file);
  return info;
}

Test(run, passes_the_exit_status_through) {
  static const char *const codes[] = {"0", "1", "7", "125", "255"};
  for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    char script[32];
    snprintf(script, sizeof(script), "exit %s", codes[i]);
    struct command *command = COMMAND(DWELL, "run", "--", "sh", "-c", script);
    cr_assert_eq(exit_of(command), atoi(codes[i]));
    command_free(command);
  }
}

Test(run, says_128_and_the_signal_of_a_killed_program) {
  static const int signals[] = {SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGUSR1};
  for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
    char script[32];
    snprintf(script, sizeof(script), "kill -%d $$", signals[i]);
    struct command *command = COMMAND(DWELL, "run", "-o", "t.dwl", "sh", "-c", script);
    cr_assert_eq(exit_of(command), 128 + signals[i]);
    struct run_info info = info_of(command, "t.dwl");
    cr_assert_eq(info.ending, RUN_ENDED_SIGNAL);
    cr_assert_eq(info.status, signals[i]);
    command_free(command);
  }
}

Test(run, fails_as_timeout_does_and_leaves_no_files) {
  struct command *command = COMMAND(DWELL, "run", "--", "no-such-program-anywhere");
  cr_assert_eq(exit_of(command), 127);
  assert_says(command, "no-such-program-anywhere: no such program in PATH");
  cr_assert_eq(command_files(command, ""), 0);
  command_free(command);

  command = COMMAND(DWELL, "run", "-o", "t.dwl", "--", "./nor-this");
  cr_assert_eq(exit_of(command), 127);
  cr_assert_eq(command_files(command, ""), 0);
  command_free(command);

  command = COMMAND(DWELL, "run", "--", "/etc/passwd");
  cr_assert_eq(exit_of(command), 126);
  assert_says(command, "/etc/passwd: cannot be executed");
  cr_assert_eq(command_files(command, ""), 0);
  command_free(command);

  command = COMMAND(DWELL, "run", "--", "/etc");
  cr_assert_eq(exit_of(command), 126);
  command_free(command);
}

Test(run, names_the_option_and_the_remedy_in_usage_errors) {
  static const struct {
    const char *arguments[4];
    const char *says[2];
  } cases[] = {
      {{"--no-such"}, {"--no-such", "--help"}},
      {{"--depth", "deep", "true"}, {"--depth", "1024"}},
      {{"--depth", "1025", "true"}, {"--depth", "1024"}},
      {{"--unwind", "magic", "true"}, {"--unwind", "memoised, libgcc or libunwind"}},
      {{"-o"}, {"-o", "--help"}},
      {{"-o", "", "true"}, {"-o", "name"}},
      {{"-o", "/no/such/directory/t.dwl", "true"}, {"/no/such/directory", "-o FILE"}},
      {{"--force", "true"}, {"--force", "-o FILE"}},
      {{NULL}, {"no program", "usage"}},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    const char *const *a = cases[i].arguments;
    struct command *command = COMMAND(DWELL, "run", a[0], a[1], a[2]);
    cr_assert_eq(exit_of(command), 125, "case %zu", i);
    assert_says(command, cases[i].says[0]);
    assert_says(command, cases[i].says[1]);
    cr_assert_eq(lines(command->err), 1, "%s", command->err);
    cr_assert_eq(command_files(command, ""), 0);
    command_free(command);
  }
}

Test(run, leaves_the_streams_byte_for_byte) {
  char input[] = "/tmp/dwell-input-XXXXXX";
  unsigned char bytes[300001];
  unsigned seed = 1;
  int fd = mkstemp(input);
  for (size_t i = 0; i < sizeof(bytes); i++)
    bytes[i] = (unsigned char)((seed = seed * 1103515245u + 12345u) >> 16);
  cr_assert(fd >= 0 && write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes));
  close(fd);
  struct command *command = command_run(&(struct command_setup){
      .arguments = {DWELL, "run", "--quiet", "--", "sh", "-c", "cat; printf 'e\\001r' >&2"},
      .input = input});
  cr_assert_eq(exit_of(command), 0);
  cr_assert_eq(command->out_bytes, sizeof(bytes));
  cr_assert_eq(memcmp(command->out, bytes, sizeof(bytes)), 0);
  cr_assert_eq(command->err_bytes, 3);
  cr_assert_str_eq(command->err, "e\001r");
  command_free(command);

  /* not quiet: the report is on stderr, stdout is still the program's alone */
  command =
      command_run(&(struct command_setup){.arguments = {DWELL, "run", "cat"}, .input = input});
  cr_assert_eq(command->out_bytes, sizeof(bytes));
  cr_assert_eq(memcmp(command->out, bytes, sizeof(bytes)), 0);
  assert_says(command, "trace of cat");
  command_free(command);
  unlink(input);
}

Test(run, writes_exactly_the_named_file_and_refuses_one_that_is_there) {
  struct command *command = COMMAND(
      "sh", "-c", "\"$0\" run -o 100%p.dwl -- true && \"$0\" run -o 100%p.dwl -- true", DWELL);
  cr_assert_eq(exit_of(command), 125);
  assert_says(command, "-o 100%p.dwl: it is there; add --force");
  cr_assert_eq(command_files(command, ""), 1);
  cr_assert_eq(access(command_path(command, "100%p.dwl"), F_OK), 0);
  command_free(command);
}

Test(run, replaces_the_named_file_by_force) {
  struct command *command =
      COMMAND("sh", "-c", "echo old >t.dwl; \"$0\" run --force -o t.dwl -- \"$1\"", DWELL,
              PROGRAM("basics"));
  cr_assert_eq(exit_of(command), 0);
  cr_assert_eq(command_files(command, ""), 1);
  cr_assert_str_eq(info_of(command, "t.dwl").program, "basics");
  command_free(command);
}

Test(run, does_not_replace_what_is_no_regular_file) {
  struct command *command =
      COMMAND("sh", "-c", "mkfifo t.dwl; \"$0\" run --force -o t.dwl -- true", DWELL);
  cr_assert_eq(exit_of(command), 125);
  assert_says(command, "no regular file");
  command_free(command);
}

Test(run, keeps_a_forced_file_when_there_is_no_such_program) {
  struct command *command =
      COMMAND("sh", "-c", "echo old >t.dwl; \"$0\" run --force -o t.dwl -- ./missing", DWELL);
  cr_assert_eq(exit_of(command), 127);
  cr_assert_eq(command_files(command, "t.dwl"), 1);
  command_free(command);
}

Test(run, records_children_beside_the_named_file_and_lists_them) {
  struct command *command = COMMAND(DWELL, "run", "-o", "t.dwl", "--", PROGRAM("forks"));
  cr_assert_eq(exit_of(command), 0);
  cr_assert_eq(command_files(command, "t.dwl"), 3);
  const char *also = strstr(command->err, "dwell: also forks");
  cr_assert(also, "%s", command->err);
  cr_assert(strstr(also + 1, "dwell: also forks"));
  command_free(command);
}

Test(run, records_one_process_without_children) {
  struct command *command =
      COMMAND(DWELL, "run", "--no-children", "-o", "t.dwl", "--", PROGRAM("forks"));
  cr_assert_eq(exit_of(command), 0);
  cr_assert_eq(command_files(command, ""), 1);
  command_free(command);
}

Test(run, finds_its_traces_among_those_of_earlier_runs) {
  struct command *command =
      COMMAND("sh", "-c",
              "\"$0\" run -q -- true; \"$0\" run --no-summary -- true 2>said; cat said >&2", DWELL);
  cr_assert_eq(command_files(command, ".dwl"), 2);
  cr_assert_eq(lines(command->err), 1, "%s", command->err);
  command_free(command);
}

Test(run, says_only_where_the_traces_are_without_summary) {
  struct command *command = COMMAND(DWELL, "run", "--no-summary", "-o", "t.dwl", PROGRAM("basics"));
  cr_assert_str_eq(command->out, "done\n");
  cr_assert_eq(lines(command->err), 1, "%s", command->err);
  assert_says(command, "trace of basics (pid ");
  assert_says(command, command_path(command, "t.dwl"));
  command_free(command);
}

Test(run, says_nothing_when_quiet) {
  struct command *command = COMMAND(DWELL, "run", "-q", PROGRAM("basics"));
  cr_assert_str_eq(command->out, "done\n");
  cr_assert_str_eq(command->err, "");
  cr_assert_eq(command_files(command, ".dwl"), 1);
  command_free(command);

  command = COMMAND(DWELL, "run", "-q", STATIC("static"));
  cr_assert_eq(exit_of(command), 5);
  cr_assert_str_eq(command->err, "");
  command_free(command);
}

Test(run, takes_the_name_from_the_environment) {
  struct command *command = command_run(&(struct command_setup){
      .arguments = {DWELL, "run", "--no-summary", PROGRAM("changes_directory")},
      .variables = {"DWELL_OUT=sub-%c.dwl"}});
  cr_assert_eq(exit_of(command), 0);
  cr_assert_eq(access(command_path(command, "sub-changes_directory.dwl"), F_OK), 0);
  command_free(command);

  command = command_run(
      &(struct command_setup){.arguments = {DWELL, "run", "true"}, .variables = {"DWELL_OUT=%q"}});
  cr_assert_eq(exit_of(command), 125);
  assert_says(command, "DWELL_OUT=%q");
  command_free(command);
}

Test(run, passes_depth_and_unwinder_on) {
  struct command *command = COMMAND(DWELL, "run", "-q", "--depth", "9", "--unwind", "libunwind",
                                    "-o", "t.dwl", PROGRAM("basics"));
  struct run_info info = info_of(command, "t.dwl");
  cr_assert_eq(info.depth, 9);
  cr_assert_str_eq(info.unwinder, "libunwind");
  command_free(command);
}

Test(run, keeps_what_is_preloaded_already) {
  char expected[4200];
  struct command *command = command_run(
      &(struct command_setup){.arguments = {DWELL, "run", "-q", "sh", "-c", "echo \"$LD_PRELOAD\""},
                              .variables = {"LD_PRELOAD=libm.so.6"}});
  snprintf(expected, sizeof(expected), "%s:libm.so.6\n", command_built("libdwell.so"));
  cr_assert_str_eq(command->out, expected);
  command_free(command);
}

Test(run, works_without_standard_streams) {
  struct command *command = COMMAND("sh", "-c", "\"$0\" run -o t.dwl \"$1\" <&- >&- 2>&-; echo $?",
                                    DWELL, PROGRAM("leaves"));
  /* the program needs an argument and somewhere to complain: 98 or 99 by its own word */
  cr_assert_str_eq(command->out, "99\n");
  cr_assert_eq(info_of(command, "t.dwl").status, 99);
  command_free(command);
}

static void ignore_and_block(void) {
  sigset_t blocked;
  signal(SIGINT, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  sigaddset(&blocked, SIGALRM);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
}

Test(run, gives_the_program_the_signals_and_descriptors_that_dwell_was_given) {
  void (*const states[])(void) = {NULL, ignore_and_block};
  for (size_t i = 0; i < 2; i++) {
    struct command *bare = command_run(
        &(struct command_setup){.arguments = {STATIC("inherited")}, .before_exec = states[i]});
    struct command *run = command_run(&(struct command_setup){
        .arguments = {DWELL, "run", "-q", STATIC("inherited")}, .before_exec = states[i]});
    cr_assert_eq(exit_of(run), 0);
    cr_assert(strstr(bare->out, "descriptor 2\n"));
    cr_assert_str_eq(run->out, bare->out);
    command_free(bare);
    command_free(run);
  }
}

Test(run, passes_signals_on_and_reports_all_the_same) {
  static const int signals[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT};
  for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
    /* under nohup, or in a script's background, some are ignored, and sh can't trap those */
    signal(signals[i], SIG_DFL);
    char script[160];
    snprintf(script, sizeof(script),
             "trap 'echo got; exit 9' %d; touch ready; while :; do sleep 0.01; done", signals[i]);
    struct command *command = command_start(&(struct command_setup){
        .arguments = {DWELL, "run", "--no-children", "--no-summary", "sh", "-c", script}});
    command_await_file(command, "ready");
    kill(command->pid, signals[i]);
    command_wait(command);
    cr_assert_eq(exit_of(command), 9, "signal %d", signals[i]);
    cr_assert_str_eq(command->out, "got\n");
    assert_says(command, "trace of sh");
    command_free(command);
  }
}

Test(run, ends_by_itself_when_the_program_is_killed_by_a_passed_signal) {
  struct command *command = command_start(&(struct command_setup){
      .arguments = {DWELL, "run", "-o", "t.dwl", "sh", "-c", "touch ready; exec sleep 50"}});
  command_await_file(command, "ready");
  kill(command->pid, SIGTERM);
  command_wait(command);
  cr_assert_eq(exit_of(command), 128 + SIGTERM);
  command_free(command);
}

Test(run, completes_the_trace_of_a_killed_program) {
  struct command *command = COMMAND(DWELL, "run", "-o", "t.dwl", "--", PROGRAM("leaves"), "kill");
  cr_assert_eq(exit_of(command), 128 + SIGKILL);
  struct run_info info = info_of(command, "t.dwl");
  cr_assert_eq(info.ending, RUN_ENDED_SIGNAL);
  cr_assert_eq(info.status, SIGKILL);
  cr_assert(!info.duration_at_least);
  cr_assert(info.complete);
  cr_assert_gt(info.max_rss_bytes, 1 << 20);
  command_free(command);
}

Test(run, ends_each_program_of_an_exec_chain) {
  struct command *command = COMMAND(DWELL, "run", "-o", "t.dwl", "--", PROGRAM("execs"));
  char suffixed[64];
  cr_assert_eq(exit_of(command), 0);
  cr_assert_eq(command_files(command, "t.dwl"), 2);
  struct run_info before = info_of(command, "t.dwl");
  snprintf(suffixed, sizeof(suffixed), "t.dwl.%lu", before.pid);
  struct run_info after = info_of(command, suffixed);
  cr_assert_eq(before.ending, RUN_ENDED_EXEC);
  cr_assert_eq(after.ending, RUN_ENDED_EXIT);
  cr_assert_eq(after.status, 0);
  cr_assert(after.complete);
  command_free(command);
}

Test(run, samples_the_resident_set_while_the_program_runs) {
  /* the program itself waits for a sample in its trace */
  struct command *command =
      COMMAND(DWELL, "run", "-q", "-o", "t.dwl", "--", PROGRAM("watched"), "t.dwl");
  cr_assert_str_eq(command->out, "watched\n");
  struct run_info info = info_of(command, "t.dwl");
  cr_assert_geq(info.rss_samples, 1);
  cr_assert_gt(info.max_rss_bytes, 1 << 20);
  command_free(command);
}

Test(run, does_not_wait_for_what_outlives_the_program) {
  struct command *command =
      COMMAND(DWELL, "run", "-o", "t.dwl", "--", "sh", "-c",
              "sh -c ': >ready; exec >&- 2>&- <&-; while :; do sleep 0.1; done' & "
              "while [ ! -e ready ]; do sleep 0.01; done; echo $!; exit 3");
  cr_assert_eq(exit_of(command), 3);
  assert_says(command, "still runs");
  pid_t left = (pid_t)atoi(command->out);
  cr_assert_gt(left, 1);
  cr_assert_eq(kill(left, SIGKILL), 0, "it was waited for");
  command_free(command);
}

Test(run, says_why_a_static_program_is_not_recorded) {
  struct command *command = COMMAND(DWELL, "run", "--", STATIC("static"));
  cr_assert_eq(exit_of(command), 5);
  cr_assert_str_eq(command->out, "static\n");
  assert_says(command, "statically linked");
  assert_says(command, "nothing was recorded");
  cr_assert_eq(command_files(command, ""), 0);
  command_free(command);
}

Test(run, says_why_a_script_of_a_static_interpreter_is_not_recorded) {
  struct command *command =
      COMMAND("sh", "-c", "printf '#!%s\\n' \"$1\" >script; chmod +x script; \"$0\" run ./script",
              DWELL, STATIC("static"));
  cr_assert_eq(exit_of(command), 5);
  assert_says(command, "statically linked");
  command_free(command);
}

Test(run, says_that_a_scripts_interpreter_is_missing) {
  struct command *command =
      COMMAND("sh", "-c",
              "printf '#!/no/such/shell\\n' >script; chmod +x script; \"$0\" run ./script", DWELL);
  cr_assert_eq(exit_of(command), 127);
  assert_says(command, "/no/such/shell");
  command_free(command);
}

Test(run, runs_a_script_without_an_interpreter_line_by_the_shell) {
  struct command *command =
      COMMAND("sh", "-c", "echo 'echo hello' >script; chmod +x script; \"$0\" run ./script", DWELL);
  cr_assert_eq(exit_of(command), 0);
  cr_assert_str_eq(command->out, "hello\n");
  command_free(command);
}

Test(run, says_why_a_setuid_program_is_not_recorded) {
  struct statvfs mount;
  if (getuid() != 0 || statvfs("/tmp", &mount) != 0 || mount.f_flag & ST_NOSUID)
    cr_skip_test("needs root and a /tmp that is not mounted nosuid");
  struct command *command =
      COMMAND("sh", "-c",
              "cp /bin/true t; chown nobody t; chmod 4755 t; chmod 755 .; \"$0\" run ./t", DWELL);
  cr_assert_eq(exit_of(command), 0);
  assert_says(command, "setuid");
  assert_says(command, "nothing was recorded");
  command_free(command);
}

Test(run, says_why_a_program_with_its_own_allocator_shows_nothing) {
  struct command *command = COMMAND(DWELL, "run", "--", PROGRAM("own_malloc"));
  cr_assert_eq(exit_of(command), 0);
  assert_says(command, "its allocator linked in");
  command_free(command);
}

Test(run, says_where_it_looked_for_the_library) {
  struct command *command = command_run(&(struct command_setup){
      .arguments = {DWELL, "run", "true"}, .variables = {"DWELL_LIBRARY=/no/such/libdwell.so"}});
  cr_assert_eq(exit_of(command), 125);
  assert_says(command, "DWELL_LIBRARY=/no/such/libdwell.so");
  command_free(command);

  command = COMMAND("sh", "-c", "cp \"$0\" dwell; ./dwell run true", DWELL);
  cr_assert_eq(exit_of(command), 125);
  assert_says(command, "/../lib");
  command_free(command);

  command =
      COMMAND("sh", "-c", "mkdir bin lib; cp \"$0\" bin; cp \"$1\" lib; bin/dwell run -q true",
              DWELL, command_built("libdwell.so"));
  cr_assert_eq(exit_of(command), 0, "%s", command->err);
  cr_assert_eq(command_files(command, ".dwl"), 1);
  command_free(command);

  command = COMMAND("sh", "-c",
                    "mkdir 'a b'; cp \"$1\" 'a b'; DWELL_LIBRARY='a b/libdwell.so' \"$0\" run true",
                    DWELL, command_built("libdwell.so"));
  cr_assert_eq(exit_of(command), 125);
  assert_says(command, "symbolic link");
  command_free(command);
}
