/* profile.c - what is done with a finished profile; pairing.c makes it. */
#include "profile.h"

#include <stdlib.h>

size_t profile_find_site(const struct profile *profile, uint32_t stack) {
  if (stack >= profile->site_index_count || profile->site_index[stack] == 0) return SIZE_MAX;
  return profile->site_index[stack] - 1;
}

void profile_free(struct profile *profile) {
  if (!profile) return;
  for (size_t i = 0; i < profile->site_count; i++) {
    struct site *site = &profile->sites[i];
    histogram_free(&site->lifetimes);
    free(site->birth_threads.of);
    free(site->death_threads.of);
    free(site->death_stacks.of);
    free(site->resize_stacks.of);
  }
  free(profile->sites);
  free(profile->site_index);
  free(profile->site_intervals);
  free(profile);
}
