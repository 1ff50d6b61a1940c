/* command_line.c - see command_line.h. */
#include "command_line.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>

void assert_says(int (*command)(int, char **), const char *const arguments[ARGUMENTS], int code,
                 const char *message) {
  char *argv[ARGUMENTS + 1] = {NULL};
  int argc = 0;
  for (; argc < ARGUMENTS && arguments[argc]; argc++)
    argv[argc] = (char *)arguments[argc];
  cr_redirect_stderr();
  cr_assert_eq(command(argc, argv), code);
  fflush(stderr);
  cr_assert_stderr_eq_str(message);
}
