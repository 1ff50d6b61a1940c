/* command_line.h - a command called as main() calls it, and what it says. */
#ifndef TESTS_COMMAND_LINE_H
#define TESTS_COMMAND_LINE_H

#define ARGUMENTS 8

/* Fails the test unless the command returns that code and says exactly that on stderr. At most once
 * in a test. */
void assert_says(int (*command)(int, char **), const char *const arguments[ARGUMENTS], int code,
                 const char *message);
#define SAYS(command, code, message, ...)                                                          \
  assert_says(command, (const char *const[ARGUMENTS]){__VA_ARGS__}, code, message)

#endif
