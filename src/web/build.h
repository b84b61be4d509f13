/* "/build": the releases of a build. */
#pragma once

#include "web/view.h"

HttpHandler web_build;

/* releases: array of Release, newest first, those of one name together; before: of the page of older ones, 0: there is none. */
typedef struct {
    GPtrArray *releases;
    int64_t before;
} BuildPage;

void build_html(Html *out, const View *view, const BuildPage *shown);
