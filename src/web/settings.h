/* "/settings": what an owner sets of a build. */
#pragma once

#include "web/view.h"

HttpHandler web_settings, web_change_settings;

/* What is wrong with each field; NULL: nothing. */
typedef struct {
    char *name, *email_alias, *webhook_url, *status_prefix, *keep_releases;
} SettingsProblems;

bool settings_have_problem(const SettingsProblems *problems);

/* build: as typed. saved: it was just saved. */
void settings_html(Html *out, const View *view, const Build *build, const SettingsProblems *problems, bool saved);
