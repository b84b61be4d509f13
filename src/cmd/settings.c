#include "cmd/settings.h"

#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const GOptionEntry *entry;
    char *value; /* as it was given; of an option without a value "yes" or "no"; NULL: not given */
    char *place; /* where */
    int line;    /* of the file; 0: elsewhere */
    bool is_typed;
} Setting;

struct Settings {
    GOptionEntry *entries;
    GArray *all; /* of Setting, one for each entry */
    char *file;  /* that was read; NULL: none */
    char *config;
    gboolean prints;
    const Command *command;
};

static void setting_clear(void *data) {
    Setting *setting = data;
    g_free(setting->value);
    g_free(setting->place);
}

static Settings *settings_new(const GOptionEntry *entries) {
    Settings *settings = g_new0(Settings, 1);
    size_t n = 0;
    while (entries[n].long_name)
        n++;
    settings->entries = g_memdup2(entries, (n + 1) * sizeof *entries);
    settings->all = g_array_new(FALSE, TRUE, sizeof(Setting));
    g_array_set_clear_func(settings->all, setting_clear);
    for (const GOptionEntry *entry = settings->entries; entry->long_name; entry++) {
        const Setting setting = {.entry = entry};
        g_array_append_val(settings->all, setting);
    }
    return settings;
}

void settings_free(Settings *settings) {
    if (!settings)
        return;
    g_array_unref(settings->all);
    g_free(settings->entries);
    g_free(settings->file);
    g_free(settings->config);
    g_free(settings);
}

static Setting *setting_at(const Settings *settings, guint i) {
    return &g_array_index(settings->all, Setting, i);
}

static Setting *find(const Settings *settings, const char *name) {
    for (guint i = 0; i < settings->all->len; i++)
        if (strcmp(setting_at(settings, i)->entry->long_name, name) == 0)
            return setting_at(settings, i);
    return NULL;
}

static bool is_flag(const Setting *setting) {
    return setting->entry->arg == G_OPTION_ARG_NONE;
}

/* Fails with what is allowed. place is taken. */
static bool give(Setting *setting, const char *value, char *place, GError **error) {
    g_free(setting->value);
    g_free(setting->place);
    setting->value = g_strdup(value);
    setting->place = place;
    if (!is_flag(setting) || strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)
        return true;
    error_set(error, ERROR_INVALID, "%s: %s must be yes or no, not %s", place, setting->entry->long_name, value);
    return false;
}

static char *variable_of(const char *name) {
    g_autofree char *capitals = g_ascii_strup(name, -1);
    return g_strconcat("DPXDT_", g_strdelimit(capitals, "-", '_'), NULL);
}

/* -- The file -- */

static bool refuse_name(const Settings *settings, const char *name, const char *place, GError **error) {
    static const char *const secrets[] = {"oidc-client-secret", "smtp-password", "client-id", "client-secret", NULL};
    if (g_strv_contains(secrets, name)) {
        g_autofree char *variable = variable_of(name);
        error_set(error, ERROR_INVALID, "%s: %s is a secret, and comes from the environment: %s", place, name,
                  variable);
        return false;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < settings->all->len; i++)
        g_ptr_array_add(names, (void *)setting_at(settings, i)->entry->long_name);
    const char *meant = suggest_name(name, (const char *const *)names->pdata, names->len);
    error_set(error, ERROR_INVALID, "%s: there is no setting \"%s\"%s%s%s", place, name, meant ? "; did you mean " : "",
              meant ? meant : "", meant ? "?" : "");
    return false;
}

/* What is within quotes, if nothing is behind them but a comment; else NULL. The caller frees it. */
static char *unquoted(const char *text) {
    const char *end = text;
    if (*text != '"')
        return NULL;
    while (*++end && *end != '"')
        end += *end == '\\' && end[1];
    const char *rest = end + (*end == '"');
    const char *next = rest + strspn(rest, " \t\r");
    if (*end != '"' || !(*next == '\0' || (*next == '#' && next > rest)))
        return NULL;
    g_autofree char *within = g_strndup(text + 1, (size_t)(end - text) - 1);
    return g_strcompress(within);
}

/* Cuts off a comment, and blanks at both ends. */
static char *without_comment(char *line) {
    for (char *at = line; *at; at++)
        if (*at == '#' && (at == line || g_ascii_isspace(at[-1])))
            *at = '\0';
    return g_strstrip(line);
}

static bool read_line(Settings *settings, char *text, int number, bool all_are_ours, GError **error) {
    g_autofree char *place = g_strdup_printf("%s:%d", settings->file, number);
    text = g_strchug(text);
    const char *behind = strchr(text, '=');
    g_autofree char *in_quotes = behind ? unquoted(behind + 1 + strspn(behind + 1, " \t")) : NULL;
    if (*without_comment(text) == '\0')
        return true;
    char *equals = strchr(text, '=');
    if (!equals) {
        error_set(error, ERROR_INVALID, "%s: \"%s\" is no setting: option = value is expected", place, text);
        return false;
    }
    *equals = '\0';
    const char *name = g_strdelimit(g_strchomp(text), "_", '-');
    const char *value = in_quotes ? in_quotes : g_strchug(equals + 1);
    Setting *setting = find(settings, name);
    if (!setting)
        return all_are_ours ? refuse_name(settings, name, place, error) : true;
    if (setting->line) {
        error_set(error, ERROR_INVALID, "%s: %s is in line %d already", place, name, setting->line);
        return false;
    }
    if (*value == '\0') {
        error_set(error, ERROR_INVALID, "%s: %s has no value", place, name);
        return false;
    }
    setting->line = number;
    return give(setting, value, g_steal_pointer(&place), error);
}

static bool read_file(Settings *settings, bool all_are_ours, GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = NULL;
    size_t size = 0;
    if (!g_file_get_contents(settings->file, &text, &size, &cause)) {
        bool is_missing = g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        error_set(error, is_missing ? ERROR_NOT_FOUND : ERROR_FAILED, "the settings cannot be read: %s",
                  cause->message);
        return false;
    }
    if (!g_utf8_validate(text, (gssize)size, NULL)) {
        error_set(error, ERROR_INVALID, "%s: no text (UTF-8)", settings->file);
        return false;
    }
    const char *start = g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text; /* a byte order mark */
    g_auto(GStrv) lines = g_strsplit(start, "\n", -1);
    for (int i = 0; lines[i]; i++)
        if (!read_line(settings, lines[i], i + 1, all_are_ours, error))
            return false;
    return true;
}

/* Whichever file counts: the one that was named, or the usual one if it is there. */
static bool read_settings(Settings *settings, const char *usual_file, bool all_are_ours, GError **error) {
    command_complete(&settings->config, "DPXDT_CONFIG", NULL);
    if (!settings->config && !g_file_test(usual_file, G_FILE_TEST_EXISTS))
        return true;
    settings->file = g_strdup(settings->config ? settings->config : usual_file);
    return read_file(settings, all_are_ours, error);
}

/* -- The environment and the command line -- */

static bool read_environment(Settings *settings, GError **error) {
    for (guint i = 0; i < settings->all->len; i++) {
        Setting *setting = setting_at(settings, i);
        g_autofree char *variable = variable_of(setting->entry->long_name);
        const char *value = g_getenv(variable);
        if (value && *value && !give(setting, value, g_steal_pointer(&variable), error))
            return false;
    }
    return true;
}

/* Which options are on the line: what they are there GOption says, and nothing else gives them a value. */
static void find_typed(Settings *settings, int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        g_autofree char *name = g_strndup(argv[i], strcspn(argv[i], "="));
        Setting *setting = g_str_has_prefix(name, "--") ? find(settings, g_strdelimit(name, "_", '-') + 2) : NULL;
        if (!setting)
            continue;
        setting->is_typed = true;
        i += !is_flag(setting) && !strchr(argv[i], '='); /* its value */
    }
}

/* Of two sources of data half of each would be another server's: the database of a backup with the pictures of what runs. */
static bool check_data(const Settings *settings, GError **error) {
    static const char *const names[] = {"database", "blobs", "key-file"};
    const Setting *data = find(settings, "data");
    for (size_t i = 0; data && data->is_typed && i < G_N_ELEMENTS(names); i++) {
        const Setting *other = find(settings, names[i]);
        if (!other || other->is_typed || !other->value)
            continue;
        error_set(error, ERROR_INVALID,
                  "--data is on the command line, and %s comes from %s: say --%s, too, or leave --data out", names[i],
                  other->place, names[i]);
        return false;
    }
    return true;
}

/* What was read becomes what it would be if it had been typed. */
static bool apply(const Settings *settings, const Command *command, const GOptionEntry *entries, GError **error) {
    g_autoptr(GPtrArray) line = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(line, g_strdup(command->name));
    for (guint i = 0; i < settings->all->len; i++) {
        const Setting *setting = setting_at(settings, i);
        const char *name = setting->entry->long_name;
        if (setting->value && !setting->is_typed && !is_flag(setting))
            g_ptr_array_add(line, g_strconcat("--", name, "=", setting->value, NULL));
        else if (setting->value && !setting->is_typed && strcmp(setting->value, "yes") == 0)
            g_ptr_array_add(line, g_strconcat("--", name, NULL));
    }
    int argc = (int)line->len;
    /* GOption moves what it has taken. */
    g_autofree char **argv = g_memdup2(line->pdata, line->len * sizeof(char *));
    char **rest = argv;
    return command_parse(command, entries, &argc, &rest, error);
}

/* The option that a message names first, if it comes from elsewhere than the command line. */
static const Setting *named_in(const Settings *settings, const char *message) {
    for (const char *at = strstr(message, "--"); at; at = strstr(at + 2, "--")) {
        g_autofree char *name = g_strndup(at + 2, strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-"));
        const Setting *setting = find(settings, name);
        if (setting)
            return setting->value && !setting->is_typed ? setting : NULL;
    }
    return NULL;
}

void settings_name_place(const Settings *settings, GError **error) {
    const Setting *wrong = error && *error ? named_in(settings, (*error)->message) : NULL;
    if (wrong)
        g_prefix_error(error, "%s: ", wrong->place);
}

/* -- What is printed -- */

/* Whatever may be a user and a password, or a parameter that is named like one: rather too much is hidden than too little. */
static char *without_secrets(const char *name, const char *value) {
    static const char named[] = "((?:pass|pwd|secret|token|%)[^=]*=\\s*)('[^']*'|[^&\\s]*)";
    if (g_str_has_suffix(name, "-secret"))
        return g_strdup("***");
    g_autoptr(GRegex) user = g_regex_new("(://).*@", G_REGEX_DOTALL, 0, NULL);
    g_autoptr(GRegex) parameter = g_regex_new(named, G_REGEX_CASELESS, 0, NULL);
    g_autofree char *hidden = g_regex_replace(user, value, -1, 0, "\\1***@", 0, NULL);
    return g_regex_replace(parameter, hidden ? hidden : "", -1, 0, "\\1***", 0, NULL);
}

/* What an option has come to; NULL: it is not set. */
static char *value_of(const Setting *setting) {
    const GOptionEntry *entry = setting->entry;
    if (is_flag(setting))
        return g_strdup(*(gboolean *)entry->arg_data ? "yes" : "no");
    if (entry->arg == G_OPTION_ARG_INT)
        return g_strdup_printf("%d", *(int *)entry->arg_data);
    const char *text = *(char **)entry->arg_data;
    return text ? without_secrets(entry->long_name, text) : NULL;
}

/* As a file has it. The caller frees it. */
static char *written(const char *value) {
    if (!strstr(value, " #") && !strchr("#\"", *value) && !g_ascii_isspace(*value))
        return g_strdup(value);
    GString *text = g_string_new(value);
    g_string_replace(text, "\\", "\\\\", 0);
    g_string_replace(text, "\"", "\\\"", 0);
    g_string_prepend_c(text, '"');
    g_string_append_c(text, '"');
    return g_string_free(text, FALSE);
}

static void print(const Settings *settings, const char *const *variables) {
    printf("# dpxdt %s, settings of %s\n", settings->command->name, settings->file ? settings->file : "no file");
    for (guint i = 0; i < settings->all->len; i++) {
        const Setting *setting = setting_at(settings, i);
        g_autofree char *plain = value_of(setting), *value = plain ? written(plain) : NULL;
        g_autofree char *text = g_strdup_printf("%s%s =%s%s", value ? "" : "#", setting->entry->long_name,
                                                value ? " " : "", value ? value : "");
        printf("%-40s # %s\n", text,
               setting->is_typed ? "command line"
               : setting->place  ? setting->place
               : value           ? "default"
                                 : "not set");
    }
    for (; *variables; variables++) {
        const char *value = g_getenv(*variables);
        printf("# %s is %s\n", *variables, value && *value ? "set" : "not set");
    }
}

/* -- All of it -- */

Settings *settings_parse(const Command *command, const GOptionEntry *entries, const char *usual_file, int *argc,
                         char ***argv, GError **error) {
    g_autoptr(Settings) settings = settings_new(entries);
    g_autoptr(GArray) with_ours = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    const GOptionEntry ours[] = {
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &settings->config, "Settings: lines of option = value", "FILE"},
        {"print-config", 0, 0, G_OPTION_ARG_NONE, &settings->prints, "Print the settings, and where each came from",
         NULL},
    };
    g_array_append_vals(with_ours, entries, settings->all->len);
    g_array_append_vals(with_ours, ours, G_N_ELEMENTS(ours));
    find_typed(settings, *argc, *argv);
    settings->command = command;
    if (!command_parse(command, (const GOptionEntry *)(void *)with_ours->data, argc, argv, error) ||
        !read_settings(settings, usual_file, true, error) || !read_environment(settings, error) ||
        !check_data(settings, error))
        return NULL;
    if (apply(settings, command, entries, error))
        return g_steal_pointer(&settings);
    settings_name_place(settings, error);
    return NULL;
}

bool settings_accept(const Settings *settings, bool are_right, const char *const *variables, GError **error) {
    if (!are_right)
        settings_name_place(settings, error);
    else if (settings->prints)
        print(settings, variables);
    return are_right && !settings->prints;
}

Settings *settings_complete(const Command *command, const GOptionEntry *entries, GError **error) {
    g_autoptr(Settings) settings = settings_new(entries);
    bool is_complete = true;
    for (guint i = 0; i < settings->all->len; i++)
        is_complete &= setting_at(settings, i)->is_typed = *(char **)setting_at(settings, i)->entry->arg_data != NULL;
    if (is_complete)
        return g_steal_pointer(&settings);
    if (!read_settings(settings, SETTINGS_OF_SERVER, false, error) || !read_environment(settings, error) ||
        !check_data(settings, error))
        return NULL;
    if (apply(settings, command, entries, error))
        return g_steal_pointer(&settings);
    settings_name_place(settings, error);
    return NULL;
}
