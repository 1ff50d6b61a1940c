/* trace_control TRACE: prints "STOP DROPPED STACK_NODES" of the recorder's control page: whether
 * the recording is whole, and how big its stack tree was. */
#include <stdio.h>

#include "shim/trace.h"

int main(int argc, char **argv) {
  struct trace_control control;
  if (argc != 2) return 2;
  FILE *in = fopen(argv[1], "rb");
  if (!in || fseek(in, TRACE_CONTROL_OFFSET, SEEK_SET) != 0 ||
      fread(&control, sizeof control, 1, in) != 1) {
    perror(argv[1]);
    return 1;
  }
  fclose(in);
  printf("%llu %llu %llu\n", (unsigned long long)control.stop, (unsigned long long)control.dropped,
         (unsigned long long)control.stack_nodes);
  return 0;
}
