/* golden.h - text compared with a file of tests/golden. DWELL_UPDATE_GOLDEN=1 writes the files
 * instead of comparing: look at what changed before you commit it. */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

void golden_assert(const char *name, const char *text);

#endif
