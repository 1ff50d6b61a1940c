/* test_python.c - the library from another language: Python through ctypes; and the demo's JSON. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

#define PYTHON "/usr/bin/python3"
static struct run run;

static void need_python(void) {
  if (access(PYTHON, X_OK) != 0) cr_skip_test("no " PYTHON);
}

Test(python, ctypes_sends_and_counts) {
  need_python();
  /* beside this file: as the compiler saw it, from where make runs */
  char script[PATH_MAX];
  snprintf(script, sizeof script, "%s", __FILE__);
  strcpy(strrchr(script, '/') + 1, "ctypes_demo.py");
  char *library = strdup(built_path("libproducer.so"));
  const char *const argv[] = {PYTHON, script, library, "300", "1234", NULL};
  run_program(&run, argv);
  free(library);
  cr_assert_eq(run.status, 0, "%s", run.err);
  cr_assert_eq(json_number(run.out, "sends"), 300);
  cr_assert_eq(json_number(run.out, "delivered"), 300);
  cr_assert_eq(json_number(run.out, "delivered_bytes"), 300 * 1234);
  cr_assert_eq(json_number(run.out, "finished"), 300);
  cr_assert_eq(json_number(run.out, "acknowledge"), 300);
}

Test(python, the_demos_json_is_json) {
  need_python();
  char *demo = strdup(built_path("producer_demo"));
  const char *const argv[] = {PYTHON, "-c",
                              "import json, subprocess, sys\n"
                              "figures = json.loads(subprocess.check_output([sys.argv[1], '--json',"
                              " '--messages', '20', '--producers', '3']))\n"
                              "assert figures['totals']['delivered'] == 20\n"
                              "assert len(figures['producers']) == 3\n"
                              "assert sum(p['delivered'] for p in figures['producers']) == 20\n"
                              "assert len(figures['producers'][0]['stages']) == 7\n",
                              demo, NULL};
  run_program(&run, argv);
  free(demo);
  cr_assert_eq(run.status, 0, "%s", run.err);
}
