/* test_stacks.c - every stack of a sample of real programs equals a fresh walk by libunwind. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* An array, not a pointer: a parameter is copied to the process of its test. */
struct program {
  char command[300];
};
static struct program programs[] = {
    {"jq -n '[range(3000)|{a:., b:(.|tostring)}]|map(.b)|length'"},
    {"perl -e 'my %h; $h{$_}=[sort 1..5] for 1..2000; eval {die {a=>1}}; print scalar(keys %h)'"},
    {"/usr/bin/python3 -c 'import json, ctypes, decimal, threading; "
     "t = [threading.Thread(target=lambda: json.dumps(list(range(3000)))) for _ in range(3)]; "
     "[x.start() for x in t]; [x.join() for x in t]'"},
    {"sqlite3 :memory: 'create table t(a); with recursive c(x) as (select 1 union all select x+1 "
     "from c where x<3000) insert into t select hex(x) from c; select max(a) from t order by 1'"},
    {"echo 'int main(void) { return 0; }' >a.c; gcc -O2 -c a.c"},
    {"sort --parallel=1 /proc/filesystems"},
};

ParameterizedTestParameters(stacks, equal_those_of_libunwind) {
  return cr_make_param_array(struct program, programs, sizeof programs / sizeof *programs);
}

ParameterizedTest(struct program *program, stacks, equal_those_of_libunwind) {
  struct command *command = command_run(
      &(struct command_setup){.arguments = {command_built("dwell"), "run", "--no-summary", "-o",
                                            "checked.dwl", "--", "sh", "-c", program->command},
                              .variables = {"DWELL_CHECK_STACKS=1", "PERL_HASH_SEED=0"}});
  cr_assert_eq(command->status, 0, "%s", command->err);
  char line[1000], trace[1100];
  json_int_t checked = 0;
  snprintf(line, sizeof line, "cd '%s' && ls -d checked.dwl*", command->directory);
  FILE *list = popen(line, "r");
  cr_assert(list);
  while (fgets(line, sizeof line, list)) {
    line[strcspn(line, "\n")] = 0;
    snprintf(trace, sizeof trace, "%s/%s", command->directory, line);
    struct command *summary =
        COMMAND(command_built("dwell"), "summary", "--json", "--top", "1", trace);
    json_t *json = json_loads(summary->out, 0, NULL), *run = json_object_get(json, "run");
    cr_assert(json, "%s", summary->err);
    checked += json_integer_value(json_object_get(run, "checked_stacks"));
    cr_expect_eq(json_integer_value(json_object_get(run, "differing_stacks")), 0, "%s: %s",
                 program->command, line);
    cr_expect_str_eq(json_string_value(json_object_get(run, "unwinder")), "memoised");
    json_decref(json);
    command_free(summary);
  }
  pclose(list);
  cr_expect_gt(checked, 100);
  command_free(command);
}
