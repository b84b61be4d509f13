#include "local/filter.h"

#include <glib.h>
#include <string.h>

static bool any_matches(const char *patterns, const char *name) {
    g_auto(GStrv) all = g_strsplit(patterns, ":", -1);
    for (char **pattern = all; *pattern; pattern++)
        if (**pattern && g_pattern_match_simple(*pattern, name))
            return true;
    return false;
}

/* Names have hyphens, and googletest's names have not. So what is behind a '-' is only taken as "not these" where it
 * follows a ':' or a '*', or begins the filter. */
static const char *find_negation(const char *filter) {
    for (const char *c = filter; *c; c++)
        if (*c == '-' && (c == filter || c[-1] == ':' || c[-1] == '*'))
            return c;
    return NULL;
}

bool filter_matches(const char *filter, const char *name) {
    if (!filter || !*filter)
        return true;
    const char *negation = find_negation(filter);
    g_autofree char *wanted = negation ? g_strndup(filter, (size_t)(negation - filter)) : g_strdup(filter);
    if (negation && any_matches(negation + 1, name))
        return false;
    return !*wanted || any_matches(wanted, name);
}
