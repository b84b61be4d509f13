/* What a program that runs for long tells those who run it: a line on standard error for each event, as key=value (logfmt)
 * or as JSON, with its time (UTC) first. Each line is written whole, whatever the threads do. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { LOG_LOGFMT, LOG_JSON } LogFormat;

/* "logfmt", "json", or false. */
bool log_format_from_name(const char *name, LogFormat *out_format);

/* Chooses how; before there are threads. */
void log_init(LogFormat format);

typedef enum { LOG_INFO, LOG_WARNING, LOG_ERROR } LogLevel;

/* A text that is NULL is left out. */
typedef struct {
    const char *key, *text;
    int64_t number;
    bool is_number;
} LogField;

#define LOG_TEXT(name, value) ((LogField){.key = (name), .text = (value)})
#define LOG_NUMBER(name, value) ((LogField){.key = (name), .number = (value), .is_number = true})

/* log_event(LOG_INFO, "request", LOG_TEXT("path", path), LOG_NUMBER("status", 200)). Any thread. */
#define log_event(level, event, ...)                          \
    log_fields(level, event, (const LogField[]){__VA_ARGS__}, \
               sizeof((const LogField[]){__VA_ARGS__}) / sizeof(LogField))
void log_fields(LogLevel level, const char *event, const LogField *fields, size_t n);
