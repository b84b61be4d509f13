#include "report/member.h"

#include <string.h>

bool member_text(const json_t *object, const char *key, char **out_text, GError **error) {
    const json_t *value = json_object_get(object, key);
    if (value && !json_is_string(value) && !json_is_null(value)) {
        error_set(error, ERROR_INVALID, "%s is not a text", key);
        return false;
    }
    g_free(*out_text);
    *out_text = g_strdup(json_string_value(value));
    return true;
}

static bool is_whole(const json_t *value, int64_t least, int64_t most) {
    int64_t number = json_integer_value(value);
    return !value || (json_is_integer(value) && number >= least && number <= most);
}

bool member_number(const json_t *object, const char *key, int64_t most, int64_t *out_number, GError **error) {
    const json_t *value = json_object_get(object, key);
    if (!is_whole(value, 0, most)) {
        error_set(error, ERROR_INVALID, "%s is not a number from 0 to %" G_GINT64_FORMAT, key, most);
        return false;
    }
    *out_number = json_integer_value(value);
    return true;
}

bool member_int(const json_t *object, const char *key, int least, int *out_int, GError **error) {
    const json_t *value = json_object_get(object, key);
    if (!is_whole(value, least, G_MAXINT)) {
        error_set(error, ERROR_INVALID, "%s is not a number from %d to %d", key, least, G_MAXINT);
        return false;
    }
    *out_int = (int)json_integer_value(value);
    return true;
}

bool member_real(const json_t *object, const char *key, double *out_real, GError **error) {
    const json_t *value = json_object_get(object, key);
    if (value && !json_is_number(value)) {
        error_set(error, ERROR_INVALID, "%s is not a number", key);
        return false;
    }
    *out_real = json_number_value(value);
    return true;
}

bool member_hex(const json_t *object, const char *key, const char *prefix, size_t n_digits, uint64_t *out_bits,
                GError **error) {
    const json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);
    guint64 bits = 0;
    bool good = !value || json_is_null(value);
    if (text && g_str_has_prefix(text, prefix)) {
        const char *digits = text + strlen(prefix);
        good = strlen(digits) == n_digits && g_ascii_string_to_unsigned(digits, 16, 0, G_MAXUINT64, &bits, NULL);
    }
    if (good)
        *out_bits = bits;
    else
        error_set(error, ERROR_INVALID, "%s is not %s and %zu hexadecimal digits", key, prefix, n_digits);
    return good;
}

bool member_list(const json_t *object, const char *key, const json_t **out_list, GError **error) {
    const json_t *value = json_object_get(object, key);
    if (value && !json_is_array(value)) {
        error_set(error, ERROR_INVALID, "%s is not a list", key);
        return false;
    }
    *out_list = value;
    return true;
}
