/* measure OUT COMMAND ARGUMENTS...: runs a command; writes "WALL_NS CPU_NS PEAK_RSS_BYTES" of it,
 * its waited-for children included, to OUT; ends as it ended.
 *
 * Not GNU time, which counts in 10 ms; not the bench's script itself, since a child's peak RSS
 * begins with what its parent had at the fork: this is small (and linked statically).
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static long long timeval_ns(struct timeval time) {
  return time.tv_sec * 1000000000ll + time.tv_usec * 1000ll;
}

int main(int argc, char **argv) {
  struct rusage usage;
  int status;
  if (argc < 3) return 2;
  long long start = now_ns();
  pid_t pid = fork();
  if (pid < 0) {
    perror("measure: fork");
    return 126;
  }
  if (pid == 0) {
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  if (wait4(pid, &status, 0, &usage) != pid) {
    perror("measure: wait4");
    return 126;
  }
  long long wall = now_ns() - start;
  FILE *out = fopen(argv[1], "w");
  if (!out) {
    perror(argv[1]);
    return 126;
  }
  fprintf(out, "%lld %lld %lld\n", wall, timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime),
          usage.ru_maxrss * 1024ll);
  fclose(out);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
