/* demangle.c - see demangle.h. libiberty does the work; the shortening only counts brackets. */
#include "demangle.h"

#include <ctype.h>
#include <libiberty/demangle.h>
#include <string.h>

char *demangle_name(const char *name) {
  return cplus_demangle(name, DMGL_ANSI | DMGL_AUTO);
}

/* After the '>' that closes the '<' at `open`; NULL when none does. */
static const char *closing(const char *open) {
  int depth = 0;
  for (const char *at = open; *at; at++) {
    if (*at == '<')
      depth++;
    else if (*at == '>' && at[-1] != '-' && --depth == 0)
      return at + 1;
  }
  return NULL;
}

/* Arguments follow a name ("vector<") or, in Rust, a path ("collect::<"). The brackets of
 * "operator<", "<T as Trait>" and "<lambda" do not. */
static int opens_arguments(const char *name, const char *at) {
  if (*at != '<' || at == name) return 0;
  if (at - name >= 8 && strncmp(at - 8, "operator", 8) == 0) return 0;
  if (isalnum((unsigned char)at[-1]) || at[-1] == '_') return 1;
  return at - name >= 2 && at[-1] == ':' && at[-2] == ':' && strncmp(at, "<impl ", 6) != 0;
}

char *demangle_shorten(const char *name, char *shortened, size_t size) {
  static const char ellipsis[] = "<…>";
  size_t length = 0;
  const char *at = name;
  while (*at) {
    const char *end = opens_arguments(name, at) ? closing(at) : NULL;
    if (end) {
      if (length + sizeof ellipsis > size) break;
      memcpy(shortened + length, ellipsis, sizeof ellipsis - 1);
      length += sizeof ellipsis - 1;
      at = end;
    } else {
      if (length + 1 >= size) break;
      shortened[length++] = *at++;
    }
  }
  shortened[length] = 0;
  return shortened;
}
