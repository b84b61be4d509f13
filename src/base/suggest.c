#include "base/suggest.h"

#include <glib.h>
#include <string.h>

/* Longer words are not typing mistakes of a name; the limit keeps the table below small. */
enum { LONGEST_NAME = 64 };

static char folded(char c) {
    return c == '_' ? '-' : g_ascii_tolower(c);
}

/* Levenshtein's distance, row by row: the least number of letters to insert, remove or replace. */
static size_t distance(const char *a, const char *b) {
    size_t row[LONGEST_NAME + 1];
    size_t n_b = strlen(b);

    for (size_t j = 0; j <= n_b; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n_b; j++) {
            size_t replaced = diagonal + (folded(a[i]) != folded(b[j]));
            diagonal = row[j + 1];
            row[j + 1] = MIN(replaced, MIN(row[j], row[j + 1]) + 1);
        }
    }
    return row[n_b];
}

const char *suggest_name(const char *written, const char *const *names, size_t n_names) {
    const char *nearest = NULL;
    size_t least = strlen(written) / 3 + 1;

    if (strlen(written) > LONGEST_NAME)
        return NULL;
    for (size_t i = 0; i < n_names; i++) {
        size_t d = strlen(names[i]) <= LONGEST_NAME ? distance(written, names[i]) : least;
        if (d < least) {
            least = d;
            nearest = names[i];
        }
    }
    return nearest;
}
