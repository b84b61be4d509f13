#include "base/embedded.h"

#include <glib.h>
#include <string.h>

const char *embedded_text(const char *path) {
    for (const Embedded *file = embedded_files; file->path; file++)
        if (strcmp(file->path, path) == 0)
            return file->text;
    g_assert_not_reached();
}
