/* Files of src/ that are part of the program: nothing is looked up on disk at run time. src/meson.build names them, and
 * tools/embed.c turns them into C. Any thread. */
#pragma once

#include <stddef.h>

typedef struct {
    const char *path; /* below src/: "report/gallery.css" */
    const char *text; /* size bytes, with a 0 behind them */
    size_t size;
} Embedded;

/* All of them; the last one has no path. */
extern const Embedded embedded_files[];

/* The text of a file, which must be there. */
const char *embedded_text(const char *path);
