/* quantity.h - numbers as people write them on a command line. */
#ifndef PRODUCER_QUANTITY_H
#define PRODUCER_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Return false when the text is not that; *value is untouched then. */
bool quantity_count(const char *text, uint64_t *value); /* digits only */
bool quantity_size(const char *text, uint64_t *bytes);  /* 4096, 16KiB, 1.5MiB, 2kB */
bool quantity_duration(const char *text, uint64_t *ns); /* 500us, 2ms, 1.5s, 2min; 0 */

/* Write a figure with a fitting unit and return `out`. */
const char *quantity_print_size(uint64_t bytes, char out[24]);
const char *quantity_print_duration(uint64_t ns, char out[24]);

#endif
