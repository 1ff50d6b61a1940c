/* Loses something that the recorder needs, after 1,000 blocks of 27011 and before 30,000 of 27017
 * in two threads: as its argument says fsize      the size of files is limited to what the trace
 * has, or less (SIGXFSZ kills) disk       a file of its own fills the disk of the directory of its
 * second argument user       root's rights (the user becomes nobody) root       the file tree
 * (chroot to an empty directory), and all descriptors above 2 directory  the directory of the
 * trace, its second argument, which is removed with the trace; and all descriptors above 2 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "say.h"

static void fill_disk(const char *directory) {
  static char zeros[65536];
  char path[4096];
  snprintf(path, sizeof(path), "%s/filler", directory);
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  NEED(fd >= 0);
  for (size_t piece = sizeof(zeros); piece; piece /= 2)
    while (write(fd, zeros, piece) > 0)
      continue;
  NEED(errno == ENOSPC);
  close(fd);
}

static void lose(const char *what, const char *directory) {
  char command[4200];
  if (strcmp(what, "fsize") == 0) {
    struct rlimit limit = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    NEED(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  } else if (strcmp(what, "disk") == 0) {
    fill_disk(directory);
  } else if (strcmp(what, "user") == 0) {
    NEED(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
  } else if (strcmp(what, "root") == 0) {
    NEED((mkdir("empty", 0700) == 0 || errno == EEXIST) && chroot("empty") == 0 && chdir("/") == 0);
    NEED(close_range(3, ~0U, 0) == 0);
  } else if (strcmp(what, "directory") == 0) {
    snprintf(command, sizeof(command), "rm -r %s", directory);
    unsetenv("LD_PRELOAD");
    NEED(system(command) == 0 && close_range(3, ~0U, 0) == 0);
  } else {
    NEED(!"known");
  }
}

static void *body(void *unused) {
  for (int i = 0; i < 15000; i++)
    free(malloc(27017));
  return unused;
}

int main(int argc, char **argv) {
  pthread_t thread;
  NEED(argc >= 2);
  for (int i = 0; i < 1000; i++)
    free(malloc(27011));
  lose(argv[1], argc > 2 ? argv[2] : "");
  NEED(pthread_create(&thread, NULL, body, NULL) == 0);
  body(NULL);
  NEED(pthread_join(thread, NULL) == 0);
  say("alive\n");
  return 0;
}
