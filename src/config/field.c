#include "config/field.h"

#include "base/suggest.h"

#include <math.h>
#include <string.h>

/* Nobody reads more, and each new one is compared with all before it. */
enum { MAX_WARNINGS = 100 };

Field field_top(FieldSource *source, const char *name, json_t *value, Place place) {
    return (Field){.source = source, .key = name, .value = value, .place = place};
}

Field field_at_key(const Field *object, const char *key) {
    json_t *value = json_object_get(object->value, key);
    Field field = {.source = object->source, .parent = object, .key = key, .place = object->place};
    if (value)
        field.place = document_place_of_key(object->source->document, object->value, key);
    if (!json_is_null(value))
        field.value = value;
    return field;
}

Field field_at_index(const Field *array, size_t index) {
    return (Field){
        .source = array->source,
        .parent = array,
        .index = index,
        .value = json_array_get(array->value, index),
        .place = document_place_of_element(array->source->document, array->value, index),
    };
}

/* --- Messages --- */

static bool is_word(const char *key) {
    return *key && !key[strspn(key, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_")];
}

static void append_path(GString *path, const Field *field) {
    if (!field->parent)
        return;
    append_path(path, field->parent);
    if (!field->key) {
        g_string_append_printf(path, "[%zu]", field->index);
        return;
    }
    g_autofree char *quoted = is_word(field->key) ? NULL : document_quote(field->key);
    g_string_append_printf(path, "%s%s", path->len ? "." : "", quoted ? quoted : field->key);
}

/* "cookies[2].name"; the caller frees it. */
static char *path_of(const Field *field) {
    GString *path = g_string_new(field->parent ? "" : field->key);
    append_path(path, field);
    return g_string_free(path, FALSE);
}

/* The value as a user would recognize it; the caller frees it. */
static char *describe(const json_t *value) {
    if (!value || json_is_null(value))
        return g_strdup("empty");
    if (json_is_object(value))
        return g_strdup("a map");
    if (json_is_array(value))
        return g_strdup("a list");
    if (json_is_string(value))
        return document_quote(json_string_value(value));
    return json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
}

/* "; # begins a comment ..." for a value that YAML took for one, or "". The caller frees it. */
static char *hint_of_comment(const Field *field) {
    const char *comment = document_blank_at(field->source->document, field->place);
    if (!comment || !*comment)
        return g_strdup("");
    g_autofree char *quoted = document_quote(comment);
    return g_strdup_printf("; # begins a comment in YAML, so put it in quotes: %s", quoted);
}

G_GNUC_PRINTF(4, 0)
static void set_error(const Field *field, GError **error, const char *link, const char *format, va_list arguments,
                      const char *given) {
    g_autofree char *path = path_of(field);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    g_autofree char *hint = hint_of_comment(field);
    document_error(field->source->document, field->place, error, "%s%s%s%s%s%s", path, link, text,
                   given ? ", not " : "", given ? given : "", hint);
}

bool field_error(const Field *field, GError **error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    set_error(field, error, " ", format, arguments, NULL);
    va_end(arguments);
    return false;
}

bool field_refuse(const Field *field, GError **error, const char *format, ...) {
    g_autofree char *given = describe(field->value);
    va_list arguments;
    va_start(arguments, format);
    set_error(field, error, " must ", format, arguments, given);
    va_end(arguments);
    return false;
}

static void warn(const FieldSource *source, char *message) {
    g_autofree char *owned = message;
    GPtrArray *warnings = source->warnings;
    /* A config that many tests share by an alias is read many times, and warned about once. */
    if (!warnings || warnings->len > MAX_WARNINGS ||
        g_ptr_array_find_with_equal_func(warnings, message, g_str_equal, NULL))
        return;
    bool last = warnings->len == MAX_WARNINGS;
    g_ptr_array_add(warnings, last ? g_strdup("more warnings are left out") : g_steal_pointer(&owned));
}

static void warn_of_unknown(const Field *field, const char *advice) {
    const FieldSource *source = field->source;
    g_autofree char *path = path_of(field);
    Place place = document_place_of_name(source->document, field->parent->value, field->key);
    warn(source, document_message(source->document, place, "unknown key %s%s%s", path, advice ? "; " : "",
                                  advice ? advice : ""));
    if (source->unknown_keys)
        g_ptr_array_add(source->unknown_keys, g_steal_pointer(&path));
}

static void warn_of_blank(const Field *field) {
    const FieldSource *source = field->source;
    g_autofree char *path = path_of(field);
    g_autofree char *hint = hint_of_comment(field);
    warn(source, document_message(source->document, field->place, "%s is empty and counts as not given%s", path, hint));
}

/* --- One value --- */

bool field_is_map(const Field *field, GError **error) {
    return json_is_object(field->value) || field_refuse(field, error, "be a map");
}

bool field_get_text(const Field *field, const char *(*check)(const char *), const char **out, GError **error) {
    const char *text = json_string_value(field->value);
    if (!text && (json_is_number(field->value) || json_is_boolean(field->value)))
        return field_refuse(field, error, "be a text (put it in quotes)");
    if (!text)
        return field_refuse(field, error, "be a text");
    const char *problem = check ? check(text) : NULL;
    if (problem)
        return field_refuse(field, error, "%s", problem);
    *out = text;
    return true;
}

bool field_get_number(const Field *field, double least, double most, double *out, GError **error) {
    double value = json_number_value(field->value);
    if (!json_is_number(field->value) || !(value >= least && value <= most))
        return field_refuse(field, error, "be a number from %.12g to %.12g", least, most);
    *out = value;
    return true;
}

bool field_get_int(const Field *field, int least, int most, int *out, GError **error) {
    double value = json_number_value(field->value);
    if (!json_is_number(field->value) || !(value >= least && value <= most) || value != floor(value))
        return field_refuse(field, error, "be a whole number from %d to %d", least, most);
    *out = (int)value;
    return true;
}

bool field_get_bool(const Field *field, bool *out, GError **error) {
    if (!json_is_boolean(field->value))
        return field_refuse(field, error, "be true or false");
    *out = json_is_true(field->value);
    return true;
}

bool field_get_choice(const Field *field, const char *const *choices, int *out, GError **error) {
    const char *text = json_string_value(field->value);
    for (int i = 0; text && choices[i]; i++)
        if (g_str_equal(text, choices[i])) {
            *out = i;
            return true;
        }
    g_autofree char *list = g_strjoinv(", ", (char **)choices);
    return field_refuse(field, error, "be one of %s", list);
}

/* --- Lists and maps --- */

bool field_read_list(const Field *list, size_t most, bool (*read)(const Field *, void *, GError **), void *target,
                     GError **error) {
    if (!json_is_array(list->value))
        return field_refuse(list, error, "be a list");
    if (json_array_size(list->value) > most)
        return field_error(list, error, "has %zu elements, at most %zu are allowed", json_array_size(list->value),
                           most);
    for (size_t i = 0; i < json_array_size(list->value); i++) {
        Field element = field_at_index(list, i);
        if (!read(&element, target, error))
            return false;
    }
    return true;
}

bool field_read_list_or_one(const Field *list, size_t most, bool (*read)(const Field *, void *, GError **),
                            void *target, GError **error) {
    if (json_is_array(list->value))
        return field_read_list(list, most, read, target, error);
    return read(list, target, error);
}

static bool read_member(const Field *field, const FieldRule *rule, void *target, GError **error) {
    void *member = (char *)target + rule->at;
    switch (rule->kind) {
    case FIELD_ANY:
        *(Field *)member = *field;
        return true;
    case FIELD_BOOL:
        return field_get_bool(field, member, error);
    case FIELD_INT:
        return field_get_int(field, (int)rule->least, (int)rule->most, member, error);
    case FIELD_NUMBER:
        return field_get_number(field, rule->least, rule->most, member, error);
    case FIELD_TEXT:
        return field_get_text(field, rule->check, member, error);
    case FIELD_CUSTOM:
        return rule->read(field, target, error);
    case FIELD_KNOWN:
        return true;
    }
    g_assert_not_reached();
}

char *field_ask_for_misspelt(const Field *map, const char *key) {
    const char *written;
    json_t *value;
    json_object_foreach (map->value, written, value) {
        if (!g_str_equal(written, key) && suggest_name(written, &key, 1)) {
            g_autofree char *quoted = document_quote(written);
            return g_strdup_printf("; is %s meant to be it?", quoted);
        }
    }
    return g_strdup("");
}

static bool refuse_missing(const Field *field, GError **error) {
    g_autofree char *question = field_ask_for_misspelt(field->parent, field->key);
    return field_error(field, error, "is missing%s", question);
}

bool field_read_known(const Field *map, const FieldRule *rules, size_t n_rules, void *target, GError **error) {
    if (!field_is_map(map, error))
        return false;
    for (size_t i = 0; i < n_rules; i++) {
        Field field = field_at_key(map, rules[i].key);
        if (!field.value && rules[i].required)
            return refuse_missing(&field, error);
        if (field.value && !read_member(&field, &rules[i], target, error))
            return false;
        if (!field.value && document_blank_at(map->source->document, field.place))
            warn_of_blank(&field);
    }
    return true;
}

bool field_read(const Field *map, const FieldRule *rules, size_t n_rules, void *target, GError **error) {
    if (!field_read_known(map, rules, n_rules, target, error))
        return false;
    field_warn_of_unknown(map, rules, n_rules, NULL);
    return true;
}

static bool has_rule(const FieldRule *rules, size_t n_rules, const char *key) {
    for (size_t i = 0; i < n_rules; i++)
        if (g_str_equal(rules[i].key, key))
            return true;
    return false;
}

/* "did you mean width?", or NULL; the caller frees it. */
static char *suggest_key(const FieldRule *rules, size_t n_rules, const char *key) {
    g_autofree const char **known = g_new(const char *, n_rules);
    for (size_t i = 0; i < n_rules; i++)
        known[i] = rules[i].key;
    const char *near = suggest_name(key, known, n_rules);
    return near ? g_strdup_printf("did you mean %s?", near) : NULL;
}

void field_warn_of_unknown(const Field *map, const FieldRule *rules, size_t n_rules,
                           const char *(*advise)(const char *key)) {
    const char *key;
    json_t *value;
    json_object_foreach (map->value, key, value) {
        if (has_rule(rules, n_rules, key))
            continue;
        Field field = {.source = map->source, .parent = map, .key = key};
        const char *advice = advise ? advise(key) : NULL;
        g_autofree char *suggestion = advice ? NULL : suggest_key(rules, n_rules, key);
        warn_of_unknown(&field, advice ? advice : suggestion);
    }
}

void field_warn_of_misspelt(const Field *map, const FieldRule *rules, size_t n_rules) {
    const char *key;
    json_t *value;
    json_object_foreach (map->value, key, value) {
        Field field = {.source = map->source, .parent = map, .key = key};
        g_autofree char *suggestion = has_rule(rules, n_rules, key) ? NULL : suggest_key(rules, n_rules, key);
        if (suggestion)
            warn_of_unknown(&field, suggestion);
    }
}
