/* zoo_virtual.c - all behaviours, in all shapes and recordings: the confusion matrices, and all
 * that is wrong.
 *
 *   zoo_virtual [-q] [-s SEED] [BEHAVIOUR...]    -q: no errors, only the matrices
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "behaviours.h"
#include "judgement.h"

struct tally {
  unsigned said[QUEUE_KINDS + 1][QUEUE_KINDS + 1];
  unsigned right, of, missed, alarms, figures_wrong;
};
static struct tally tallies[RECORDINGS];
static bool quiet;

static void count(struct tally *tally, const struct run *run, const struct judgement *judgement) {
  bool kinds_right = true;
  for (unsigned i = 0; i < run->truth_count; i++) {
    const struct truth *truth = &run->truths[i];
    unsigned said = judgement->said[i], row = judgement_row(truth, said);
    tally->said[row][said]++;
    tally->of++;
    tally->right += judgement->kind_right[i];
    tally->missed += truth->kinds == KIND(QUEUE_UNBOUNDED) && !judgement->kind_right[i];
    kinds_right &= judgement->kind_right[i];
  }
  tally->alarms += judgement->alarms;
  tally->figures_wrong += kinds_right && *judgement->errors;
}

static void visit(const struct behaviour *behaviour, const struct shape *shape, void *context) {
  struct run run = process_live(shape, behaviour->plan, behaviour->argument);
  (void)context;
  for (enum recording recording = 0; recording < RECORDINGS; recording++) {
    struct judgement judgement = judge_run(&run, recording);
    count(&tallies[recording], &run, &judgement);
    if (quiet) continue;
    for (char *line = strtok(judgement.errors, "\n"); line; line = strtok(NULL, "\n"))
      printf("%s %ux%u, %s, %s: %s\n", behaviour->name, shape->producers, shape->consumers,
             form_names[shape->form], recording_names[recording], line);
  }
  run_free(&run);
}

static void show(const struct tally *tally, const char *name) {
  printf(
      "\n%s: %u of %u kinds right (%.1f%%), %u unbounded missed, %u alleged; figures wrong in %u "
      "runs\n%-18s",
      name, tally->right, tally->of, 100.0 * tally->right / (tally->of ? tally->of : 1),
      tally->missed, tally->alarms, tally->figures_wrong, "is \\ said");
  for (unsigned said = 0; said <= QUEUE_KINDS; said++)
    printf(" %9.9s", judgement_kind_name(said));
  for (unsigned row = 0; row <= QUEUE_KINDS; row++) {
    unsigned sum = 0;
    for (unsigned said = 0; said <= QUEUE_KINDS; said++)
      sum += tally->said[row][said];
    if (!sum) continue;
    printf("\n%-18s", judgement_kind_name(row));
    for (unsigned said = 0; said <= QUEUE_KINDS; said++)
      tally->said[row][said] ? printf(" %9u", tally->said[row][said]) : printf(" %9s", ".");
  }
  printf("\n");
}

int main(int argc, char **argv) {
  uint64_t seed = 1;
  for (int option; (option = getopt(argc, argv, "qs:")) != -1;) {
    if (option == 'q')
      quiet = true;
    else if (option == 's')
      seed = strtoull(optarg, NULL, 10);
    else
      return 2;
  }
  for (int i = optind; i < argc; i++) {
    const struct behaviour *behaviour = behaviour_find(argv[i]);
    if (!behaviour) {
      fprintf(stderr, "zoo_virtual: no behaviour is named %s\n", argv[i]);
      return 2;
    }
    behaviour_shapes(behaviour, seed, visit, NULL);
  }
  const struct behaviour *const all[] = {queue_behaviours, store_behaviours};
  for (unsigned i = 0; i < 2 && optind == argc; i++)
    for (const struct behaviour *behaviour = all[i]; behaviour->name; behaviour++)
      behaviour_shapes(behaviour, seed, visit, NULL);
  for (enum recording recording = 0; recording < RECORDINGS; recording++)
    show(&tallies[recording], recording_names[recording]);
  return 0;
}
