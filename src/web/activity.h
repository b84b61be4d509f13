/* "/activity": what was done to a build, by whom, from where. */
#pragma once

#include "web/view.h"

HttpHandler web_activity;

/* entries: array of AuditLine; before: of the page of older ones, 0: there is none. */
typedef struct {
    GPtrArray *entries;
    int64_t before;
} ActivityPage;

void activity_html(Html *out, const View *view, const ActivityPage *shown);
