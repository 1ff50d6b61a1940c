/* trace_template.h - the names that the recorder may give to traces.
 *
 * A template is what DWELL_OUT holds: %p pid, %c program, %h host, %% a percent sign. The recorder
 * adds .PID (then .PID.2, .PID.3, ...) to a name that is taken. All results are malloc'ed; NULL
 * means no memory unless said otherwise.
 */
#ifndef DWELL_TRACE_TEMPLATE_H
#define DWELL_TRACE_TEMPLATE_H

#include <stdbool.h>

#define TRACE_TEMPLATE_DEFAULT "dwell.%c.%p.dwl"

/* Whether each % is followed by one of p, c, h, %. */
bool trace_template_valid(const char *template);
/* A relative template begins at the working directory; NULL with errno set. */
char *trace_template_absolute(const char *template);
/* The absolute template for exactly this file, whatever its name holds; NULL with errno set. */
char *trace_template_literal(const char *path);
/* The pattern for glob(7) that matches every name that may come of it. */
char *trace_template_pattern(const char *template);
/* The directory of an absolute template; NULL also when the template varies it. */
char *trace_template_directory(const char *template);

#endif
