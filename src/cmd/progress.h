/* How far a tool is: a bar that is redrawn on a terminal, or a line now and then in a pipe, on standard error. Of one thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *what; /* "captured" */
    bool live;        /* a terminal */
    int last;         /* what was told last; -1: nothing */
    int64_t told_ms;
} Progress;

/* Begins with nothing told. */
Progress progress_begin(const char *what);

/* So many of all are done. */
void progress_show(Progress *progress, int done, int all);

/* Ends it: the bar goes. */
void progress_end(Progress *progress);
