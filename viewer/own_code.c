/* own_code.c - see own_code.h. Tables of what the runtimes of C, C++ and Rust look like. */
#include "own_code.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

/* base names of modules */
static const char *const runtime_modules[] = {
    "libc.so*",        "libc-[0-9]*.so", "libc.musl*",    "ld-linux*",   "ld-musl*",
    "libpthread*.so*", "libm.so*",       "libdl.so*",     "librt.so*",   "libgcc_s*.so*",
    "libstdc++.so*",   "libc++.so*",     "libc++abi.so*", "libstd-*.so", "libdwell.so*",
    "libjemalloc*",    "libtcmalloc*",   "libmimalloc*",  "libasan.so*", "libtsan.so*",
    "*vdso*",
};

/* demangled, without parameters */
static const char *const runtime_functions[] = {
    /* the allocator's interface and what wraps it by any name: the caller says more */
    "malloc",
    "calloc",
    "realloc",
    "reallocarray",
    "free",
    "cfree",
    "memalign",
    "aligned_alloc",
    "posix_memalign",
    "valloc",
    "pvalloc",
    "strdup",
    "strndup",
    "operator new*",
    "operator delete*",
    "*[._a-z]malloc",
    "*[._a-z]calloc",
    "*[._a-z]realloc",
    "*[._a-z]strdup",
    "*[a-z]Malloc",
    "*[a-z]Calloc",
    "*[a-z]Realloc",
    "xmalloc*",
    "xcalloc*",
    "xrealloc*",
    "g_malloc*",
    "g_realloc*",
    "*_mem_*alloc*",
    "mem_*alloc*",
    "*Mem_*alloc*",
    "g_strdup*",
    /* before main and around threads */
    "_start",
    "__libc_start_*",
    "__libc_csu_*",
    "start_thread",
    "clone",
    "clone3",
    "__restore_rt",
    /* C++ */
    "std::*",
    "__gnu_cxx::*",
    "__cxxabiv1::*",
    "__cxa_*",
    /* Rust */
    "alloc::*",
    "core::*",
    "hashbrown::*",
    "<alloc::*",
    "<core::*",
    "<std::*",
    "<hashbrown::*",
    "__rust_*",
    "__rustc::*",
    "__rdl_*",
    "__rg_*",
    "rust_*",
};

/* where sources of runtimes lie */
static const char *const runtime_files[] = {
    "/rustc/*",           "library/core/src/*",  "library/alloc/src/*",
    "library/std/src/*",  "*/.cargo/registry/*", "*/rustlib/src/*",
    "/usr/include/c++/*", "*/include/c++/v1/*",
};

#define MATCHES(name, patterns) matches(name, patterns, sizeof(patterns) / sizeof *(patterns))
static bool matches(const char *name, const char *const *patterns, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (fnmatch(patterns[i], name, 0) == 0) return true;
  return false;
}

static bool starts_with(const char *text, const char *prefix) {
  return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool own_code_is_system(const char *path) {
  if (starts_with(path, "/usr/local/")) return false;
  return starts_with(path, "/usr/") || starts_with(path, "/lib") || starts_with(path, "/bin/") ||
         starts_with(path, "/sbin/") || starts_with(path, "/nix/store/");
}

bool own_code_is_library(const char *module, const char *function, const char *file,
                         bool system_program) {
  const char *slash = strrchr(module, '/');
  if (MATCHES(slash ? slash + 1 : module, runtime_modules)) return true;
  if (!system_program && own_code_is_system(module)) return true;
  if (function && MATCHES(function, runtime_functions)) return true;
  return file && MATCHES(file, runtime_files);
}
