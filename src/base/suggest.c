#include "base/suggest.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* Longer words are not typing mistakes of a name; the limit keeps the table below small. */
enum { LONGEST_NAME = 64 };

static char folded(char c) {
    return c == '_' ? '-' : g_ascii_tolower(c);
}

static bool is_swapped(const char *a, const char *b) {
    return folded(a[0]) == folded(b[1]) && folded(a[1]) == folded(b[0]);
}

/* The least number of letters to insert, remove or replace, or of neighbours to swap: Levenshtein's distance, with the
 * swaps as Damerau added them. */
static size_t distance(const char *a, const char *b) {
    size_t table[LONGEST_NAME + 1][LONGEST_NAME + 1];
    size_t n_a = strlen(a), n_b = strlen(b);

    for (size_t i = 0; i <= n_a; i++)
        table[i][0] = i;
    for (size_t j = 0; j <= n_b; j++)
        table[0][j] = j;
    for (size_t i = 1; i <= n_a; i++)
        for (size_t j = 1; j <= n_b; j++) {
            size_t least = table[i - 1][j - 1] + (folded(a[i - 1]) != folded(b[j - 1]));
            least = MIN(least, MIN(table[i - 1][j], table[i][j - 1]) + 1);
            if (i > 1 && j > 1 && is_swapped(&a[i - 2], &b[j - 2]))
                least = MIN(least, table[i - 2][j - 2] + 1);
            table[i][j] = least;
        }
    return table[n_a][n_b];
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
