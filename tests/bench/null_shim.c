/* null_shim.c - forwards the malloc family and does nothing else: the least that any preloaded tool
 * costs. With -DCOUNT_CALLS it counts what it forwards instead and writes
 * "ALLOCATIONS REALLOCATIONS FREES" to the file that BENCH_COUNT names: the figures that "per
 * event" and "per allocation" divide by come from no tool under test.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY(X)                                                                                  \
  X(malloc, void *, (size_t size))                                                                 \
  X(free, void, (void *block))                                                                     \
  X(calloc, void *, (size_t count, size_t size))                                                   \
  X(realloc, void *, (void *block, size_t size))                                                   \
  X(memalign, void *, (size_t alignment, size_t size))                                             \
  X(aligned_alloc, void *, (size_t alignment, size_t size))                                        \
  X(posix_memalign, int, (void **block, size_t alignment, size_t size))                            \
  X(valloc, void *, (size_t size))                                                                 \
  X(pvalloc, void *, (size_t size))                                                                \
  X(malloc_usable_size, size_t, (void *block))

#define X(name, result, parameters) static result(*next_##name) parameters;
FAMILY(X)
#undef X

#ifdef COUNT_CALLS
static unsigned long allocations, reallocations, frees;
#define COUNT(what) __atomic_fetch_add(&(what), 1, __ATOMIC_RELAXED)

static __attribute__((destructor)) void write_counts(void) {
  const char *path = getenv("BENCH_COUNT");
  FILE *out = path ? fopen(path, "w") : NULL;
  if (!out) return;
  fprintf(out, "%lu %lu %lu\n", allocations, reallocations, frees);
  fclose(out);
}
#else
#define COUNT(what) (void)0
#endif

/* dlsym may call calloc while next_calloc is not known yet: such blocks come from here, zeroed, and
 * are never given back. */
static _Alignas(16) char early[4096];
static size_t early_used;

static __attribute__((noinline)) void *allocate_early(size_t size) {
  size = (size + 15) & ~(size_t)15;
  if (size > sizeof early - early_used) return NULL;
  early_used += size;
  return early + early_used - size;
}

static int is_early(const void *block) {
  return (const char *)block >= early && (const char *)block < early + sizeof early;
}

static __attribute__((constructor, noinline, cold)) void resolve(void) {
  static int resolving;
  if (resolving) return;
  resolving = 1;
#define X(name, result, parameters) *(void **)&next_##name = dlsym(RTLD_NEXT, #name);
  FAMILY(X)
#undef X
}

#define RESOLVED(name) (__builtin_expect(next_##name != NULL, 1) || (resolve(), next_##name))

void *malloc(size_t size) {
  if (!RESOLVED(malloc)) return allocate_early(size);
  COUNT(allocations);
  return next_malloc(size);
}

void free(void *block) {
  if (__builtin_expect(is_early(block), 0) || !RESOLVED(free)) return;
#ifdef COUNT_CALLS
  if (block) COUNT(frees);
#endif
  next_free(block);
}

void *calloc(size_t count, size_t size) {
  if (!RESOLVED(calloc)) return allocate_early(count * size);
  COUNT(allocations);
  return next_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  if (!RESOLVED(realloc)) return NULL;
  if (__builtin_expect(is_early(block), 0)) {
    size_t most = (size_t)(early + sizeof early - (char *)block);
    void *moved = malloc(size);
    return moved ? memcpy(moved, block, size < most ? size : most) : NULL;
  }
#ifdef COUNT_CALLS
  if (block)
    COUNT(reallocations);
  else
    COUNT(allocations);
#endif
  return next_realloc(block, size);
}

void *reallocarray(void *block, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  return realloc(block, bytes);
}

void *memalign(size_t alignment, size_t size) {
  if (!RESOLVED(memalign)) return NULL;
  COUNT(allocations);
  return next_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  if (!RESOLVED(aligned_alloc)) return NULL;
  COUNT(allocations);
  return next_aligned_alloc(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  if (!RESOLVED(posix_memalign)) return ENOMEM;
  COUNT(allocations);
  return next_posix_memalign(block, alignment, size);
}

void *valloc(size_t size) {
  if (!RESOLVED(valloc)) return NULL;
  COUNT(allocations);
  return next_valloc(size);
}

void *pvalloc(size_t size) {
  if (!RESOLVED(pvalloc)) return NULL;
  COUNT(allocations);
  return next_pvalloc(size);
}

size_t malloc_usable_size(void *block) {
  if (is_early(block) || !RESOLVED(malloc_usable_size)) return 0;
  return next_malloc_usable_size(block);
}
