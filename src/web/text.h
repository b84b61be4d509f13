/* "/log", "/config" and "/image": one file of a run, as it is. Logs and configs are for owners, without what is secret in them. */
#pragma once

#include "store/run_list.h"
#include "web/view.h"

HttpHandler web_log, web_config, web_image;

/* text: of a log or a config, or NULL; image: of a picture, or NULL. is_cut: there is more of it. */
typedef struct {
    const Release *release;
    const Run *run;
    const RunLine *next, *previous; /* which have a file of this kind and type; or NULL */
    const char *path, *type;        /* of the page: "/log", "after" */
    bool has[3];                    /* files of this kind: before, diff, after */
    const char *flip;               /* the type of the next one of these; NULL: there is none */
    const char *title, *text, *image, *file;
    bool is_cut;
} TextPage;

void text_html(Html *out, const View *view, const TextPage *shown);
