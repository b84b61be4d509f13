#include "config/scalar.h"

#include <glib.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The patterns in comments are those of PyYAML's resolver.py, so that a file written for the old tool means the same
 * here: in YAML 1.1 `010` is 8, `1:30` is 90, `1e3` is a string. */

#define DIGITS "0123456789"

/* A parser returns NULL if the text is nothing of its kind; with *out_problem set if it is, but JSON cannot hold it. */
typedef json_t *(*Parser)(const char *text, const char **out_problem);

static json_t *parse_null(const char *text, const char **out_problem) {
    (void)out_problem;
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
    return g_strv_contains(words, text) ? json_null() : NULL;
}

static json_t *parse_bool(const char *text, const char **out_problem) {
    (void)out_problem;
    static const char *const yes[] = {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL};
    static const char *const no[] = {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", NULL};
    if (g_strv_contains(yes, text))
        return json_true();
    return g_strv_contains(no, text) ? json_false() : NULL;
}

static const char *skip_sign(const char *s) {
    return s + (*s == '-' || *s == '+');
}

/* (?::[0-5]?[0-9])*, the further digits of a number to the base of sixty */
static const char *skip_sixtieths(const char *s) {
    while (s[0] == ':' && g_ascii_isdigit(s[1]))
        s += s[1] <= '5' && g_ascii_isdigit(s[2]) ? 3 : 2;
    return s;
}

static char *without_underscores(const char *text) {
    g_auto(GStrv) parts = g_strsplit(text, "_", -1);
    return g_strjoinv("", parts);
}

static json_t *integer_of_base(const char *sign, const char *digits, unsigned base, const char **out_problem) {
    g_autofree char *clean = without_underscores(digits);
    g_autofree char *number = g_strconcat(sign, clean, NULL);
    int64_t value;
    if (g_ascii_string_to_signed(number, base, INT64_MIN, INT64_MAX, &value, NULL))
        return json_integer(value);
    *out_problem = "a whole number must fit into 64 bits";
    return NULL;
}

static json_t *integer_of_sixties(bool negative, const char *digits, const char **out_problem) {
    g_autofree char *clean = without_underscores(digits);
    g_auto(GStrv) parts = g_strsplit(clean, ":", -1);
    int64_t value = 0;
    for (size_t i = 0; parts[i]; i++) {
        int64_t part;
        if (!g_ascii_string_to_signed(parts[i], 10, 0, INT64_MAX, &part, NULL) ||
            __builtin_mul_overflow(value, 60, &value) || __builtin_add_overflow(value, part, &value)) {
            *out_problem = "a whole number must fit into 64 bits";
            return NULL;
        }
    }
    return json_integer(negative ? -value : value);
}

/* True if there is something, and nothing but characters of the set. */
static bool consists_of(const char *text, const char *set) {
    return *text && text[strspn(text, set)] == '\0';
}

/* [-+]?0b[0-1_]+ | [-+]?0[0-7_]+ | [-+]?(?:0|[1-9][0-9_]*) | [-+]?0x[0-9a-fA-F_]+
 * | [-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+ */
static json_t *parse_integer(const char *text, const char **out_problem) {
    const char *digits = skip_sign(text);
    const char *sign = *text == '-' ? "-" : "";

    if (g_str_has_prefix(digits, "0b") && consists_of(digits + 2, "01_"))
        return integer_of_base(sign, digits + 2, 2, out_problem);
    if (g_str_has_prefix(digits, "0x") && consists_of(digits + 2, DIGITS "abcdefABCDEF_"))
        return integer_of_base(sign, digits + 2, 16, out_problem);
    if (*digits == '0')
        return consists_of(digits, "01234567_") ? integer_of_base(sign, digits, 8, out_problem) : NULL;
    if (!g_ascii_isdigit(*digits))
        return NULL;
    if (consists_of(digits, DIGITS "_"))
        return integer_of_base(sign, digits, 10, out_problem);
    if (*skip_sixtieths(digits + strspn(digits, DIGITS "_")) == '\0')
        return integer_of_sixties(*text == '-', digits, out_problem);
    return NULL;
}

/* [-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)? | \.[0-9][0-9_]*(?:[eE][-+][0-9]+)? */
static bool is_decimal(const char *text) {
    const char *s = skip_sign(text);
    if (*s == '.' ? s != text || !g_ascii_isdigit(s[1]) : !g_ascii_isdigit(*s))
        return false;
    s += strspn(s, DIGITS "_");
    if (*s++ != '.')
        return false;
    s += strspn(s, DIGITS "_");
    if (*s == '\0')
        return true;
    return (*s == 'e' || *s == 'E') && (s[1] == '-' || s[1] == '+') && consists_of(s + 2, DIGITS);
}

/* [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]* */
static bool is_sixties_with_point(const char *text) {
    const char *s = skip_sign(text);
    if (!g_ascii_isdigit(*s))
        return false;
    s += strspn(s, DIGITS "_");
    const char *point = skip_sixtieths(s);
    return point != s && *point == '.' && point[1 + strspn(point + 1, DIGITS "_")] == '\0';
}

/* [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN) */
static bool is_not_finite(const char *text) {
    static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
    static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
    return g_strv_contains(infinities, skip_sign(text)) || g_strv_contains(nans, text);
}

static double number_of_sixties(const char *digits) {
    g_auto(GStrv) parts = g_strsplit(digits, ":", -1);
    double value = 0;
    for (size_t i = 0; parts[i]; i++)
        value = value * 60 + g_ascii_strtod(parts[i], NULL);
    return value;
}

static json_t *parse_number(const char *text, const char **out_problem) {
    double value = INFINITY;
    g_autofree char *clean = without_underscores(text);
    if (is_decimal(text))
        value = g_ascii_strtod(clean, NULL);
    else if (is_sixties_with_point(text))
        value = number_of_sixties(skip_sign(clean)) * (*text == '-' ? -1 : 1);
    else if (!is_not_finite(text))
        return NULL;
    if (isfinite(value))
        return json_real(value);
    *out_problem = "JSON has neither infinity nor NaN";
    return NULL;
}

/* !!float: also what looks like a whole number. */
static json_t *parse_tagged_number(const char *text, const char **out_problem) {
    json_auto_t *integer = parse_integer(text, out_problem);
    if (integer)
        return json_real((double)json_integer_value(integer));
    return *out_problem ? NULL : parse_number(text, out_problem);
}

static json_t *parse_string(const char *text, const char **out_problem) {
    json_t *value = json_string(text);
    if (!value)
        *out_problem = "not UTF-8";
    return value;
}

/* The order in which the meaning of a plain scalar is looked for; a string is everything. */
static const Parser plain[] = {parse_null, parse_bool, parse_integer, parse_number, parse_string};

static const struct {
    const char *tag;
    Parser parse;
    const char *otherwise;
} tags[] = {
    {SCALAR_STRING, parse_string, NULL},
    {"tag:yaml.org,2002:null", parse_null, "!!null must be empty, ~ or null"},
    {"tag:yaml.org,2002:bool", parse_bool, "!!bool must be true, false, yes, no, on or off"},
    {"tag:yaml.org,2002:int", parse_integer, "!!int must be a whole number"},
    {"tag:yaml.org,2002:float", parse_tagged_number, "!!float must be a number"},
    {"tag:yaml.org,2002:timestamp", parse_string, NULL},
};

json_t *scalar_parse(const char *tag, const char *text, const char **out_problem) {
    const char *problem = NULL;
    json_t *value = NULL;

    for (size_t i = 0; !tag && !value && !problem && i < G_N_ELEMENTS(plain); i++)
        value = plain[i](text, &problem);
    for (size_t i = 0; tag && i < G_N_ELEMENTS(tags); i++)
        if (g_str_equal(tag, tags[i].tag)) {
            value = tags[i].parse(text, &problem);
            problem = problem ? problem : tags[i].otherwise;
        }
    if (!value)
        *out_problem = problem ? problem : "this tag is not known here; !!str, !!int, !!float, !!bool and !!null are";
    return value;
}
