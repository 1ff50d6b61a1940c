// Exceptions thrown through frames that allocate, in the main thread and in others. 8009 is
// allocated in each throwing frame and freed by its destructor; the exception carries 8011.
#include <stdexcept>
#include <thread>

#include "say.h"

struct block {
  void *memory = malloc(8009);
  ~block() { free(memory); }
};
struct cargo {
  void *memory = malloc(8011);
  cargo() = default;
  cargo(const cargo &) : memory(malloc(8011)) {}
  ~cargo() { free(memory); }
};

static int thrower(int depth) {
  block here;
  if (depth == 0) throw cargo();
  return thrower(depth - 1) + 1;
}

static int caught() {
  int count = 0;
  for (int i = 0; i < 50; i++) {
    try {
      thrower(10);
    } catch (const cargo &) {
      count++;
    }
  }
  return count;
}

int main() {
  int in_threads[4], total = caught();
  std::thread threads[4];
  for (int i = 0; i < 4; i++)
    threads[i] = std::thread([&in_threads, i] { in_threads[i] = caught(); });
  for (int i = 0; i < 4; i++) {
    threads[i].join();
    total += in_threads[i];
  }
  say("caught %d\n", total);
}
