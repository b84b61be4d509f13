#include "cmd/command.h"

#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

/* --foo_bar=x becomes --foo-bar=x: the old tool's flags were spelled with '_', and both are used. */
static void spell_with_hyphens(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (!g_str_has_prefix(argv[i], "--"))
            continue;
        for (char *c = argv[i]; *c && *c != '='; c++)
            if (*c == '_')
                *c = '-';
    }
}

/* GLib's messages have typographic quotes, which not every terminal can show. */
static char *with_plain_quotes(const char *message) {
    GString *plain = g_string_new(message);
    static const char *const quotes[] = {"\u201c", "\u201d", "\u2018", "\u2019"};
    for (size_t i = 0; i < G_N_ELEMENTS(quotes); i++)
        g_string_replace(plain, quotes[i], "'", 0);
    return g_string_free(plain, FALSE);
}

/* GOption says "Unknown option --fliter"; this adds which one may have been meant. */
static void name_the_nearest(const GOptionEntry *entries, GError *cause, GError **error) {
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const GOptionEntry *entry = entries; entry->long_name; entry++)
        g_ptr_array_add(names, (void *)entry->long_name);

    const char *dashes = strstr(cause->message, "--");
    g_autofree char *written = dashes ? g_strndup(dashes + 2, strcspn(dashes + 2, "=")) : NULL;
    const char *meant = written ? suggest_name(written, (const char *const *)names->pdata, names->len) : NULL;
    g_autofree char *message = with_plain_quotes(cause->message);
    if (meant && g_error_matches(cause, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
        error_set(error, ERROR_INVALID, "%s; did you mean --%s?", message, meant);
    else if (strstr(message, "integer value"))
        error_set(error, ERROR_INVALID, "%s: a whole number is expected", message);
    else
        error_set(error, ERROR_INVALID, "%s", message);
}

static bool is_flag(const GOptionEntry *entries, const char *name, size_t length) {
    for (const GOptionEntry *entry = entries; entry->long_name; entry++)
        if (entry->arg == G_OPTION_ARG_NONE && strlen(entry->long_name) == length &&
            strncmp(entry->long_name, name, length) == 0)
            return true;
    return false;
}

/* GOption takes --foo=no for --foo. */
static bool check_flags(const GOptionEntry *entries, int argc, char **argv, GError **error) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *equals = g_str_has_prefix(argv[i], "--") ? strchr(argv[i], '=') : NULL;
        if (!equals || !is_flag(entries, argv[i] + 2, (size_t)(equals - argv[i]) - 2))
            continue;
        error_set(error, ERROR_INVALID, "%.*s takes no value: leave it out, or the whole option",
                  (int)(equals - argv[i]), argv[i]);
        return false;
    }
    return true;
}

bool command_parse(const Command *command, const GOptionEntry *entries, int *argc, char ***argv, GError **error) {
    gboolean help = FALSE;
    const GOptionEntry help_entry[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "Show this help", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    g_autofree char *usage = g_strdup_printf("%s - %s", command->arguments, command->summary);
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    g_autofree char *program = g_strdup_printf("dpxdt %s", command->name);
    g_autoptr(GError) cause = NULL;

    spell_with_hyphens(*argc, *argv);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_description(context, command->help);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, help_entry, NULL);
    if (!check_flags(entries, *argc, *argv, error))
        return false;
    if (!g_option_context_parse(context, argc, argv, &cause)) {
        name_the_nearest(entries, cause, error);
        return false;
    }
    if (help) {
        g_set_prgname(program);
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stdout);
        return false;
    }
    if (*argc > 1 && strcmp((*argv)[1], "--") == 0) {
        memmove(&(*argv)[1], &(*argv)[2], (size_t)(*argc - 1) * sizeof **argv);
        (*argc)--;
    }
    return true;
}

bool command_check_arguments(const Command *command, int argc, int least, int most, GError **error) {
    int given = argc - 1;
    if (given >= least && (most < 0 || given <= most))
        return true;
    g_auto(GStrv) names = g_strsplit(command->arguments, " ", -1);
    g_autofree char *problem =
        given < least ? g_strdup_printf("%s is missing", names[given]) : g_strdup("there is too much on the line");
    error_set(error, ERROR_INVALID, "%s; the usage is: dpxdt %s [OPTION...] %s\n`dpxdt %s --help` says more", problem,
              command->name, command->arguments, command->name);
    return false;
}

void command_complete(char **option, const char *variable, const char *usual) {
    const char *value = g_getenv(variable);
    if (!*option)
        *option = g_strdup(value && *value ? value : usual);
}
