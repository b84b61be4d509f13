#include "squeeze.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

typedef struct {
    const char *in, *end;
    char *start, *out; /* out is never before in */
    SqueezeKind kind;
} Squeeze;

static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t';
}

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80);
}

static bool is_one_of(char c, const char *set) {
    return c != '\0' && strchr(set, c);
}

static char last(const Squeeze *s) {
    return s->out > s->start ? s->out[-1] : '\0';
}

/* Copies up to the sign that ends it: of a string, or of a regular expression, in which [...] may have the sign in it. */
static void copy_quoted(Squeeze *s, char sign) {
    bool in_class = false;
    *s->out++ = *s->in++;
    while (s->in < s->end) {
        char c = *s->out++ = *s->in++;
        if (c == '\\' && s->in < s->end)
            *s->out++ = *s->in++;
        else if (sign == '/' && (c == '[' || c == ']'))
            in_class = c == '[';
        else if (c == sign && !in_class)
            return;
    }
}

/* Whether a slash begins a regular expression: where a value is expected. */
static bool begins_regex(const Squeeze *s) {
    static const char before[] = "return";
    size_t n = (size_t)(s->out - s->start), length = strlen(before);
    return is_one_of(last(s), "(,=:[!&|?{};+-*%~^<>\n") || n == 0 ||
           (n >= length && memcmp(s->out - length, before, length) == 0);
}

static void skip_comment(Squeeze *s) {
    const char *close = s->in + 2;
    while (close + 1 < s->end && !(close[0] == '*' && close[1] == '/'))
        close++;
    s->in = close + 2 < s->end ? close + 2 : s->end;
}

/* Skips blanks and comments. Returns whether there were any, and whether a line ended among them. */
static bool skip_blanks(Squeeze *s, bool *out_line_end) {
    const char *from = s->in;
    *out_line_end = false;
    while (s->in < s->end) {
        if (is_blank(*s->in))
            *out_line_end |= *s->in++ == '\n';
        else if (s->in + 1 < s->end && s->in[0] == '/' && s->in[1] == '*')
            skip_comment(s);
        else
            break;
    }
    return s->in > from;
}

/* What must stand between two characters that had blanks between them; '\0': nothing. */
static char separator(SqueezeKind kind, char before, char next, bool line_end) {
    if (before == '\0' || next == '\0')
        return '\0';
    if (kind == SQUEEZE_CSS)
        return is_one_of(before, "{};,:>") || is_one_of(next, "{};,>") ? '\0' : ' ';
    if (line_end && !is_one_of(before, "{;,([=+-*&|?:<>.") && !is_one_of(next, "})];,.?:&|=+-*"))
        return '\n';
    bool would_join = (is_word(before) && is_word(next)) || (before == next && is_one_of(before, "+-"));
    return would_join ? ' ' : '\0';
}

size_t squeeze(char *text, size_t size, SqueezeKind kind) {
    Squeeze s = {text, text + size, text, text, kind};
    while (s.in < s.end) {
        bool line_end;
        if (skip_blanks(&s, &line_end)) {
            char between = separator(kind, last(&s), s.in < s.end ? *s.in : '\0', line_end);
            if (between)
                *s.out++ = between;
        } else if (is_one_of(*s.in, kind == SQUEEZE_JS ? "\"'`" : "\"'")) {
            copy_quoted(&s, *s.in);
        } else if (kind == SQUEEZE_JS && *s.in == '/' && begins_regex(&s)) {
            copy_quoted(&s, '/');
        } else {
            if (*s.in == '}' && last(&s) == ';')
                s.out--; /* the last of a block needs none */
            *s.out++ = *s.in++;
        }
    }
    return (size_t)(s.out - s.start);
}
