#include "base/log.h"

#include <jansson.h>
#include <string.h>
#include <unistd.h>

static LogFormat log_format;

static const char *const format_names[] = {[LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json"};
static const char *const level_names[] = {[LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};

bool log_format_from_name(const char *name, LogFormat *out_format) {
    for (size_t i = 0; i < G_N_ELEMENTS(format_names); i++)
        if (strcmp(format_names[i], name) == 0) {
            *out_format = (LogFormat)i;
            return true;
        }
    return false;
}

void log_init(LogFormat format) {
    log_format = format;
}

/* JSON has the escapes that keep a value on its line and in its quotes; logfmt takes them over. */
static void append_quoted(GString *line, const char *text) {
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_t *json = json_string(valid);
    char *quoted = json_dumps(json, JSON_ENCODE_ANY);
    g_string_append(line, quoted);
    free(quoted);
    json_decref(json);
}

static bool is_plain(const char *text) {
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c == '"' || *c == '=' || *c == '\\' || *c == 0x7f)
            return false;
    return *text != '\0';
}

static void append(GString *line, const LogField *field) {
    bool is_json = log_format == LOG_JSON;
    if (!field->is_number && !field->text)
        return;
    g_string_append_printf(line, is_json ? "%s\"%s\":" : "%s%s=", line->len > 1 ? (is_json ? "," : " ") : "",
                           field->key);
    if (field->is_number)
        g_string_append_printf(line, "%" G_GINT64_FORMAT, field->number);
    else if (is_json || !is_plain(field->text))
        append_quoted(line, field->text);
    else
        g_string_append(line, field->text);
}

/* One write, so that lines of threads, and of processes that share a pipe, do not mix. */
static void print(const GString *line) {
    for (size_t done = 0; done < line->len;) {
        ssize_t n = write(STDERR_FILENO, line->str + done, line->len - done);
        if (n <= 0)
            return;
        done += (size_t)n;
    }
}

void log_fields(LogLevel level, const char *event, const LogField *fields, size_t n) {
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *seconds = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S");
    g_autofree char *time = g_strdup_printf("%s.%03dZ", seconds, g_date_time_get_microsecond(now) / 1000);
    const LogField first[] = {LOG_TEXT("time", time), LOG_TEXT("level", level_names[level]), LOG_TEXT("event", event)};
    g_autoptr(GString) line = g_string_new(log_format == LOG_JSON ? "{" : "");
    for (size_t i = 0; i < G_N_ELEMENTS(first); i++)
        append(line, &first[i]);
    for (size_t i = 0; i < n; i++)
        append(line, &fields[i]);
    g_string_append(line, log_format == LOG_JSON ? "}\n" : "\n");
    print(line);
}
