/* signatures.h - what queues, and what only looks like one, look like from births and deaths: one
 * yes-or-no question each, on what was measured of a group. Pure.
 *
 * Which of them together make which kind is verdict.c's. Where a sample can't answer, the answer is
 * no.
 */
#ifndef DWELL_SIGNATURES_H
#define DWELL_SIGNATURES_H

#include <stdbool.h>

#include "measured.h"

/* A rise of so many standard deviations is no chance: the least level must rise as well. */
#define SIGNATURE_CHANCE 1.5

/* ---- order ------------------------------------------------------------------------------ */
bool signature_in_order(const struct measured *measured); /* first in, first out */
bool signature_in_lines(const struct measured *measured); /* each consumer has a line of its own */
bool signature_leaks(const struct measured *measured); /* a part never leaves, the rest in order */

/* ---- what never leaves ------------------------------------------------------------------ */
double signature_never_left(const struct measured *measured); /* share that nobody took out */
bool signature_freed_long_before_the_end(const struct measured *measured); /* all of it */
bool signature_born_early(const struct measured *measured);                /* nearly all of it */
bool signature_grew_little_since(const struct measured *measured); /* most came at the very start */
bool signature_has_ended(
    const struct measured *measured); /* nothing has come for most of the run */

/* ---- a level that is pinned ------------------------------------------------------------- */
bool signature_pinned(const struct measured *measured);   /* at its top, and much passes through */
bool signature_sawtooth(const struct measured *measured); /* between its top and a watermark */
bool signature_turned_away(const struct measured *measured); /* what comes when it is full */
bool signature_leaves_by_a_clock(const struct measured *measured);

/* ---- a level that rises ----------------------------------------------------------------- */
bool signature_rising(const struct measured *measured);                /* to the last arrival */
bool signature_drained_afterwards(const struct measured *measured);    /* one by one, with work */
bool signature_stays_as_long_as_ever(const struct measured *measured); /* more come, none waits */

/* ---- who puts in and takes out ---------------------------------------------------------- */
bool signature_walked_list(const struct measured *measured); /* made and walked in a moment */
bool signature_worked_off(
    const struct measured *measured);                      /* all made first, by who takes it out */
bool signature_exchanged(const struct measured *measured); /* what comes pushes out what leaves, */
bool signature_pushed_out(const struct measured *measured);             /* or may do so */
bool signature_out_of_order_to_others(const struct measured *measured); /* in flight, or cleared */

/* ---- short lives ------------------------------------------------------------------------ */
bool signature_short_lived(const struct measured *measured);
bool signature_empty_again_and_again(const struct measured *measured);

#endif
