/* "/api_keys": the keys of a build. The secret of a new one is shown once. */
#pragma once

#include "store/api_key.h"
#include "web/view.h"

HttpHandler web_keys, web_create_key, web_revoke_key;

/* keys: array of ApiKey. id and secret: of one that was just made, or NULL. problem: with the purpose that was typed, or NULL. */
typedef struct {
    GPtrArray *keys;
    const char *id, *secret;
    const char *purpose, *problem;
} KeysPage;

void keys_html(Html *out, const View *view, const KeysPage *shown);
