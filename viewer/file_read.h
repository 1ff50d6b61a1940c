/* file_read.h - reads a stretch of a file that may be cut, or grow, under us. */
#ifndef DWELL_FILE_READ_H
#define DWELL_FILE_READ_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads fully unless the file ends; returns bytes read, or -errno. */
ssize_t file_read(int fd, void *to, size_t count, uint64_t offset);

#endif
