/* The files that pages name: style sheets, scripts, the icon. They are part of the program. */
#include "web/static.h"

#include "base/embedded.h"

#include <string.h>

static const struct {
    const char *name, *path, *type;
} files[] = {
    {"stage.css", "html/stage.css", "text/css; charset=utf-8"},
    {"stage.js", "html/stage.js", "text/javascript; charset=utf-8"},
    {"site.css", "web/static/site.css", "text/css; charset=utf-8"},
    {"site.js", "web/static/site.js", "text/javascript; charset=utf-8"},
    {"review.js", "web/static/review.js", "text/javascript; charset=utf-8"},
    {"icon.svg", "web/static/icon.svg", "image/svg+xml"},
};

HttpResponse *web_static(HttpRequest *request, void *web) {
    const char *name = http_request_segment(request, "file");
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        if (strcmp(files[i].name, name) != 0)
            continue;
        const char *text = embedded_text(files[i].path);
        g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
        g_autofree char *etag = g_strdup_printf("\"%.16s\"", hash);
        HttpResponse *response = http_response_text(200, files[i].type, text);
        http_response_add_header(response, "ETag", etag);
        http_response_add_header(response, "Cache-Control", "no-cache"); /* it is asked for each time, and sent once */
        http_response_add_header(response, "X-Content-Type-Options", "nosniff");
        http_response_add_header(response, "Cross-Origin-Resource-Policy", "same-origin");
        http_response_add_header(response, "Referrer-Policy", "same-origin");
        http_response_add_header(response, "Content-Security-Policy", "default-src 'none'");
        return response;
    }
    return web_refuse(request, 404, "there is no such file", web);
}
