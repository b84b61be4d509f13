/* "/log", "/config" and "/image": one file of a run, as it is. Logs and configs are for owners, without what is secret in them. */
#pragma once

#include "store/run.h"
#include "web/view.h"

HttpHandler web_log, web_config, web_image;

/* text: of a log or a config, or NULL; image: of a picture, or NULL. is_cut: there is more of it. */
typedef struct {
    const Release *release;
    const Run *run;
    const char *title, *text, *image, *file;
    bool is_cut;
} TextPage;

void text_html(Html *out, const View *view, const TextPage *shown);
