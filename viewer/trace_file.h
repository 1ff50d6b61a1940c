/* trace_file.h - a trace opened for reading: its slots checked and indexed, its names gathered.
 *
 * Reads any file that claims to be a trace: cut, damaged, foreign, or still being written; never
 * crashes, never uses memory out of proportion to the file, counts what it leaves out.
 */
#ifndef DWELL_TRACE_FILE_H
#define DWELL_TRACE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diagnosis/residences.h"
#include "profile.h"
#include "run_info.h"

struct trace_file;

/* A node of the stack tree. */
struct stack_node {
  uint32_t parent; /* 0: root */
  uint32_t module; /* index for trace_file_module(), 0 none */
  uint64_t pc;     /* absolute, as it was in the process: return address; or an enum trace_mark */
};

struct module {
  const char *path;
  const uint8_t *build_id;
  size_t build_id_bytes;
  uint64_t base, start, size;  /* load bias; mapping */
  uint64_t loaded_ns, gone_ns; /* gone_ns: UINT64_MAX while loaded */
};

/* Opens and indexes. Returns 0, or -errno / -EBADMSG (not a trace, head damaged) / -ENOTSUP (newer
 * major version); then `message` (at least 512 bytes) says what, where, and what to do next. */
int trace_file_open(const char *path, struct trace_file **file, char message[512]);
void trace_file_close(struct trace_file *file);

const struct run_info *trace_file_info(const struct trace_file *file);

/* Node by id; NULL when the id is 0 or not in the file. */
const struct stack_node *trace_file_node(const struct trace_file *file, uint32_t id);
/* The same for the diagnosis; valid as long as the file is open. */
struct stack_tree trace_file_stacks(const struct trace_file *file);
uint32_t trace_file_module_count(const struct trace_file *file); /* ids are 1..count */
const struct module *trace_file_module(const struct trace_file *file, uint32_t id);
/* Threads by name index: several threads of one name share an index. Never NULL. */
const char *trace_file_thread_name(const struct trace_file *file, uint32_t name_index);

/* One pass over all events: pairs births with deaths and fills a profile, to be freed with
 * profile_free(). `timeline` may be NULL; else its `stack` says which site is wanted. `progress`
 * may be NULL; it is called now and then with the share done, 0..1. Also completes
 * trace_file_info() (duration, missing, rss_at_peak). Returns 0, -ENOMEM or -EIO. */
int trace_file_profile(struct trace_file *file, struct profile **profile, struct timeline *timeline,
                       void (*progress)(void *context, double share), void *context);
/* Another pass, for the residences of the candidates; to be freed with residences_free(). Returns
 * 0, -ENOMEM or -EIO; then there is nothing to free. */
int trace_file_residences(struct trace_file *file, const struct profile *profile,
                          const struct candidates *candidates, struct residences *residences,
                          void (*progress)(void *context, double share), void *context);

#endif
