/* site_account.h - what is kept of a site while a profile is being made, beside struct site. Shared
 * by the parts of the pairing (pairing.c, pairing_fold.c, pairing_finish.c) and by nobody else. */
#ifndef DWELL_SITE_ACCOUNT_H
#define DWELL_SITE_ACCOUNT_H

#include "pairing.h"
#include "sampling.h"
#include "share_table.h"

struct site_account {
  unsigned __int128 held;           /* byte-ticks */
  unsigned __int128 lifetime_ticks; /* sum */
  uint64_t lifetime_max_ticks;
  uint64_t first_birth_ticks, last_birth_ticks;
  uint64_t peak_epoch; /* site.at_peak is of this one */
  struct share_table birth_threads, death_threads, death_stacks, resize_stacks;
};

/* The same of folded blocks, apart: what every event touches shall not grow. */
struct folded_account {
  struct figure folded;
  unsigned __int128 held, lifetime_ticks;
  uint64_t lifetime_max_ticks; /* at least */
  uint64_t first_birth_ticks, last_birth_ticks;
};

/* Makes a site for this stack, which has none. Returns 0 or -ENOMEM. */
int pairing_site_new(struct pairing *pairing, uint32_t stack);

/* The site's figures are about to change. */
static inline void save_at_peak(const struct pairing *pairing, struct site *site,
                                struct site_account *account) {
  if (account->peak_epoch == pairing->peak_epoch) return;
  account->peak_epoch = pairing->peak_epoch;
  site->at_peak = site->curr;
  if (pairing->sampling)
    sampling_save_at_peak(pairing->sampling, (size_t)(site - pairing->profile->sites));
}

static inline bool on_timeline(const struct pairing *pairing, const struct site *site) {
  return pairing->timeline.timeline && pairing->timeline.timeline->stack == site->stack;
}

/* Books a block's whole life on its site. */
int pairing_book_life(struct pairing *pairing, const struct block *block, uint64_t ticks);
/* The figures of one site, when all events are in, with its folded blocks. Returns 0 or -ENOMEM. */
void pairing_add_folded(struct pairing *pairing, size_t site);

#endif
