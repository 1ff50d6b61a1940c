/* select.h - which sites a report shows, and in which order. */
#ifndef DWELL_SELECT_H
#define DWELL_SELECT_H

#include <regex.h>
#include <stddef.h>

#include "symbols.h"
#include "trace_file.h"

enum sort_key { SORT_HELD, SORT_TOTAL, SORT_AT_PEAK, SORT_AT_END, SORT_LIFETIME, SORT_BLOCKS };

struct selection_options {
  enum sort_key sort;
  size_t top;                /* 0: all */
  double min_lifetime_ns;    /* mean lifetimes shorter than this are left out */
  double min_lifetime_share; /* the same, as a share of the run */
  const char *thread;        /* born or freed in a thread of this name; NULL: any */
  const regex_t *grep;       /* matches function, file or module of a birth stack; NULL: any */
};

struct selection {
  size_t *sites;  /* indexes into profile->sites, best first */
  size_t count;   /* those to show: at most options->top */
  size_t matched; /* those that the options let through */
};

/* The sort key as the option has it ("held", ...); and back: -1 when there is none. */
const char *select_key_name(enum sort_key key);
int select_key_of(const char *name);
/* What sites are sorted by; and the same of the whole run, 0 where a sum makes no sense. */
double select_figure(const struct site *site, enum sort_key key);
double select_whole(const struct profile *profile, enum sort_key key);
double select_mean_lifetime_ns(const struct site *site);

/* Returns 0, or -ENOMEM. `symbols` is used for grep only. To be freed by select_free(). */
int select_sites(const struct trace_file *file, const struct profile *profile,
                 struct symbols *symbols, const struct selection_options *options,
                 struct selection *selection);
void select_free(struct selection *selection);

#endif
