/* What the four tools have in common: each makes a release, requests or reports runs of it, and says where the results are.
 * Or waits for them. */
#pragma once

#include "cmd/client_options.h"

#include <dpxdt.h>
#include <jansson.h>

typedef struct {
    ClientOptions client;
    gint64 build_id;
    char *release_name, *release_url, *status_url;
    int wait_timeout_s;
    gboolean wait, json;
} ToolOptions;

#define TOOL_OPTIONS_USUAL \
    { .wait_timeout_s = 3600 }

void tool_options_clear(ToolOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ToolOptions, tool_options_clear)

/* Entries for command_parse(). */
#define TOOL_ENTRIES(options)                                                                                            \
    {"upload-build-id", 0, 0, G_OPTION_ARG_INT64, &(options)->build_id, "Of the build (needed)", "ID"},                  \
        {"upload-release-name",                                                                                          \
         0,                                                                                                              \
         0,                                                                                                              \
         G_OPTION_ARG_STRING,                                                                                            \
         &(options)->release_name,                                                                                       \
         "Of the release (default: the time)",                                                                           \
         "NAME"},                                                                                                        \
        {"release-cut-url",                                                                                              \
         0,                                                                                                              \
         0,                                                                                                              \
         G_OPTION_ARG_STRING,                                                                                            \
         &(options)->release_url,                                                                                        \
         "Where people find out what the release is",                                                                    \
         "URL"},                                                                                                         \
        {"status-url",                                                                                                   \
         0,                                                                                                              \
         0,                                                                                                              \
         G_OPTION_ARG_STRING,                                                                                            \
         &(options)->status_url,                                                                                         \
         "Where the server tells the status of its commit",                                                              \
         "URL"},                                                                                                         \
        CLIENT_ENTRIES(&(options)->client),                                                                              \
        {"wait", 0, 0, G_OPTION_ARG_NONE, &(options)->wait, "Until all is captured and compared", NULL},                 \
        {"wait-timeout", 0, 0, G_OPTION_ARG_INT, &(options)->wait_timeout_s, "But not longer than this (default: 3600)", \
         "SECONDS"},                                                                                                     \
    {                                                                                                                    \
        "json", 0, 0, G_OPTION_ARG_NONE, &(options)->json, "Print what came of it as JSON", NULL                         \
    }

/* How pages are captured: for those tools that have them captured. */
typedef struct {
    int width, height;
    char *user, *password;
    char *css, *js, *cookies_path;
} PageOptions;

#define PAGE_OPTIONS_USUAL \
    { .width = 1280, .height = 1024 }

void page_options_clear(PageOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PageOptions, page_options_clear)

#define PAGE_ENTRIES(options)                                                                                          \
    {"width", 0, 0, G_OPTION_ARG_INT, &(options)->width, "Of the viewport (default: 1280)", "PX"},                     \
        {"height", 0, 0, G_OPTION_ARG_INT, &(options)->height, "Of the viewport (default: 1024)", "PX"},               \
        {"http-username", 0, 0, G_OPTION_ARG_STRING, &(options)->user, "For HTTP authentication", "NAME"},             \
        {"http-password", 0, 0, G_OPTION_ARG_STRING, &(options)->password, "For HTTP authentication", "PASSWORD"},     \
        {"inject-css", 0, 0, G_OPTION_ARG_STRING, &(options)->css, "Added to each page", "CSS"},                       \
        {"inject-js", 0, 0, G_OPTION_ARG_STRING, &(options)->js, "Run in each page", "JS"}, {                          \
        "cookies", 0, 0, G_OPTION_ARG_FILENAME, &(options)->cookies_path, "JSON list of cookies for each page", "FILE" \
    }

/* The config of pages, as JSON, which the caller frees. NULL with an error: a file that cannot be read, or is no list; a size
 * that no page can have. */
char *page_options_config(const PageOptions *options, GError **error) MUST_CHECK;

/* A release that is being made. */
typedef struct {
    const ToolOptions *options;
    DpxdtClient *client;
    DpxdtRelease release;
    bool is_open; /* begun, and not ended yet */
} Tool;

/* A release that is open still is given up: nobody would end it any more. */
void tool_clear(Tool *tool);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Tool, tool_clear)

/* Completes and checks the options; nothing is sent yet. default_url is the release's, where none was given. Tool borrows from
 * options. */
bool tool_init(Tool *tool, ToolOptions *options, const char *default_url, GError **error) MUST_CHECK;

/* Whether it is an address of a page; asked for before there is a release. */
bool tool_check_url(const char *url, GError **error) MUST_CHECK;

/* Whether the server would let us begin the release: for who has much to do before that. */
bool tool_check_build(Tool *tool, GError **error) MUST_CHECK;

/* Begins the release, if that was not done yet. */
bool tool_begin(Tool *tool, GError **error) MUST_CHECK;

/* Requests that a page be captured. */
bool tool_request(Tool *tool, const DpxdtPage *page, GError **error) MUST_CHECK;

/* Ends the release, tells where the results are, waits for them, if that is wanted, and prints them. extra is added to the
 * JSON: an object, or NULL. Returns the exit status: 0, or if it waited 1 for differences, 2 for failures. */
int tool_end(Tool *tool, const json_t *extra, GError **error) MUST_CHECK;

/* Whether a config of a page is one that a worker can read. name stands in the message; what nobody understands in it is told on
 * standard error. */
bool tool_check_config(const char *name, json_t *config, GError **error) MUST_CHECK;

/* The JSON of a file. NULL with an error that has the place. The caller frees it. */
json_t *tool_read_json(const char *path, GError **error) MUST_CHECK;

/* A text of an object; NULL if there is none. */
const char *tool_text(const json_t *object, const char *key);
