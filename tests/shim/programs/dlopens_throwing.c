/* A C program that loads a C++ plugin: its exceptions must work, and the unwinder that it finds
 * must be libgcc_s, not one of the recorder's. */
#include <dlfcn.h>

#include "say.h"

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

int main(int argc, char **argv) {
  NEED(argc == 2);
  free(malloc(16505));
  void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  NEED(plugin);
  int (*throwing)(int) = (int (*)(int))dlsym(plugin, "plugin_throw");
  NEED(throwing);
  for (int i = 0; i < 10; i++)
    NEED(throwing(i) == i + 1);
  Dl_info where;
  void *raise = dlsym(plugin, "_Unwind_RaiseException");
  NEED(raise && dladdr(raise, &where));
  say("_Unwind_RaiseException in %s\n", base_name(where.dli_fname));
  say("global: %s\n", dlsym(RTLD_DEFAULT, "_Unwind_Backtrace") ? "yes" : "no");
  return 0;
}
