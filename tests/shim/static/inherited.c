/* Prints what it was started with: open descriptors and signal mask and dispositions. Static, so
 * that no recorder adds to it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  char line[256];
  struct dirent *entry;
  DIR *directory = opendir("/proc/self/fd");
  FILE *status = fopen("/proc/self/status", "re");
  if (!directory || !status) return 1;
  while ((entry = readdir(directory)))
    if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory) &&
        atoi(entry->d_name) != fileno(status))
      printf("descriptor %s\n", entry->d_name);
  while (fgets(line, sizeof(line), status))
    if (strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "SigIgn", 6) == 0 ||
        strncmp(line, "SigCgt", 6) == 0)
      fputs(line, stdout);
  return 0;
}
