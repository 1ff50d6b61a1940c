/* steps BUILD kill|jump|interrupt COUNT WARM_UP VARIABLE: the recorder is stopped after single
 * instructions.
 *
 * steps_host runs under ptrace, instruction by instruction from its WARM_UP-th operation on. A
 * trace is what its file has, and the kernel has that: so after each instruction that changed the
 * file it is what a SIGKILL there would leave, and is held against the ledger.
 *
 * kill: COUNT operations of one run, looked at after each instruction.
 * jump: COUNT runs, in each of which the hook is left by siglongjmp after another change of the
 * file; the program then goes on to its end.
 * interrupt: the same with a handler that allocates and returns; nothing else may be missing.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger.h"
#include "ledger_check.h"

#define OPERATIONS_AFTER_JUMP 150

static char directory[] = "/tmp/dwell-steps-XXXXXX";
static char trace[64], book[64], host[4096], preload[4200], out[80];
static char operations[32], warm_up[32];
static struct ledger *ledger;
static uint64_t own_start, own_end; /* libdwell.so's code in the host */

static void fail(const char *what) {
  fprintf(stderr, "steps: %s: %s\n", what, strerror(errno));
  exit(1);
}

static pid_t start(char *variable) {
  memset(ledger, 0, sizeof *ledger);
  unlink(trace);
  char *argv[] = {host, book, operations, warm_up, NULL}, *envp[] = {preload, out, variable, NULL};
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    execve(host, argv, envp);
    _exit(127);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) fail(host);
  ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_EXITKILL);
  return child;
}

/* The executable mapping of libdwell.so. */
static void find_own(pid_t child) {
  char path[64], line[4400];
  snprintf(path, sizeof path, "/proc/%d/maps", child);
  FILE *maps = fopen(path, "r");
  if (!maps) fail(path);
  while (fgets(line, sizeof line, maps)) {
    unsigned long start, end;
    char permissions[5];
    if (strstr(line, "/libdwell.so") &&
        sscanf(line, "%lx-%lx %4s", &start, &end, permissions) == 3 && permissions[2] == 'x') {
      own_start = start;
      own_end = end;
    }
  }
  fclose(maps);
}

/* Goes on with the host. False when it has ended; *status is of waitpid(2). */
static bool go_on(pid_t child, enum __ptrace_request how, int signal, int *status) {
  if (ptrace(how, child, NULL, (void *)(intptr_t)signal) != 0) fail("ptrace");
  if (waitpid(child, status, 0) != child) fail("waitpid");
  return WIFSTOPPED(*status);
}

static uint64_t instruction(pid_t child) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, child, NULL, &registers) != 0) fail("registers");
  return registers.rip;
}

/* ---- kill ------------------------------------------------------------------------------- */

/* The file as it was looked at last. */
static char *seen, *now;
static size_t file_bytes;

static bool file_has_changed(void) {
  static ino_t inode;
  struct stat file;
  if (stat(trace, &file) != 0) fail(trace);
  if ((size_t)file.st_size != file_bytes || file.st_ino != inode) {
    inode = file.st_ino;
    int fd = open(trace, O_RDONLY | O_CLOEXEC);
    if (now) munmap(now, file_bytes);
    free(seen);
    file_bytes = (size_t)file.st_size;
    seen = malloc(file_bytes);
    now = mmap(NULL, file_bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (!seen || now == MAP_FAILED) fail(trace);
    close(fd);
  } else if (memcmp(seen, now, file_bytes) == 0) {
    return false;
  }
  memcpy(seen, now, file_bytes);
  return true;
}

static int kill_everywhere(char *variable, uint64_t *points, uint64_t *folded) {
  int faults = 0, status;
  uint64_t steps = 0;
  pid_t child = start(variable);
  bool runs = go_on(child, PTRACE_CONT, 0, &status); /* to the first breakpoint */
  find_own(child);
  while (runs && faults < 10) {
    runs = go_on(child, PTRACE_SINGLESTEP, 0, &status);
    uint64_t at = runs ? instruction(child) : 0;
    steps++;
    if (at < own_start || at >= own_end || !file_has_changed()) continue;
    struct ledger_verdict verdict;
    int result = ledger_compare(trace, ledger, 1, &verdict);
    if (result < 0 || verdict.faults) {
      fprintf(stderr, "steps: at libdwell.so's code + %#llx, step %llu, %llu births (%d)\n",
              (unsigned long long)(at - own_start), (unsigned long long)steps,
              (unsigned long long)ledger->threads[0].births, result);
      faults++;
    }
    *folded = verdict.folded;
    (*points)++;
  }
  if (runs) kill(child, SIGKILL), waitpid(child, &status, 0);
  return faults;
}

/* ---- jump ------------------------------------------------------------------------------- */

/* From the `operation`-th breakpoint on, goes as far as the `changes`-th change of the file and so
 * many instructions in libdwell.so more, sends the signal, and lets the host end. Between two
 * changes there is nothing that matters but what the recorder keeps for itself. */
static int signal_once(char *variable, int signal, long operation, long changes, long steps,
                       uint64_t *folded) {
  int status;
  uint64_t at = 0;
  pid_t child = start(variable);
  bool runs = go_on(child, PTRACE_CONT, 0, &status);
  find_own(child);
  while (runs && --operation > 0)
    runs = go_on(child, PTRACE_CONT, 0, &status);
  if (runs) (void)file_has_changed();
  while (runs && (changes > 0 || steps > 0)) {
    runs = go_on(child, PTRACE_SINGLESTEP, 0, &status);
    at = runs ? instruction(child) : 0;
    if (at < own_start || at >= own_end) continue;
    if (changes > 0)
      changes -= file_has_changed();
    else
      steps--;
  }
  int pending = signal;
  while (runs) {
    runs = go_on(child, PTRACE_CONT, pending, &status);
    pending = runs && WSTOPSIG(status) != SIGTRAP ? WSTOPSIG(status) : 0;
  }
  struct ledger_verdict verdict = {0};
  int result = ledger_compare(trace, ledger, signal == SIGUSR1, &verdict);
  *folded += verdict.folded;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && result == 0 && verdict.faults == 0) return 0;
  fprintf(stderr, "steps: signal at libdwell.so's code + %#llx: wait status %#x (%d)\n",
          (unsigned long long)(at - own_start), (unsigned)status, result);
  return 1;
}

static int signal_somewhere(char *variable, int signal, long count, uint64_t *folded) {
  int faults = 0;
  for (long i = 0; i < count && faults < 10; i++)
    faults += signal_once(variable, signal, 1 + i % 53, 1 + i * 7 % 29, i % 5, folded);
  return faults;
}

int main(int argc, char **argv) {
  if (argc != 6 || !mkdtemp(directory)) {
    fputs("usage: steps BUILD kill|jump|interrupt COUNT WARM_UP VARIABLE (BUILD absolute)\n",
          stderr);
    return 2;
  }
  const bool killing = strcmp(argv[2], "kill") == 0;
  const long count = atol(argv[3]), first = atol(argv[4]);
  snprintf(host, sizeof host, "%s/tests/stress/steps_host", argv[1]);
  snprintf(preload, sizeof preload, "LD_PRELOAD=%s/libdwell.so", argv[1]);
  snprintf(trace, sizeof trace, "%s/trace.dwl", directory);
  snprintf(book, sizeof book, "%s/ledger", directory);
  snprintf(out, sizeof out, "DWELL_OUT=%s", trace);
  snprintf(operations, sizeof operations, "%ld", first + (killing ? count : OPERATIONS_AFTER_JUMP));
  snprintf(warm_up, sizeof warm_up, "%ld", first);
  int fd = open(book, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof *ledger) != 0) fail(book);
  ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (ledger == MAP_FAILED) fail(book);
  close(fd);
  uint64_t points = (uint64_t)count, folded = 0;
  int faults;
  if (killing) {
    points = 0;
    faults = kill_everywhere(argv[5], &points, &folded);
  } else {
    const int signal = strcmp(argv[2], "jump") == 0 ? SIGUSR1 : SIGUSR2;
    faults = signal_somewhere(argv[5], signal, count, &folded);
  }
  unlink(trace);
  unlink(book);
  rmdir(directory);
  printf("steps %s, %s: %llu points, %llu blocks folded, %d faults\n", argv[2], argv[5],
         (unsigned long long)points, (unsigned long long)folded, faults);
  return faults != 0;
}
