/* Loads a plugin, has it allocate 16033 (kept) and 16057 (freed after it is gone), unloads it,
 * loads another in its place. Arguments: two plugins. */
#include <dlfcn.h>

#include "say.h"

int main(int argc, char **argv) {
  NEED(argc == 3);
  for (int round = 0; round < 2; round++) {
    void *plugin = dlopen(argv[1 + round], RTLD_NOW | RTLD_LOCAL);
    NEED(plugin);
    void *(*make)(size_t) = (void *(*)(size_t))dlsym(plugin, "plugin_make");
    NEED(make);
    void *kept = make(16033), *freed = make(16057);
    NEED(kept);
    NEED(dlclose(plugin) == 0);
    free(freed);
  }
  say("done\n");
  return 0;
}
