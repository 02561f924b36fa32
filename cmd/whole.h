/* Inside the verbs that write files: one that is there whole, or as it was before. */
#ifndef SALLYPORT_CMD_WHOLE_H
#define SALLYPORT_CMD_WHOLE_H

#include <stdbool.h>
#include <stdio.h>

/* Writes all there is; false when it cannot. */
typedef bool whole_write(FILE *file, const void *what);

/*
 * Written beside its place under another name, and put there at the end: an interruption, a full disk or `write` saying false leaves
 * what was there. A link stays one, and the mode what it was. What is no plain file (/dev/stdout, a pipe) is written to. False after a complaint.
 */
bool whole_file(const char *path, whole_write *write, const void *what);
/* For whole_file: `what` is a json_t, which is indented. */
bool whole_json(FILE *file, const void *what);

#endif
