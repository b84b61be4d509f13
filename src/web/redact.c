#include "web/redact.h"

#include "web/layout.h"

#include <jansson.h>
#include <string.h>

#define HIDDEN "(hidden)"

static void hide(json_t *object, const char *key) {
    json_object_set_new(object, key, json_string(HIDDEN));
}

/* These return false for what is of another form. */

static bool hide_in_cookies(json_t *cookies) {
    size_t i;
    json_t *cookie;
    json_array_foreach (cookies, i, cookie) {
        if (!json_is_object(cookie))
            return false;
        hide(cookie, "value");
    }
    return json_is_array(cookies);
}

static bool hide_in_headers(json_t *rules) {
    const char *pattern, *name;
    json_t *headers, *value;
    json_object_foreach (rules, pattern, headers) {
        if (!json_is_object(headers))
            return false;
        json_object_foreach (headers, name, value)
            hide(headers, name);
    }
    return json_is_object(rules);
}

/* {"type": {"into": "#password", "text": "..."}} */
static bool hide_in_steps(json_t *steps) {
    size_t i;
    json_t *step;
    json_array_foreach (steps, i, step) {
        json_t *type = json_object_get(step, "type");
        if (!json_is_object(step) || (type && !json_is_object(type)))
            return false;
        if (json_object_get(type, "text"))
            hide(type, "text");
    }
    return json_is_array(steps);
}

static bool is_secret_name(const char *name) {
    static const char *const words[] = {"pass",      "pwd",        "secret",     "token",       "auth",    "bearer",
                                        "jwt",       "private",    "signature",  "apikey",      "api_key", "api-key",
                                        "accesskey", "access_key", "credential", "capabilities"};
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(lower, words[i]))
            return true;
    return false;
}

/* An address without its password, and without what has a secret's name in its query or behind "#"; other texts as they are. The caller
 * frees it. */
static char *redact_text(const char *text) {
    g_autofree char *plain = layout_plain_url(text);
    g_autoptr(GUri) uri = g_uri_parse(plain, G_URI_FLAGS_ENCODED | G_URI_FLAGS_PARSE_RELAXED, NULL);
    const char *at = uri ? plain + strcspn(plain, "?#") : "";
    if (!*at)
        return g_steal_pointer(&plain);
    GString *redacted = g_string_new_len(plain, at - plain);
    while (*at) {
        g_string_append_c(redacted, *at++); /* "?", "&" or "#" */
        size_t length = strcspn(at, "?&#"), name = MIN(strcspn(at, "="), length);
        g_autofree char *key = g_strndup(at, name);
        bool hides = name < length && is_secret_name(key);
        g_string_append_len(redacted, at, (gssize)(hides ? name + 1 : length));
        g_string_append(redacted, hides ? HIDDEN : "");
        at += length;
    }
    return g_string_free(redacted, FALSE);
}

static json_t *redact(json_t *value);

static json_t *redact_members(json_t *object) {
    json_t *redacted = json_object(), *value;
    const char *name;
    json_object_foreach (object, name, value) {
        g_autofree char *plain = redact_text(name);
        json_object_set_new(redacted, plain, is_secret_name(name) ? json_string(HIDDEN) : redact(value));
    }
    return redacted;
}

static json_t *redact_elements(json_t *array) {
    json_t *redacted = json_array(), *value;
    size_t i;
    json_array_foreach (array, i, value)
        json_array_append_new(redacted, redact(value));
    return redacted;
}

/* A copy without what can be told by its name, or by its being an address with a password. */
static json_t *redact(json_t *value) {
    if (json_is_object(value))
        return redact_members(value);
    if (json_is_array(value))
        return redact_elements(value);
    if (!json_is_string(value))
        return json_incref(value);
    g_autofree char *plain = redact_text(json_string_value(value));
    return json_string(plain);
}

char *redact_config(const char *text) {
    static const struct {
        const char *key;
        bool (*hide_inside)(json_t *value);
    } secrets[] = {{"cookies", hide_in_cookies}, {"injectHeaders", hide_in_headers}, {"steps", hide_in_steps}};
    json_auto_t *config = json_loads(text, 0, NULL);
    if (!json_is_object(config))
        return g_strdup(HIDDEN);
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
        json_t *value = json_object_get(config, secrets[i].key);
        if (value && !secrets[i].hide_inside(value))
            hide(config, secrets[i].key);
    }
    json_auto_t *redacted = redact(config);
    char *shown = json_dumps(redacted, JSON_INDENT(2) | JSON_SORT_KEYS), *owned = g_strdup(shown);
    free(shown);
    return owned;
}
