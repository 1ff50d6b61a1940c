/* test_ordinary.c - programs that do their work and have no queue to speak of: none is alleged.
 *
 * A quick part of tests/real/ordinary, which has more programs, larger inputs and samples.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define ARGUMENTS 6

/* Arrays, not pointers: a parameter is copied to the process of its test. */
struct ordinary {
  char arguments[ARGUMENTS][180]; /* the program, then what it is told */
};

static struct ordinary programs[] = {
    {{"/usr/bin/jq", "-c", "select(.b % 3 == 0) | {a: .b, c: (.d | tostring)}", "numbers.json"}},
    {{"/usr/bin/sqlite3", ":memory:",
      "create table t(a, b); with recursive c(x) as (select 1 union all select x + 1 from c where "
      "x < 3000) insert into t select x, hex(x * x) from c; select max(b) from t"}},
    {{"/usr/bin/perl", "-ne", "$h{$_ % 501} .= substr($_, 0, 3); END { print scalar keys %h }",
      "words"}},
    {{"/usr/bin/python3", "-c",
      "import json; print(sum(json.loads(l)['b'] for l in open('numbers.json')))"}},
    {{"/usr/bin/sort", "-k2", "words"}},
    {{"/usr/bin/gzip", "-c", "words"}},
    {{"/usr/bin/awk", "{ n[$2 % 97] += $1 } END { for (i in n) print i, n[i] }", "words"}},
    {{"/usr/bin/gcc", "-O1", "-S", "-o", "/dev/null", "small.c"}},
};

#define LINES 4000

static FILE *input_open(const char *directory, const char *name) {
  char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/%s", directory, name);
  FILE *file = fopen(path, "we");
  cr_assert(file, "%s", path);
  return file;
}

/* What the programs read: made with a generator of their own, the same each time. */
static void make_input(const char *directory) {
  FILE *words = input_open(directory, "words"), *json = input_open(directory, "numbers.json"),
       *c = input_open(directory, "small.c");
  unsigned long n = 12345;
  for (int i = 0; i < LINES; i++) {
    n = (n * 1103515245u + 12345u) % 2147483648u;
    fprintf(words, "%lu %lu\n", n, n % 1009);
    fprintf(json, "{\"b\":%lu,\"d\":[%lu,\"x%d\"]}\n", n, n % 7, i);
  }
  for (int i = 0; i < 60; i++)
    fprintf(c, "int f%d(int a) { int s = %d; for (int i = 0; i < a; i++) s += i * s; return s; }\n",
            i, i);
  fclose(words);
  fclose(json);
  fclose(c);
}

static void expect_no_queue(const char *trace, const char *name) {
  struct command *summary =
      COMMAND(command_built("dwell"), "summary", "--json", "--top", "1", trace);
  cr_assert_eq(summary->status, 0, "%s", summary->err);
  json_t *json = json_loads(summary->out, 0, NULL), *queues = json_object_get(json, "queues");
  cr_assert(json_is_array(queues));
  size_t i;
  json_t *queue;
  json_array_foreach(queues, i, queue) {
    const char *kind = json_string_value(json_object_get(queue, "kind"));
    cr_assert(kind);
    bool alleged = strcmp(kind, "unbounded-queue") == 0 || strcmp(kind, "bounded-queue") == 0;
    char *shown = json_dumps(queue, 0);
    cr_expect_not(alleged, "%s: %s", name, shown);
    free(shown);
  }
  json_decref(json);
  command_free(summary);
}

static void record(const struct ordinary *program, bool exact) {
  char directory[] = "/tmp/dwell-ordinary-XXXXXX", library[PATH_MAX], out[64], path[PATH_MAX];
  cr_assert(mkdtemp(directory));
  make_input(directory);
  snprintf(library, sizeof(library), "LD_PRELOAD=%.4000s", command_built("libdwell.so"));
  snprintf(out, sizeof(out), "DWELL_OUT=%s/%%c.%%p.dwl", directory);
  struct command_setup setup = {.arguments = {"/usr/bin/env", "-C", directory, "PATH=/usr/bin:/bin",
                                              library, out,
                                              exact ? "DWELL_EXACT=1" : "DWELL_EXACT=0"}};
  for (size_t i = 0; i < ARGUMENTS && program->arguments[i][0]; i++)
    setup.arguments[7 + i] = program->arguments[i];
  struct command *command = command_run(&setup);
  cr_assert_eq(command->status, 0, "%s: %s", program->arguments[0], command->err);
  command_free(command);
  size_t traces = 0;
  DIR *entries = opendir(directory);
  cr_assert(entries);
  for (struct dirent *entry; (entry = readdir(entries));) {
    if (!strstr(entry->d_name, ".dwl")) continue;
    snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
    expect_no_queue(path, program->arguments[0]);
    traces++;
  }
  closedir(entries);
  cr_expect_gt(traces, 0, "%s was not recorded", program->arguments[0]);
  command_directory_remove(directory);
}

ParameterizedTestParameters(ordinary, no_queue_is_alleged) {
  return cr_make_param_array(struct ordinary, programs, sizeof(programs) / sizeof(*programs));
}

ParameterizedTest(struct ordinary *program, ordinary, no_queue_is_alleged) {
  record(program, false);
}

ParameterizedTestParameters(ordinary, no_queue_is_alleged_in_an_exact_recording) {
  return cr_make_param_array(struct ordinary, programs, sizeof(programs) / sizeof(*programs));
}

ParameterizedTest(struct ordinary *program, ordinary, no_queue_is_alleged_in_an_exact_recording) {
  record(program, true);
}
