/* recorder_library.c - finds libdwell.so. Its path is made absolute but symbolic links in it stay:
 * a link is the way around a directory whose name LD_PRELOAD cannot hold. */
#include "recorder_library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "libdwell.so"

static int join(char path[PATH_MAX], const char *directory, const char *name) {
  return snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX ? 0 : -1;
}

static int find_by_environment(const char *named, char path[PATH_MAX], char message[512]) {
  char directory[PATH_MAX];
  if (named[0] == '/') {
    snprintf(path, PATH_MAX, "%s", named);
  } else if (!getcwd(directory, sizeof(directory)) || join(path, directory, named) != 0) {
    snprintf(message, 512, "DWELL_LIBRARY=%s: give an absolute path", named);
    return -1;
  }
  if (access(path, R_OK) == 0) return 0;
  snprintf(message, 512, "DWELL_LIBRARY=%s: %s; unset it, or name a " LIBRARY " that is there",
           named, strerror(errno));
  return -1;
}

static int find_by_binary(char path[PATH_MAX], char message[512]) {
  static const char *const places[] = {LIBRARY, "../lib/" LIBRARY};
  char directory[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", directory, sizeof(directory) - 1);
  if (length < 0) {
    snprintf(message, 512, "/proc/self/exe: %s; set DWELL_LIBRARY to the path of " LIBRARY,
             strerror(errno));
    return -1;
  }
  directory[length] = 0;
  *strrchr(directory, '/') = 0;
  for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
    if (join(path, directory, places[i]) == 0 && access(path, R_OK) == 0) return 0;
  snprintf(message, 512,
           "no " LIBRARY " in %.180s or %.180s/../lib; set DWELL_LIBRARY to its path, or install "
           "dwell again",
           directory, directory);
  return -1;
}

int recorder_library_find(char path[PATH_MAX], char message[512]) {
  const char *named = getenv("DWELL_LIBRARY");
  int error =
      named && named[0] ? find_by_environment(named, path, message) : find_by_binary(path, message);
  if (error) return error;
  /* ld.so splits at spaces and colons and expands $ORIGIN and its like; nothing quotes them */
  if (strpbrk(path, " :$")) {
    snprintf(message, 512,
             "LD_PRELOAD cannot name %.300s: a space, colon or $ is in its path; make a symbolic "
             "link to it elsewhere and set DWELL_LIBRARY to that",
             path);
    return -1;
  }
  return 0;
}

char *recorder_library_preload(const char *path) {
  const char *others = getenv("LD_PRELOAD");
  char *variable;
  if (!others) others = "";
  return asprintf(&variable, "LD_PRELOAD=%s%s%s", path, others[0] ? ":" : "", others) < 0
             ? NULL
             : variable;
}
