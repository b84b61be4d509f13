/* The tools whose pages or pictures are in a file: a JSON list of tests, each an object with a name of its own. */
#pragma once

#include "cmd/tool.h"

typedef struct {
    const char *path; /* of the file, and which it is, for errors */
    size_t index;
    const json_t *json;
} ToolTest;

/* A text of a test. NULL with an error that names the place, if there is none. */
const char *tool_list_need(const ToolTest *test, const char *key, GError **error) MUST_CHECK;

/* The same for one that may be missing, or null: *out is NULL then. False with an error for what is no text. */
bool tool_list_text(const ToolTest *test, const char *key, const char **out, GError **error) MUST_CHECK;

/* The same for true or false, which is false where it is missing. */
bool tool_list_flag(const ToolTest *test, const char *key, bool *out, GError **error) MUST_CHECK;

typedef struct {
    const char *progress; /* "pages are requested" */
    /* Does one; or only checks it, so that all are checked before anything is sent. */
    bool (*each)(Tool *tool, const ToolTest *test, bool only_check, GError **error);
} ToolList;

/* The whole command: --tests-json-path and the options of all tools. Returns the exit status. */
int tool_list_run(const Command *command, const ToolList *list, int argc, char **argv, GError **error);
