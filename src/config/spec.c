#include "config/spec.h"

#include "base/suggest.h"
#include "config/check.h"
#include "config/field.h"
#include "config/key.h"

/* Each map of a config has a table of rules, and each of its keys a line there; spec_rules near the end is the list of
 * all keys. What a table cannot say has a read_...() function. All of them get the struct that is being filled as their
 * target. */

/* CSS pixels: Chromium paints 32,767 of them, a page may scroll further. */
#define MAX_COORDINATE 1e6
#define LAST_SECOND 253402300799.0 /* of the year 9999 */

/* Of cookies, rules, areas, steps: each costs the browser a call. */
enum { MAX_LIST = 1000 };

/* --- Texts, regexes, areas --- */

static bool read_selector(const Field *field, void *array, GError **error) {
    const char *selector;
    if (!field_get_text(field, check_not_empty, &selector, error))
        return false;
    g_ptr_array_add(array, (char *)selector);
    return true;
}

/* The steps that a match may take are limited, since a regex like (a+)+$ would hang on a long URL. A million is some
 * 10 ms. */
static GRegex *compile_regex(const char *pattern, GError **error) {
    g_autofree char *limited = g_strconcat("(*LIMIT_MATCH=1000000)", pattern, NULL);
    g_autoptr(GRegex) regex = g_regex_new(limited, G_REGEX_OPTIMIZE, 0, NULL);
    if (regex)
        return g_steal_pointer(&regex);
    /* Once more without the prefix, so that positions in the message are right. */
    return g_regex_new(pattern, G_REGEX_OPTIMIZE, 0, error);
}

static GRegex *get_regex(const Field *field, const char *pattern, GError **error) {
    g_autoptr(GError) cause = NULL;
    GRegex *regex = compile_regex(pattern, &cause);
    if (!regex)
        field_error(field, error, "must be a regular expression: %s", cause->message);
    return regex;
}

static bool read_regex(const Field *field, void *array, GError **error) {
    const char *pattern;
    if (!field_get_text(field, check_not_empty, &pattern, error))
        return false;
    GRegex *regex = get_regex(field, pattern, error);
    if (!regex)
        return false;
    g_ptr_array_add(array, regex);
    return true;
}

static const FieldRule box_rules[] = {
    {"left", FIELD_NUMBER, .at = offsetof(Area, left), .least = 0, .most = MAX_COORDINATE},
    {"top", FIELD_NUMBER, .at = offsetof(Area, top), .least = 0, .most = MAX_COORDINATE},
    {"width", FIELD_NUMBER, .at = offsetof(Area, width), .least = 1, .most = MAX_COORDINATE, .required = true},
    {"height", FIELD_NUMBER, .at = offsetof(Area, height), .least = 1, .most = MAX_COORDINATE, .required = true},
};

/* left and top are clipRect's from the old tool; nearly all others say x and y. */
static const char *advise_on_box(const char *key) {
    if (g_str_equal(key, "x"))
        return "did you mean left?";
    return g_str_equal(key, "y") ? "did you mean top?" : NULL;
}

static bool read_box(const Field *field, Area *box, GError **error) {
    if (!field_read_known(field, box_rules, G_N_ELEMENTS(box_rules), box, error))
        return false;
    field_warn_of_unknown(field, box_rules, G_N_ELEMENTS(box_rules), advise_on_box);
    return true;
}

static bool read_area(const Field *field, void *array, GError **error) {
    Area area = {0};
    if (json_is_string(field->value)) {
        if (!field_get_text(field, check_not_empty, &area.selector, error))
            return false;
    } else if (!json_is_object(field->value)) {
        return field_refuse(field, error, "be a selector, or a map of left, top, width, height");
    } else if (!read_box(field, &area, error)) {
        return false;
    }
    g_ptr_array_add(array, g_memdup2(&area, sizeof area));
    return true;
}

#define TOLERANCE(member) offsetof(AreaTolerance, member)

static const FieldRule tolerance_rules[] = {
    {"selector", FIELD_TEXT, .at = TOLERANCE(area.selector), .check = check_not_empty},
    {.key = "left", .kind = FIELD_KNOWN}, /* these are read by box_rules */
    {.key = "top", .kind = FIELD_KNOWN},
    {.key = "width", .kind = FIELD_KNOWN},
    {.key = "height", .kind = FIELD_KNOWN},
    {"tolerance", FIELD_NUMBER, .at = TOLERANCE(tolerance), .least = 0, .most = 1, .required = true},
};

static bool has_box(const Field *map) {
    for (size_t i = 0; i < G_N_ELEMENTS(box_rules); i++)
        if (field_at_key(map, box_rules[i].key).value)
            return true;
    return false;
}

static bool read_area_tolerance(const Field *field, void *array, GError **error) {
    AreaTolerance read = {0};
    if (!field_read_known(field, tolerance_rules, G_N_ELEMENTS(tolerance_rules), &read, error))
        return false;
    field_warn_of_unknown(field, tolerance_rules, G_N_ELEMENTS(tolerance_rules), advise_on_box);
    if (!read.area.selector == !has_box(field))
        return field_error(field, error, "needs either a selector, or left, top, width and height");
    if (!read.area.selector && !field_read_known(field, box_rules, G_N_ELEMENTS(box_rules), &read.area, error))
        return false;
    g_ptr_array_add(array, g_memdup2(&read, sizeof read));
    return true;
}

/* --- Cookies --- */

/* The members tell that a key was given, and was right; the array takes the json_t as they are. */
typedef struct {
    const char *name, *value, *domain, *path;
    double expires;
    bool secure, http_only;
    int same_site;
} Cookie;

static bool read_same_site(const Field *field, void *target, GError **error) {
    static const char *const choices[] = {"Strict", "Lax", "None", NULL};
    Cookie *cookie = target;
    return field_get_choice(field, choices, &cookie->same_site, error);
}

static const FieldRule cookie_rules[] = {
    {"name", FIELD_TEXT, .at = offsetof(Cookie, name), .check = check_token, .required = true},
    {"value", FIELD_TEXT, .at = offsetof(Cookie, value), .check = check_cookie_value, .required = true},
    {"domain", FIELD_TEXT, .at = offsetof(Cookie, domain), .check = check_cookie_value},
    {"path", FIELD_TEXT, .at = offsetof(Cookie, path), .check = check_cookie_value},
    {"expires", FIELD_NUMBER, .at = offsetof(Cookie, expires), .least = 0, .most = LAST_SECOND},
    {"secure", FIELD_BOOL, .at = offsetof(Cookie, secure)},
    {"httpOnly", FIELD_BOOL, .at = offsetof(Cookie, http_only)},
    {"sameSite", FIELD_CUSTOM, .read = read_same_site},
};

static bool read_cookie(const Field *field, void *cookies, GError **error) {
    Cookie checked = {0};
    if (!field_read(field, cookie_rules, G_N_ELEMENTS(cookie_rules), &checked, error))
        return false;
    json_auto_t *cookie = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(cookie_rules); i++) {
        Field given = field_at_key(field, cookie_rules[i].key);
        if (given.value)
            json_object_set(cookie, given.key, given.value);
    }
    json_array_append(cookies, cookie);
    return true;
}

static bool read_cookies(const Field *field, void *target, GError **error) {
    CaptureSpec *spec = target;
    return field_read_list(field, MAX_LIST, read_cookie, spec->cookies, error);
}

/* --- Headers and resources --- */

static void header_rule_free(void *rule) {
    HeaderRule *r = rule;
    g_regex_unref(r->url);
    g_free(r);
}

static bool check_headers(const Field *headers, GError **error) {
    const char *name, *text;
    json_t *value;
    if (!field_is_map(headers, error))
        return false;
    json_object_foreach (headers->value, name, value) {
        Field header = field_at_key(headers, name);
        const char *problem = check_token(name);
        if (problem)
            return field_error(&header, error, "is no name of a header: it must %s", problem);
        if (!header.value)
            return field_error(&header, error, "is missing");
        if (!field_get_text(&header, check_header_value, &text, error))
            return false;
    }
    return true;
}

static bool read_header_rule(const Field *field, CaptureSpec *spec, GError **error) {
    if (!check_headers(field, error))
        return false;
    GRegex *url = get_regex(field, field->key, error);
    if (!url)
        return false;
    HeaderRule rule = {url, field->value};
    g_ptr_array_add(spec->header_rules, g_memdup2(&rule, sizeof rule));
    return true;
}

static bool read_inject_headers(const Field *field, void *target, GError **error) {
    const char *pattern;
    json_t *value;
    if (!field_is_map(field, error))
        return false;
    if (json_object_size(field->value) > MAX_LIST)
        return field_error(field, error, "has more than %d keys", MAX_LIST);
    json_object_foreach (field->value, pattern, value) {
        Field rule = field_at_key(field, pattern);
        if (rule.value && !read_header_rule(&rule, target, error))
            return false;
    }
    return true;
}

static bool read_resources_to_ignore(const Field *field, void *target, GError **error) {
    CaptureSpec *spec = target;
    return field_read_list_or_one(field, MAX_LIST, read_regex, spec->resources_to_ignore, error);
}

/* --- What the page looks like --- */

static const FieldRule viewport_rules[] = {
    {"width", FIELD_INT, .at = offsetof(CaptureSpec, width), .least = 1, .most = SPEC_MAX_SIDE, .required = true},
    {"height", FIELD_INT, .at = offsetof(CaptureSpec, height), .least = 1, .most = SPEC_MAX_SIDE, .required = true},
    {"deviceScaleFactor", FIELD_NUMBER, .at = offsetof(CaptureSpec, device_scale_factor), .least = 0.1, .most = 10},
    {"mobile", FIELD_BOOL, .at = offsetof(CaptureSpec, mobile)},
    {"touch", FIELD_BOOL, .at = offsetof(CaptureSpec, touch)},
};

static bool check_device_side(const Field *viewport, const char *key, int side, double scale, GError **error) {
    Field field = field_at_key(viewport, key);
    return side * scale <= SPEC_MAX_SIDE ||
           field_error(&field, error,
                       "is %d, which are %.0f pixels with a deviceScaleFactor of %g; at most %d can be painted", side,
                       side * scale, scale, SPEC_MAX_SIDE);
}

static bool read_viewport(const Field *field, void *target, GError **error) {
    CaptureSpec *spec = target;
    if (!field_read(field, viewport_rules, G_N_ELEMENTS(viewport_rules), spec, error))
        return false;
    double scale = spec->device_scale_factor, area = scale * spec->width * scale * spec->height;
    if (!check_device_side(field, "width", spec->width, scale, error) ||
        !check_device_side(field, "height", spec->height, scale, error))
        return false;
    return area <= SPEC_MAX_PIXELS ||
           field_error(field, error,
                       "has %.0f million pixels (%dx%d, deviceScaleFactor %g); at most %d million can be in a picture",
                       area / 1e6, spec->width, spec->height, scale, SPEC_MAX_PIXELS / 1000000);
}

json_t *spec_read_viewport(Document *document, const Field *viewport, GError **error) {
    CaptureSpec read = {.device_scale_factor = 1};
    Field nameless = *viewport;
    nameless.value = document_new_object(document);
    document_copy_keys(document, nameless.value, viewport->value);
    json_object_del(nameless.value, "name");
    if (!read_viewport(&nameless, &read, error))
        return NULL;
    json_t *size = document_new_object(document);
    for (size_t i = 0; i < G_N_ELEMENTS(viewport_rules); i++)
        if (json_object_get(nameless.value, viewport_rules[i].key))
            document_copy_key(document, size, nameless.value, viewport_rules[i].key);
    return size;
}

static bool read_clip(const Field *field, void *target, GError **error) {
    CaptureSpec *spec = target;
    spec->has_clip = true;
    return read_box(field, &spec->clip, error);
}

static bool read_background(const Field *field, void *target, GError **error) {
    static const char *const choices[] = {"white", "transparent", NULL};
    CaptureSpec *spec = target;
    int choice;
    if (!field_get_choice(field, choices, &choice, error))
        return false;
    spec->transparent = choice == 1;
    return true;
}

static bool read_hide(const Field *field, void *target, GError **error) {
    CaptureSpec *spec = target;
    return field_read_list_or_one(field, MAX_LIST, read_selector, spec->hide, error);
}

static bool read_mask(const Field *field, void *target, GError **error) {
    CaptureSpec *spec = target;
    return field_read_list_or_one(field, MAX_LIST, read_area, spec->mask, error);
}

static bool read_ignore(const Field *field, void *target, GError **error) {
    CaptureSpec *spec = target;
    return field_read_list_or_one(field, MAX_LIST, read_area, spec->ignore, error);
}

static bool read_tolerances(const Field *field, void *target, GError **error) {
    CaptureSpec *spec = target;
    return field_read_list_or_one(field, MAX_LIST, read_area_tolerance, spec->tolerances, error);
}

/* --- Stillness --- */

static Still still_of_mode(StillMode mode) {
    bool on = mode != STILL_OFF;
    return (Still){mode, on, on, on, on, on, on, on};
}

static bool read_still_mode(const Field *field, void *target, GError **error) {
    static const char *const choices[] = {
        [STILL_OFF] = "off", [STILL_REALTIME] = "realtime", [STILL_STRICT] = "strict", NULL};
    int mode = STILL_OFF;
    if (json_is_boolean(field->value)) /* YAML's off and on are booleans */
        mode = json_is_true(field->value) ? STILL_STRICT : STILL_OFF;
    else if (!field_get_choice(field, choices, &mode, error))
        return false;
    *(Still *)target = still_of_mode((StillMode)mode);
    return true;
}

/* mode stands first, because it sets what the others change. */
static const FieldRule still_rules[] = {
    {"mode", FIELD_CUSTOM, .read = read_still_mode},
    {"clock", FIELD_BOOL, .at = offsetof(Still, clock)},
    {"random", FIELD_BOOL, .at = offsetof(Still, random)},
    {"animations", FIELD_BOOL, .at = offsetof(Still, animations)},
    {"frames", FIELD_BOOL, .at = offsetof(Still, frames)},
    {"images", FIELD_BOOL, .at = offsetof(Still, images)},
    {"caret", FIELD_BOOL, .at = offsetof(Still, caret)},
    {"fonts", FIELD_BOOL, .at = offsetof(Still, fonts)},
};

static bool read_still(const Field *field, void *target, GError **error) {
    CaptureSpec *spec = target;
    if (json_is_object(field->value))
        return field_read(field, still_rules, G_N_ELEMENTS(still_rules), &spec->still, error);
    return read_still_mode(field, &spec->still, error);
}

/* --- Steps --- */

static bool read_step_selector(const Field *field, void *target, GError **error) {
    Step *step = target;
    return field_get_text(field, check_not_empty, &step->selector, error);
}

static const FieldRule type_rules[] = {
    {"selector", FIELD_TEXT, .at = offsetof(Step, selector), .check = check_not_empty, .required = true},
    {"text", FIELD_TEXT, .at = offsetof(Step, text), .required = true},
};

static bool read_type(const Field *field, void *target, GError **error) {
    return field_read(field, type_rules, G_N_ELEMENTS(type_rules), target, error);
}

static const FieldRule scroll_rules[] = {
    {"x", FIELD_INT, .at = offsetof(Step, x), .least = 0, .most = MAX_COORDINATE},
    {"y", FIELD_INT, .at = offsetof(Step, y), .least = 0, .most = MAX_COORDINATE},
};

static bool read_scroll(const Field *field, void *target, GError **error) {
    if (json_is_string(field->value))
        return read_step_selector(field, target, error);
    if (!json_is_object(field->value))
        return field_refuse(field, error, "be a selector, or a map of x and y");
    return field_read(field, scroll_rules, G_N_ELEMENTS(scroll_rules), target, error);
}

static bool read_wait(const Field *field, void *target, GError **error) {
    Step *step = target;
    return field_get_int(field, 0, SPEC_MAX_TIMEOUT, &step->wait_ms, error);
}

static bool read_key(const Field *field, void *target, GError **error) {
    Step *step = target;
    const char *key;
    if (!field_get_text(field, NULL, &key, error))
        return false;
    g_autofree char *advice = key_find(key) || key_is_character(key) ? NULL : key_advice(key);
    if (advice)
        return field_refuse(field, error, "%s", advice);
    step->text = key;
    return true;
}

static const FieldRule press_rules[] = {
    {"selector", FIELD_TEXT, .at = offsetof(Step, selector), .check = check_not_empty},
    {"key", FIELD_CUSTOM, .read = read_key, .required = true},
};

static bool read_press(const Field *field, void *target, GError **error) {
    if (json_is_object(field->value))
        return field_read(field, press_rules, G_N_ELEMENTS(press_rules), target, error);
    return read_key(field, target, error);
}

static const FieldRule select_rules[] = {
    {"selector", FIELD_TEXT, .at = offsetof(Step, selector), .check = check_not_empty, .required = true},
    {"value", FIELD_TEXT, .at = offsetof(Step, text), .required = true},
};

static bool read_select(const Field *field, void *target, GError **error) {
    return field_read(field, select_rules, G_N_ELEMENTS(select_rules), target, error);
}

static const struct {
    const char *key;
    bool (*read)(const Field *field, void *target, GError **error);
} steps[] = {
    [STEP_CLICK] = {"click", read_step_selector},
    [STEP_HOVER] = {"hover", read_step_selector},
    [STEP_TYPE] = {"type", read_type},
    [STEP_SCROLL] = {"scroll", read_scroll},
    [STEP_WAIT] = {"wait", read_wait},
    [STEP_WAIT_FOR] = {"waitFor", read_step_selector},
    [STEP_PRESS] = {"press", read_press},
    [STEP_SELECT] = {"select", read_select},
};

/* "click, hover, ..."; the caller frees it. */
static char *list_steps(void) {
    GString *list = g_string_new(steps[0].key);
    for (size_t i = 1; i < G_N_ELEMENTS(steps); i++)
        g_string_append_printf(list, ", %s", steps[i].key);
    return g_string_free(list, FALSE);
}

static bool refuse_number_of_keys(const Field *field, GError **error) {
    g_autofree char *list = list_steps();
    return field_error(field, error, "must have exactly one of %s; it has %zu keys", list,
                       json_object_size(field->value));
}

/* An unknown step is an error, not a warning: what follows it would act on a page that is not ready. */
static bool refuse_unknown_step(const Field *field, const char *key, GError **error) {
    Field name = {.source = field->source, .parent = field, .key = key};
    name.place = document_place_of_name(field->source->document, field->value, key);
    const char *names[G_N_ELEMENTS(steps)];
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++)
        names[i] = steps[i].key;
    const char *near = suggest_name(key, names, G_N_ELEMENTS(names));
    if (near)
        return field_error(&name, error, "is no step; did you mean %s?", near);
    g_autofree char *list = list_steps();
    return field_error(&name, error, "is no step; these are: %s", list);
}

static bool read_step(const Field *field, void *array, GError **error) {
    if (!field_is_map(field, error))
        return false;
    if (json_object_size(field->value) != 1)
        return refuse_number_of_keys(field, error);
    Field what = field_at_key(field, json_object_iter_key(json_object_iter(field->value)));
    Step step = {0};
    size_t i = 0;
    while (i < G_N_ELEMENTS(steps) && !g_str_equal(what.key, steps[i].key))
        i++;
    if (i == G_N_ELEMENTS(steps))
        return refuse_unknown_step(field, what.key, error);
    step.kind = (StepKind)i;
    if (!steps[i].read(&what, &step, error))
        return false;
    g_ptr_array_add(array, g_memdup2(&step, sizeof step));
    return true;
}

static bool read_steps(const Field *field, void *target, GError **error) {
    CaptureSpec *spec = target;
    return field_read_list(field, MAX_LIST, read_step, spec->steps, error);
}

/* --- The whole --- */

#define SPEC(member) offsetof(CaptureSpec, member)

static const FieldRule spec_rules[] = {
    {"targetUrl", FIELD_TEXT, .at = SPEC(target_url), .check = check_url},
    {"viewportSize", FIELD_CUSTOM, .read = read_viewport},
    {"viewportOnly", FIELD_BOOL, .at = SPEC(viewport_only)},
    {"growViewport", FIELD_BOOL, .at = SPEC(grow_viewport)},
    {"clipRect", FIELD_CUSTOM, .read = read_clip},
    {"selector", FIELD_TEXT, .at = SPEC(selector), .check = check_not_empty},
    {"background", FIELD_CUSTOM, .read = read_background},
    {"hide", FIELD_CUSTOM, .read = read_hide},
    {"mask", FIELD_CUSTOM, .read = read_mask},
    {"ignore", FIELD_CUSTOM, .read = read_ignore},
    {"tolerances", FIELD_CUSTOM, .read = read_tolerances},
    {"injectCss", FIELD_TEXT, .at = SPEC(inject_css)},
    {"injectJs", FIELD_TEXT, .at = SPEC(inject_js)},
    {"steps", FIELD_CUSTOM, .read = read_steps},
    {"waitForSelector", FIELD_TEXT, .at = SPEC(wait_for_selector), .check = check_not_empty},
    {"delay", FIELD_INT, .at = SPEC(delay_ms), .least = 0, .most = SPEC_MAX_TIMEOUT},
    {"still", FIELD_CUSTOM, .read = read_still},
    {"cookies", FIELD_CUSTOM, .read = read_cookies},
    {"httpUserName", FIELD_TEXT, .at = SPEC(http_user_name), .check = check_header_value},
    {"httpPassword", FIELD_TEXT, .at = SPEC(http_password), .check = check_header_value},
    {"injectHeaders", FIELD_CUSTOM, .read = read_inject_headers},
    {"userAgent", FIELD_TEXT, .at = SPEC(user_agent), .check = check_header_value},
    {"resourcesToIgnore", FIELD_CUSTOM, .read = read_resources_to_ignore},
    {"resourceTimeoutMs", FIELD_INT, .at = SPEC(resource_timeout_ms), .least = 1, .most = SPEC_MAX_TIMEOUT},
    {"timeoutMs", FIELD_INT, .at = SPEC(timeout_ms), .least = 1, .most = SPEC_MAX_TIMEOUT},
    {"ignoreCertificateErrors", FIELD_BOOL, .at = SPEC(ignore_certificate_errors)},
    {.key = "tolerance", .kind = FIELD_KNOWN},
    {.key = "metric", .kind = FIELD_KNOWN},
    {.key = "threshold", .kind = FIELD_KNOWN},
    {.key = "antialiasing", .kind = FIELD_KNOWN},
    {.key = "align", .kind = FIELD_KNOWN},
    {.key = "viewports", .kind = FIELD_KNOWN},
};

bool spec_has_key(const char *key) {
    for (size_t i = 0; i < G_N_ELEMENTS(spec_rules); i++)
        if (g_str_equal(spec_rules[i].key, key))
            return true;
    return false;
}

static void regex_free(void *regex) {
    g_regex_unref(regex);
}

static CaptureSpec *spec_new(json_t *object) {
    CaptureSpec *spec = g_new0(CaptureSpec, 1);
    spec->width = SPEC_DEFAULT_WIDTH;
    spec->height = SPEC_DEFAULT_HEIGHT;
    spec->device_scale_factor = 1;
    spec->transparent = true;
    spec->ignore_certificate_errors = true;
    spec->grow_viewport = true;
    spec->resource_timeout_ms = SPEC_DEFAULT_RESOURCE_TIMEOUT;
    spec->timeout_ms = SPEC_DEFAULT_TIMEOUT;
    spec->still = still_of_mode(STILL_STRICT);
    spec->cookies = json_array();
    spec->header_rules = g_ptr_array_new_with_free_func(header_rule_free);
    spec->resources_to_ignore = g_ptr_array_new_with_free_func(regex_free);
    spec->steps = g_ptr_array_new_with_free_func(g_free);
    spec->hide = g_ptr_array_new();
    spec->mask = g_ptr_array_new_with_free_func(g_free);
    spec->ignore = g_ptr_array_new_with_free_func(g_free);
    spec->tolerances = g_ptr_array_new_with_free_func(g_free);
    spec->unknown_keys = g_ptr_array_new_with_free_func(g_free);
    spec->config = object ? json_copy(object) : json_object();
    /* As the old tool: a page that is looked at by a robot every minute must not be counted. */
    g_ptr_array_add(spec->resources_to_ignore, compile_regex("www\\.google-analytics\\.com", NULL));
    return spec;
}

/* Sets the URL that was given beside the config, which wins over one in it. */
static bool set_url(CaptureSpec *spec, const Field *config, const char *url, GError **error) {
    Field field = {.source = config->source, .parent = config, .key = "targetUrl"};
    if (!url && !spec->target_url)
        return field_error(&field, error, "is missing");
    if (!url)
        return true;
    if (json_object_set_new(spec->config, "targetUrl", json_string(url)) < 0)
        return field_error(&field, error, "must be UTF-8");
    field.value = json_object_get(spec->config, "targetUrl");
    return field_get_text(&field, check_url, &spec->target_url, error);
}

CaptureSpec *spec_parse(const Document *document, json_t *object, const char *url, GPtrArray *warnings,
                        GError **error) {
    g_autoptr(CaptureSpec) spec = spec_new(object);
    FieldSource source = {document, warnings, spec->unknown_keys};
    Field config = field_top(&source, "the config", object ? object : spec->config, (Place){0});
    if (!field_read(&config, spec_rules, G_N_ELEMENTS(spec_rules), spec, error) || !set_url(spec, &config, url, error))
        return NULL;
    return g_steal_pointer(&spec);
}

void spec_free(CaptureSpec *spec) {
    if (!spec)
        return;
    g_ptr_array_unref(spec->header_rules);
    g_ptr_array_unref(spec->resources_to_ignore);
    g_ptr_array_unref(spec->steps);
    g_ptr_array_unref(spec->hide);
    g_ptr_array_unref(spec->mask);
    g_ptr_array_unref(spec->ignore);
    g_ptr_array_unref(spec->tolerances);
    g_ptr_array_unref(spec->unknown_keys);
    json_decref(spec->cookies);
    json_decref(spec->config);
    g_free(spec);
}
