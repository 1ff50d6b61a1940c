// C++'s operators: 100 of 31013 by new, 50 of 31019 by new[], 20 of 31033 by new(nothrow), 10 of 31040
// aligned to 64, all deleted but one of each; a new that throws; in two threads. 31051 is malloc's.
#include <new>
#include <thread>

#include "say.h"

struct alignas(64) wide {
  char bytes[31040];
};
struct thing {
  char bytes[31013];
};

static volatile size_t huge = SIZE_MAX / 4;
static wide *volatile wides[5];
static thing *volatile things[50];
static char *volatile arrays[25], *volatile nothrows[10];

static void all(int keep) {
  for (int i = 0; i < 50; i++)
    things[i] = new thing;
  for (int i = 0; i < 25; i++)
    arrays[i] = new char[31019];
  for (int i = 0; i < 10; i++)
    nothrows[i] = new (std::nothrow) char[31033];
  for (int i = 0; i < 5; i++)
    wides[i] = new wide;
  for (int i = keep; i < 50; i++)
    delete things[i];
  for (int i = keep; i < 25; i++)
    delete[] arrays[i];
  for (int i = keep; i < 10; i++)
    delete[] nothrows[i];
  for (int i = keep; i < 5; i++)
    delete wides[i];
  bool thrown = false;
  try {
    free(new char[huge]);
  } catch (const std::bad_alloc &) {
    thrown = true;
  }
  NEED(thrown);
  free(malloc(31051));
}

int main() {
  all(1);
  std::thread(all, 0).join();
  say("done\n");
}
