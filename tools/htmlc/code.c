#include "code.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static const char no_literal_end[] = "a string or character does not end on its line";

/* Behind the string or character that begins at `at`, or NULL if it does not end. */
static const char *skip_literal(const char *at, const char *end) {
    char quote = *at++;
    for (; at < end; at++) {
        if (*at == '\\')
            at++;
        else if (*at == quote)
            return at + 1;
    }
    return NULL;
}

static bool begins(const char *at, const char *end, const char *what) {
    size_t size = strlen(what);
    return (size_t)(end - at) >= size && memcmp(at, what, size) == 0;
}

/* The character that closes what this one opens, or 0. */
static char closer_of(char c) {
    return c == '(' ? ')' : c == '[' ? ']' : c == '{' ? '}' : '\0';
}

/* Notes a parenthesis in the stack of those that must still be closed. Returns false if it closes another one. */
static bool nest(GString *closers, char c) {
    if (closer_of(c)) {
        g_string_append_c(closers, closer_of(c));
        return true;
    }
    if (!strchr(")]}", c))
        return true;
    bool matches = closers->len > 0 && closers->str[closers->len - 1] == c;
    if (matches)
        g_string_truncate(closers, closers->len - 1);
    return matches;
}

static const char *find_value_end(GString *closers, const char *at, const char *end, const char **out_problem) {
    *out_problem = "{{ without }} on the same line";
    while (at < end) {
        if (closers->len == 0 && begins(at, end, "}}"))
            return at;
        if (begins(at, end, "//") || begins(at, end, "/*")) {
            *out_problem = "no comments within {{ }}: write {{# comment }} beside it";
            return NULL;
        }
        if (*at == '"' || *at == '\'') {
            at = skip_literal(at, end);
            if (!at) {
                *out_problem = no_literal_end;
                return NULL;
            }
            continue;
        }
        if (!nest(closers, *at++)) {
            *out_problem = "the parentheses within {{ }} do not match";
            return NULL;
        }
    }
    return NULL;
}

const char *code_value_end(const char *at, const char *end, const char **out_problem) {
    GString *closers = g_string_new(NULL);
    const char *value_end = find_value_end(closers, at, end, out_problem);
    g_string_free(closers, TRUE);
    return value_end;
}

const char *code_line_problem(const char *at, const char *end, char *out_last) {
    if (end > at && end[-1] == '\\')
        return "a line of C ends where it ends: what follows the \\ is written by htmlc";
    while (at < end && !begins(at, end, "//")) {
        if (begins(at, end, "/*")) {
            at = g_strstr_len(at + 2, end - at - 2, "*/");
            if (!at)
                return "a comment of C ends on its line";
            at += 2;
            continue;
        }
        if (!g_ascii_isspace(*at))
            *out_last = *at;
        at = *at == '"' || *at == '\'' ? skip_literal(at, end) : at + 1;
        if (!at)
            return no_literal_end;
    }
    return NULL;
}
