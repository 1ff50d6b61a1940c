/* trace_template.c - templates into names, patterns and directories. Pure but for the working
 * directory. */
#include "trace_template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool trace_template_valid(const char *template) {
  for (const char *at = strchr(template, '%'); at; at = strchr(at + 2, '%'))
    if (!at[1] || !strchr("pch%", at[1])) return false;
  return true;
}

static char *percents_doubled(const char *path) {
  char *template = malloc(2 * strlen(path) + 1), *out = template;
  if (!template) return NULL;
  for (; *path; path++) {
    if (*path == '%') *out++ = '%';
    *out++ = *path;
  }
  *out = 0;
  return template;
}

char *trace_template_absolute(const char *template) {
  if (template[0] == '/') return strdup(template);
  char *absolute = NULL;
  char *directory = getcwd(NULL, 0);
  char *literal = directory ? percents_doubled(directory) : NULL;
  if (literal && asprintf(&absolute, "%s/%s", literal, template) < 0) absolute = NULL;
  free(literal);
  free(directory);
  return absolute;
}

char *trace_template_literal(const char *path) {
  char *literal = percents_doubled(path);
  char *absolute = literal ? trace_template_absolute(literal) : NULL;
  free(literal);
  return absolute;
}

char *trace_template_pattern(const char *template) {
  char *pattern = malloc(2 * strlen(template) + 2), *out = pattern;
  if (!pattern) return NULL;
  for (const char *in = template; *in; in++) {
    if (*in == '%' && in[1] && strchr("pch", in[1])) {
      *out++ = '*';
      in++;
      continue;
    }
    if (*in == '%' && in[1] == '%') in++;
    if (strchr("*?[\\", *in)) *out++ = '\\';
    *out++ = *in;
  }
  *out++ = '*'; /* the suffix of a taken name */
  *out = 0;
  return pattern;
}

char *trace_template_directory(const char *template) {
  const char *slash = strrchr(template, '/');
  char *directory = strndup(template, slash == template ? 1 : (size_t)(slash - template));
  char *out = directory;
  if (!directory) return NULL;
  for (const char *in = directory; *in; in++) {
    if (*in == '%' && *++in != '%') {
      free(directory);
      return NULL;
    }
    *out++ = *in;
  }
  *out = 0;
  return directory;
}
