/* zoo BEHAVIOUR --log FILE [--threads PxC] [--form one|three|many|many-payload] [--fill MS]
 * zoo --list: names, and whether threads and forms apply.
 *
 * Behaves as asked for a second or so, under whatever records it, and logs what it really did.
 */
#include "zoo.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "behaviours.h"
#include "log.h"

static const char *const form_names[] = {"one", "three", "many", "many-payload", NULL};
static const struct behaviour *const tables[] = {queue_behaviours, loop_behaviours, pool_behaviours,
                                                 lone_behaviours, NULL};
static const char *log_path, *name;

void zoo_write_log(void) {
  log_write(log_path, name);
}

static void usage(void) {
  fputs("usage: zoo BEHAVIOUR --log FILE [--threads 3x1] [--form FORM] [--fill MS]\n"
        "       zoo --list\n",
        stderr);
  exit(2);
}

static void list(void) {
  for (size_t i = 0; tables[i] != NULL; i++) {
    for (const struct behaviour *of = tables[i]; of->name != NULL; of++)
      printf("%s%s%s\n", of->name, of->threads ? " threads" : "", of->forms ? " forms" : "");
  }
}

static const struct behaviour *find(const char *wanted) {
  for (size_t i = 0; tables[i] != NULL; i++) {
    for (const struct behaviour *of = tables[i]; of->name != NULL; of++)
      if (strcmp(of->name, wanted) == 0) return of;
  }
  usage();
  return NULL;
}

static enum form find_form(const char *wanted) {
  for (int i = 0; form_names[i] != NULL; i++)
    if (strcmp(form_names[i], wanted) == 0) return (enum form)i;
  usage();
  return FORM_ONE;
}

int main(int argc, char **argv) {
  static const struct option options[] = {
      {"log", required_argument, NULL, 'l'},  {"threads", required_argument, NULL, 't'},
      {"form", required_argument, NULL, 'f'}, {"fill", required_argument, NULL, 'm'},
      {"list", no_argument, NULL, 'a'},       {NULL, 0, NULL, 0}};
  struct plan plan = {FORM_ONE, 1, 1, 600 * MS};
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (option == 'l')
      log_path = optarg;
    else if (option == 'f')
      plan.form = find_form(optarg);
    else if (option == 'm')
      plan.fill_ns = strtoul(optarg, NULL, 10) * MS;
    else if (option == 't' && sscanf(optarg, "%ux%u", &plan.producers, &plan.consumers) == 2)
      continue;
    else if (option == 'a')
      return list(), 0;
    else
      usage();
  }
  if (optind + 1 != argc || log_path == NULL) usage();
  name = argv[optind];
  const struct behaviour *behaviour = find(name);
  prctl(PR_SET_TIMERSLACK, 1000ul); /* of 50 us otherwise: longer than most waits here */
  behaviour->run(behaviour, &plan);
  zoo_write_log();
  return 0;
}
