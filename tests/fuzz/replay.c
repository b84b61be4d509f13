/* The main() of a fuzz target where there is no libFuzzer: runs it once on each file that the command line names, and
 * on each file of each folder. What was found once stays in corpus/, and is run with the other tests. */

#include "fuzz/fuzz.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

static bool replay_file(const char *path) {
    g_autoptr(GError) error = NULL;
    g_autofree char *data = NULL;
    size_t size = 0;
    if (!g_file_get_contents(path, &data, &size, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return false;
    }
    /* A copy of the exact size, so that AddressSanitizer sees one byte too far. */
    g_autofree uint8_t *exact = g_memdup2(data, size);
    LLVMFuzzerTestOneInput(exact, size);
    return true;
}

static bool replay(const char *path) {
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    if (!folder)
        return replay_file(path);
    bool all = true;
    for (const char *name; (name = g_dir_read_name(folder));) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        all = replay_file(file) && all;
    }
    return all;
}

int main(int argc, char **argv) {
    bool all = argc > 1;
    for (int i = 1; i < argc; i++)
        all = replay(argv[i]) && all;
    return all ? 0 : 1;
}
