// C++ thread_local objects whose destructors free 7103 (8 threads).
#include <thread>

#include "say.h"

struct owner {
  void *block = malloc(7103);
  ~owner() { free(block); }
};
static thread_local owner mine;

int main() {
  for (int i = 0; i < 8; i++)
    std::thread([] { NEED(mine.block != nullptr); }).join();
  say("done\n");
}
