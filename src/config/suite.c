#include "config/suite.h"

#include "base/file.h"
#include "config/check.h"
#include "config/field.h"
#include "config/test_name.h"

#include <string.h>

enum {
    WAIT_FOR_URL_MS = 10000, /* the old tool's */
    WAIT_FOR_SCRIPT_MS = 30000,
    MAX_WAIT_FOR_SECONDS = 3600, /* longer is a mistake */
    MAX_TESTS = 10000,           /* of one file: at five a second they take half an hour */
    MAX_VIEWPORTS = 100,         /* of one test: each reads the config once more */
    MAX_PATH = 4096 - 64,        /* bytes: PATH_MAX, less room for .dpxdt/ and what stands in it */
};

/* One file on its way into the suite. */
typedef struct {
    Suite *suite;
    TestFile *file;
    Document *document;
} Reader;

typedef struct {
    const char *url;
    Field config;
} ArmForm;

/* One test as it was written. A Field whose value is NULL was not given. */
typedef struct {
    const Reader *reader;
    const Field *field;
    const char *name, *description;
    Field url, config; /* this form, */
    Field ref, run;    /* or that */
    ArmForm arms[2];   /* what both come to */
    Field viewports;
    Criteria criteria;
    json_t *looks; /* keys of the config that stand beside it */
} TestForm;

/* --- One picture --- */

static void test_case_free(void *test) {
    TestCase *t = test;
    if (t->arms[ARM_RUN] != t->arms[ARM_REFERENCE])
        spec_free(t->arms[ARM_RUN]);
    spec_free(t->arms[ARM_REFERENCE]);
    g_free(t->name);
    g_free(t->description);
    g_free(t->reference_path);
    g_free(t);
}

/* The config of an arm as it counts: what stands beside it wins, and one of viewports replaces viewportSize. NULL with
 * error for a viewport that is none. */
static json_t *effective_config(const TestForm *form, Arm arm, const Field *viewport, GError **error) {
    Document *document = form->reader->document;
    json_t *config = document_new_object(document);
    document_copy_keys(document, config, form->arms[arm].config.value);
    document_copy_keys(document, config, form->looks);
    if (!viewport)
        return config;
    json_t *size = spec_read_viewport(document, viewport, error);
    if (!size)
        return NULL;
    json_object_del(config, "viewports");
    document_set(document, config, "viewportSize", viewport->place, size, viewport->place);
    return config;
}

static bool parse_arm(const TestForm *form, Arm arm, const Field *viewport, TestCase *test, GError **error) {
    const Reader *reader = form->reader;
    json_t *config = effective_config(form, arm, viewport, error);
    if (!config)
        return false;
    test->arms[arm] = spec_parse(reader->document, config, form->arms[arm].url, reader->suite->warnings, error);
    return test->arms[arm] != NULL;
}

static bool parse_arms(const TestForm *form, const Field *viewport, TestCase *test, GError **error) {
    if (!parse_arm(form, ARM_REFERENCE, viewport, test, error))
        return false;
    if (form->run.value)
        return parse_arm(form, ARM_RUN, viewport, test, error);
    test->arms[ARM_RUN] = test->arms[ARM_REFERENCE];
    return true;
}

/* "name", "name@label" or "name@WxH"; the caller frees it. */
static char *full_name(const TestForm *form, const Field *viewport, const CaptureSpec *spec) {
    if (!viewport)
        return g_strdup(form->name);
    const char *label = json_string_value(json_object_get(viewport->value, "name"));
    if (label)
        return g_strdup_printf("%s@%s", form->name, label);
    return g_strdup_printf("%s@%dx%d", form->name, spec->width, spec->height);
}

static bool take_name(const Reader *reader, const Field *at, const char *name, GError **error) {
    g_autofree char *quoted = document_quote(name);
    const char *problem = test_name_check(name);
    if (problem)
        return field_error(at, error, "must %s; it is %s", problem, quoted);
    if (strlen(reader->suite->dir) + strlen(name) > MAX_PATH)
        return field_error(at, error, "makes a path that is too long: %zu bytes for the folder and %zu for the name",
                           strlen(reader->suite->dir), strlen(name));
    g_autofree char *where = g_strdup_printf("%s:%d:%d", reader->file->path, at->place.line, at->place.column);
    const char *other = test_name_take(reader->suite->taken, name, where);
    return !other || field_error(at, error, "makes %s.png, where the picture of another test goes; also named at %s",
                                 name, other);
}

/* Adds the picture of a test, or that of one of its viewports. */
static bool add_case(const TestForm *form, const Field *viewport, GError **error) {
    const Reader *reader = form->reader;
    TestCase *test = g_new0(TestCase, 1);
    g_ptr_array_add(reader->file->tests, test);
    test->place = form->field->place;
    test->description = g_strdup(form->description);
    test->criteria = form->criteria;
    if (!parse_arms(form, viewport, test, error))
        return false;
    test->name = full_name(form, viewport, test->arms[ARM_RUN]);
    g_autofree char *file = g_strconcat(test->name, ".png", NULL);
    test->reference_path = g_build_filename(reader->suite->dir, file, NULL);
    Field name = field_at_key(form->field, "name");
    return take_name(reader, viewport ? viewport : &name, test->name, error);
}

static bool add_viewport(const Field *viewport, void *form, GError **error) {
    const char *label;
    if (!field_is_map(viewport, error))
        return false;
    Field name = field_at_key(viewport, "name");
    if (name.value && !field_get_text(&name, check_not_empty, &label, error))
        return false;
    return add_case(form, viewport, error);
}

/* --- One test --- */

static bool read_look(const Field *field, void *target, GError **error) {
    (void)error;
    TestForm *form = target;
    document_copy_key(form->reader->document, form->looks, field->parent->value, field->key);
    return true;
}

static const FieldRule test_rules[] = {
    {"name", FIELD_TEXT, .at = offsetof(TestForm, name), .check = check_not_empty, .required = true},
    {"description", FIELD_TEXT, .at = offsetof(TestForm, description)},
    {"url", FIELD_ANY, .at = offsetof(TestForm, url)},
    {"config", FIELD_ANY, .at = offsetof(TestForm, config)},
    {"ref", FIELD_ANY, .at = offsetof(TestForm, ref)},
    {"run", FIELD_ANY, .at = offsetof(TestForm, run)},
    {.key = "tolerance", .kind = FIELD_KNOWN}, /* with these four: criteria.h */
    {.key = "metric", .kind = FIELD_KNOWN},
    {.key = "threshold", .kind = FIELD_KNOWN},
    {.key = "antialiasing", .kind = FIELD_KNOWN},
    {.key = "align", .kind = FIELD_KNOWN},
    {"viewports", FIELD_ANY, .at = offsetof(TestForm, viewports)},
    {"selector", FIELD_CUSTOM, .read = read_look},
    {"hide", FIELD_CUSTOM, .read = read_look},
    {"mask", FIELD_CUSTOM, .read = read_look},
    {"ignore", FIELD_CUSTOM, .read = read_look},
    {"tolerances", FIELD_CUSTOM, .read = read_look},
    {"steps", FIELD_CUSTOM, .read = read_look},
    {"waitForSelector", FIELD_CUSTOM, .read = read_look},
    {"delay", FIELD_CUSTOM, .read = read_look},
    {"still", FIELD_CUSTOM, .read = read_look},
};

static const FieldRule arm_rules[] = {
    {"url", FIELD_TEXT, .at = offsetof(ArmForm, url), .check = check_url, .required = true},
    {"config", FIELD_ANY, .at = offsetof(ArmForm, config)},
};

/* What is said of an unknown key beside config. */
static const char *advise_on_config(const char *key) {
    return spec_has_key(key) ? "it belongs below config" : NULL;
}

static bool read_arm(const Field *field, ArmForm *arm, GError **error) {
    if (!field_read_known(field, arm_rules, G_N_ELEMENTS(arm_rules), arm, error))
        return false;
    field_warn_of_unknown(field, arm_rules, G_N_ELEMENTS(arm_rules), advise_on_config);
    return !arm->config.value || field_is_map(&arm->config, error);
}

static bool refuse_without_url(const Field *test, GError **error) {
    g_autofree char *question = field_ask_for_misspelt(test, "url");
    return field_error(test, error, "needs a url, or ref and run%s", question);
}

/* The test itself as its one arm, or ref and run. */
static bool read_arms(TestForm *form, GError **error) {
    bool plain = form->url.value || form->config.value;
    bool paired = form->ref.value || form->run.value;
    if (plain && paired)
        return field_error(form->field, error, "has url or config, and also ref or run: only one of both works");
    if (paired && (!form->ref.value || !form->run.value))
        return field_error(form->field, error, "needs %s beside %s", form->ref.value ? "run" : "ref",
                           form->ref.value ? "ref" : "run");
    if (paired)
        return read_arm(&form->ref, &form->arms[ARM_REFERENCE], error) &&
               read_arm(&form->run, &form->arms[ARM_RUN], error);
    if (!form->url.value)
        return refuse_without_url(form->field, error);
    if (form->config.value && !field_is_map(&form->config, error))
        return false;
    ArmForm arm = {.config = form->config};
    if (!field_get_text(&form->url, check_url, &arm.url, error))
        return false;
    form->arms[ARM_REFERENCE] = form->arms[ARM_RUN] = arm;
    return true;
}

/* What is read later wins: the run's config over that of the reference, and the test over both. */
static bool read_criteria(TestForm *form, GError **error) {
    const Field *const maps[] = {&form->arms[ARM_REFERENCE].config, &form->arms[ARM_RUN].config, form->field};
    return criteria_read(maps, G_N_ELEMENTS(maps), &form->criteria, error);
}

/* An option of the test may also stand in its config; of two configs that of the run comes first. */
static void look_in_configs(const TestForm *form, const char *key, Field *option) {
    for (int arm = ARM_RUN; arm >= ARM_REFERENCE && !option->value; arm--)
        if (form->arms[arm].config.value)
            *option = field_at_key(&form->arms[arm].config, key);
}

/* A list without elements is a mistake, like one with too many. */
static bool read_some(const Field *list, size_t most, bool (*read)(const Field *, void *, GError **), void *target,
                      GError **error) {
    if (json_is_array(list->value) && json_array_size(list->value) == 0)
        return field_error(list, error, "must have at least one element");
    return field_read_list(list, most, read, target, error);
}

static bool read_test(const Field *field, void *reader, GError **error) {
    TestForm form = {.reader = reader, .field = field};
    form.looks = document_new_object(form.reader->document);
    if (!field_read_known(field, test_rules, G_N_ELEMENTS(test_rules), &form, error))
        return false;
    field_warn_of_unknown(field, test_rules, G_N_ELEMENTS(test_rules), advise_on_config);
    if (!read_arms(&form, error))
        return false;
    if (!read_criteria(&form, error))
        return false;
    look_in_configs(&form, "viewports", &form.viewports);
    if (!form.viewports.value)
        return add_case(&form, NULL, error);
    return read_some(&form.viewports, MAX_VIEWPORTS, add_viewport, &form, error);
}

/* --- One file --- */

typedef struct {
    const char *url;
    double timeout_secs;
} WaitForForm;

static const FieldRule wait_for_rules[] = {
    {"url", FIELD_TEXT, .at = offsetof(WaitForForm, url), .check = check_url, .required = true},
    {"timeout_secs", FIELD_NUMBER, .at = offsetof(WaitForForm, timeout_secs), .least = 0, .most = MAX_WAIT_FOR_SECONDS},
};

static bool read_setup(const Field *field, void *file, GError **error) {
    TestFile *f = file;
    const char *setup;
    if (!field_get_text(field, NULL, &setup, error))
        return false;
    f->setup = g_strdup(setup);
    return true;
}

static bool read_wait_for_script(const Field *field, WaitFor *wait_for, GError **error) {
    g_autofree char *script = g_strdup(json_string_value(field->value));
    if (!check_url(g_strstrip(script)))
        return field_error(field, error, "would be a bash script; a URL is written so: waitFor: {url: \"%s\"}", script);
    wait_for->script = g_strdup(json_string_value(field->value));
    wait_for->timeout_ms = WAIT_FOR_SCRIPT_MS;
    return true;
}

static bool read_wait_for(const Field *field, void *file, GError **error) {
    WaitFor *wait_for = &((TestFile *)file)->wait_for;
    WaitForForm form = {.timeout_secs = WAIT_FOR_URL_MS / 1000.0};
    if (json_is_string(field->value))
        return read_wait_for_script(field, wait_for, error);
    if (!json_is_object(field->value))
        return field_refuse(field, error, "be a bash script, or a map of url and timeout_secs");
    if (!field_read(field, wait_for_rules, G_N_ELEMENTS(wait_for_rules), &form, error))
        return false;
    wait_for->url = g_strdup(form.url);
    wait_for->timeout_ms = (int)(form.timeout_secs * 1000);
    return true;
}

/* All other keys hold anchors for people's own use; only what looks like one of these is warned about. */
static const FieldRule file_rules[] = {
    {"setup", FIELD_CUSTOM, .read = read_setup},
    {"waitFor", FIELD_CUSTOM, .read = read_wait_for},
    {.key = "tests", .kind = FIELD_KNOWN, .required = true},
};

static void test_file_free(void *file) {
    TestFile *f = file;
    g_ptr_array_unref(f->tests);
    g_free(f->path);
    g_free(f->setup);
    g_free(f->wait_for.url);
    g_free(f->wait_for.script);
    g_free(f);
}

static TestFile *test_file_new(const char *path) {
    TestFile *file = g_new0(TestFile, 1);
    file->path = g_strdup(path);
    file->tests = g_ptr_array_new_with_free_func(test_case_free);
    return file;
}

bool suite_add(Suite *suite, const char *path, const char *text, size_t size, GError **error) {
    g_autoptr(Document) document = document_from_yaml(path, text, size, error);
    if (!document)
        return false;
    TestFile *file = test_file_new(path);
    g_ptr_array_add(suite->files, file);
    Reader reader = {suite, file, document};
    FieldSource source = {document, suite->warnings, NULL};
    Field top = field_top(&source, "the file", document_root(document), document_place_of_root(document));
    if (!field_read_known(&top, file_rules, G_N_ELEMENTS(file_rules), file, error))
        return false;
    field_warn_of_misspelt(&top, file_rules, G_N_ELEMENTS(file_rules));
    Field tests = field_at_key(&top, "tests");
    return read_some(&tests, MAX_TESTS, read_test, &reader, error);
}

/* --- The folder --- */

Suite *suite_new(const char *dir) {
    Suite *suite = g_new0(Suite, 1);
    suite->dir = g_strdup(dir);
    suite->files = g_ptr_array_new_with_free_func(test_file_free);
    suite->warnings = g_ptr_array_new_with_free_func(g_free);
    suite->taken = test_name_table_new();
    return suite;
}

void suite_free(Suite *suite) {
    if (!suite)
        return;
    g_ptr_array_unref(suite->files);
    g_ptr_array_unref(suite->warnings);
    g_hash_table_unref(suite->taken);
    g_free(suite->dir);
    g_free(suite);
}

static GDir *open_folder(const char *dir, GError **error) {
    g_autoptr(GError) cause = NULL;
    GDir *folder = g_dir_open(dir, 0, &cause);
    if (folder)
        return folder;
    if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        error_set(error, ERROR_NOT_FOUND, "there is no folder %s; it is to hold the tests, as *.yaml", dir);
    else if (g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
        error_set(error, ERROR_NOT_FOUND, "%s is no folder; name the folder that holds the *.yaml", dir);
    else
        error_set(error, ERROR_FAILED, "%s", cause->message);
    return NULL;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the test files, sorted. */
static GPtrArray *list_files(const char *dir, GError **error) {
    g_autoptr(GDir) folder = open_folder(dir, error);
    if (!folder)
        return NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(folder));)
        if (*name != '.' && (g_str_has_suffix(name, ".yaml") || g_str_has_suffix(name, ".yml")))
            g_ptr_array_add(names, g_strdup(name));
    if (names->len == 0) {
        error_set(error, ERROR_NOT_FOUND,
                  "%s: no tests there; looked for *.yaml and *.yml, but not for hidden ones and "
                  "not in folders below it",
                  dir);
        return NULL;
    }
    g_ptr_array_sort(names, compare_names);
    return g_steal_pointer(&names);
}

static bool load_file(Suite *suite, const char *name, GError **error) {
    g_autofree char *path = g_build_filename(suite->dir, name, NULL);
    g_autoptr(GBytes) bytes = file_read(path, DOCUMENT_MAX_BYTES, error);
    if (!bytes)
        return false;
    size_t size;
    const char *text = g_bytes_get_data(bytes, &size);
    return suite_add(suite, path, text, size, error);
}

Suite *suite_load(const char *dir, GError **error) {
    g_autoptr(GPtrArray) names = list_files(dir, error);
    g_autoptr(Suite) suite = suite_new(dir);
    if (!names)
        return NULL;
    for (unsigned i = 0; i < names->len; i++)
        if (!load_file(suite, names->pdata[i], error))
            return NULL;
    return g_steal_pointer(&suite);
}
