/* Loads and unloads two plugins in turn as often as its third argument says, each allocating 16091,
 * while two threads allocate 16097 and a third throws names of symbols at ld.so. */
#include <dlfcn.h>
#include <pthread.h>

#include "say.h"

static _Atomic int stop;

static void *allocates(void *unused) {
  while (!stop)
    free(malloc(16097));
  return unused;
}

static void *looks_up(void *unused) {
  while (!stop) {
    NEED(dlsym(RTLD_DEFAULT, "malloc"));
    dlsym(RTLD_DEFAULT, "no_such_symbol"); /* allocates its error text */
    dlerror();
  }
  return unused;
}

int main(int argc, char **argv) {
  pthread_t threads[3];
  NEED(argc == 4);
  for (int i = 0; i < 3; i++)
    NEED(pthread_create(&threads[i], NULL, i < 2 ? allocates : looks_up, NULL) == 0);
  for (int i = 0; i < atoi(argv[3]); i++) {
    void *plugin = dlopen(argv[1 + i % 2], RTLD_NOW | RTLD_LOCAL);
    NEED(plugin);
    void *(*make)(size_t) = (void *(*)(size_t))dlsym(plugin, "plugin_make");
    NEED(make);
    free(make(16091));
    NEED(dlclose(plugin) == 0);
  }
  stop = 1;
  for (int i = 0; i < 3; i++)
    pthread_join(threads[i], NULL);
  say("done\n");
  return 0;
}
