// What main.c, which knows about files and the command line, and steps.c, which knows about steps, ask of each other.
#ifndef STEPS_H
#define STEPS_H

#include "host.h"

/** Carries out the step on a line: 1, or 0 when the line is blank. */
int step_run(const char *line, size_t size);

/** A file of the script's folder; new. */
struct bytes file_read(const char *name);
void file_write(const char *name, struct bytes bytes);

#endif
