/* The malloc family: each function's calls counted once, with the size that was asked for. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

Test(family, totals_of_malloc_and_calloc_are_exact) {
  struct trial *trial = TRIAL(.program = "basics");
  struct recording *recording = recording_only(trial);
  const struct profile *profile = recording->profile;
  /* 3 x 101, 203, two of no bytes (counted as 1 each), 1009 */
  cr_assert_eq(profile->births, 7);
  cr_assert_eq(profile->deaths, 5);
  cr_assert_eq(profile->reallocations, 0);
  cr_assert_eq(profile->total.blocks, 7);
  cr_assert_eq(profile->total.bytes, 3 * 101 + 203 + 1 + 1009 + 1);
  cr_assert_eq(profile->peak.bytes, 1009 + 1);
  cr_assert_eq(profile->at_end.blocks, 2);
  cr_assert_eq(profile->at_end.bytes, 1009 + 1);
  cr_assert_eq(recording_tally(recording, 101).births, 3);
  cr_assert_eq(recording_tally(recording, 101).at_end, 0);
  cr_assert_eq(recording_tally(recording, 203).births, 1);
  cr_assert_eq(recording_tally(recording, 1009).at_end, 1);
  recording_free(recording);
  trial_free(trial);
}

Test(family, a_stack_leads_to_the_call_in_main) {
  struct trial *trial = TRIAL(.program = "basics");
  struct recording *recording = recording_only(trial);
  const struct site *site = recording_tally(recording, 1009).site;
  cr_assert(site);
  const struct frame *frames;
  cr_assert_geq(symbols_stack(recording->symbols, site->stack, 0, &frames), 2);
  /* no frame of the recorder's own: the leaf is who called malloc */
  cr_assert_str_eq(frames[0].function, "main");
  cr_assert(strstr(frames[0].file, "basics.c"));
  recording_free(recording);
  trial_free(trial);
}

Test(family, realloc_resizes_the_same_block) {
  struct trial *trial = TRIAL(.program = "reallocs");
  struct recording *recording = recording_only(trial);
  const struct profile *profile = recording->profile;
  /* births: grown, wall, shrunk, same, from_null, to_zero, failed, array, kept */
  cr_assert_eq(profile->births, 9);
  cr_assert_eq(profile->reallocations, 5);
  cr_assert_eq(profile->total.blocks, 14);
  cr_assert_eq(profile->deaths, 8);
  cr_assert_eq(profile->total.bytes, 1001 + 500001 + 1003 + 2003 + 203 + 3001 + 3002 + 4001 + 5003 +
                                         6007 + 7007 + 8008 + 9001 + 9011);
  cr_assert_eq(profile->at_end.blocks, 1);
  cr_assert_eq(profile->at_end.bytes, 9011);
  /* the site of a block is where it was born, whatever its size became */
  cr_assert_eq(recording_site(recording, 2, 1001 + 500001)->deaths, 1);
  cr_assert_eq(recording_site(recording, 2, 2003 + 203)->deaths, 1);
  cr_assert_eq(recording_site(recording, 2, 3001 + 3002)->reallocations, 1);
  cr_assert_eq(recording_site(recording, 2, 9001 + 9011)->at_end.bytes, 9011);
  /* realloc(NULL) is a birth, realloc(p, 0) a death, a failed one nothing */
  cr_assert_eq(recording_tally(recording, 4001).births, 1);
  cr_assert_eq(recording_tally(recording, 5003).deaths, 1);
  cr_assert_eq(recording_tally(recording, 6007).deaths, 1);
  recording_free(recording);
  trial_free(trial);
}

Test(family, aligned_requests_count_as_asked) {
  static const uint64_t sizes[] = {1511, 1523, 1536, 1543, 1549, 1559};
  struct trial *trial = TRIAL(.program = "aligned");
  struct recording *recording = recording_only(trial);
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    struct tally tally = recording_tally(recording, sizes[i]);
    cr_assert_eq(tally.births, 1, "%lu: %lu births", sizes[i], tally.births);
    cr_assert_eq(tally.deaths, 1, "%lu: %lu deaths", sizes[i], tally.deaths);
  }
  cr_assert_eq(recording->profile->births, 6);
  recording_free(recording);
  trial_free(trial);
}

Test(family, errno_is_left_as_it_was) {
  /* the program prints errno after each call: the same lines as without the recorder */
  struct trial *trial = TRIAL(.program = "errno_kept");
  cr_assert(strstr(trial->out, "errno 77"));
  trial_free(trial);
}

Test(family, blocks_before_and_after_main_are_recorded) {
  static const uint64_t sizes[] = {11003, 11027, 11047, 11057, 11059};
  struct trial *trial = TRIAL(.program = "lifecycle");
  struct recording *recording = recording_only(trial);
  for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
    struct tally tally = recording_tally(recording, sizes[i]);
    cr_assert_eq(tally.births, 1, "%lu: %lu births", sizes[i], tally.births);
    cr_assert_eq(tally.deaths, 1, "%lu: %lu deaths", sizes[i], tally.deaths);
  }
  cr_assert_eq(recording->info->missing.early_events, 0);
  cr_assert_eq(recording->info->ending, RUN_ENDED_EXIT);
  recording_free(recording);
  trial_free(trial);
}

Test(family, deep_stacks_are_kept_or_marked_as_cut) {
  struct trial *trial = TRIAL(.program = "deep");
  struct recording *recording = recording_only(trial);
  static const struct {
    uint64_t size;
    size_t digs;
    bool cut;
  } cases[] = {{21001, 41, false}, {21011, 901, false}, {21013, 0, true}};
  for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
    struct tally tally = recording_tally(recording, cases[c].size);
    cr_assert_eq(tally.sites, 1);
    cr_assert_eq(tally.births, 3);
    size_t digs = 0;
    bool cut = false;
    const struct frame *frames;
    size_t count = symbols_stack(recording->symbols, tally.site->stack, 0, &frames);
    for (size_t i = 0; i < count; i++)
      digs += frames[i].function && strcmp(frames[i].function, "dig") == 0;
    for (const struct stack_node *node = trace_file_node(recording->file, tally.site->stack); node;
         node = trace_file_node(recording->file, node->parent))
      cut |= node->module == 0 && node->pc == 1; /* TRACE_PC_TRUNCATED */
    cr_assert_eq(cut, cases[c].cut);
    if (cases[c].cut) /* in steps of half the limit of 1,024 frames */
      cr_assert(digs >= 500 && digs <= 1024, "%zu", digs);
    else
      cr_assert_eq(digs, cases[c].digs, "%zu", digs);
  }
  recording_free(recording);
  trial_free(trial);
}

Test(family, equal_stack_pointers_do_not_make_equal_stacks) {
  struct trial *trial = TRIAL(.program = "shifts");
  struct recording *recording = recording_only(trial);
  struct tally one = recording_tally(recording, 40009), other = recording_tally(recording, 40013);
  cr_assert_eq(one.births, 500);
  cr_assert_eq(other.births, 500);
  cr_assert_eq(one.sites, 1);
  cr_assert_eq(other.sites, 1);
  cr_assert_neq(one.site, other.site);
  recording_free(recording);
  trial_free(trial);
}
