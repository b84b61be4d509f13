/* "/": the builds of who is logged in, or those that are public; and "/new", where builds are made. */
#pragma once

#include "web/view.h"

HttpHandler web_home, web_new, web_create;

/* The page. builds: array of Build; more: there are others behind them. */
typedef struct {
    GPtrArray *builds, *public_builds;
    bool more;
} Home;

void home_html(Html *out, const View *view, const Home *home);

/* The form. problem: what is wrong with the name, or NULL. */
void new_html(Html *out, const View *view, const char *name, bool is_public, const char *problem);
