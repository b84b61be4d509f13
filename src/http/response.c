#include "http/response.h"

#include <string.h>
#include <unistd.h>

static HttpResponse *response_new(int status, const char *content_type) {
    HttpResponse *response = g_new0(HttpResponse, 1);
    response->status = status;
    response->file = -1;
    response->headers = g_ptr_array_new_with_free_func(g_free);
    if (content_type)
        http_response_add_header(response, "Content-Type", content_type);
    return response;
}

void http_response_free(HttpResponse *response) {
    if (!response)
        return;
    g_clear_pointer(&response->body, g_bytes_unref);
    if (response->file >= 0)
        close(response->file);
    if (response->stream.next)
        response->stream.free(response->stream.data);
    g_ptr_array_unref(response->headers);
    g_free(response);
}

HttpResponse *http_response_bytes(int status, const char *content_type, GBytes *bytes) {
    HttpResponse *response = response_new(status, content_type);
    response->body = bytes;
    response->size = (int64_t)g_bytes_get_size(bytes);
    return response;
}

HttpResponse *http_response_text(int status, const char *content_type, const char *text) {
    return http_response_bytes(status, content_type, g_bytes_new(text, strlen(text)));
}

HttpResponse *http_response_stream(const char *content_type, HttpStream stream) {
    HttpResponse *response = response_new(200, content_type);
    response->stream = stream;
    return response;
}

HttpResponse *http_response_file(const char *content_type, int file, int64_t size) {
    HttpResponse *response = response_new(200, content_type);
    response->file = file;
    response->size = size;
    return response;
}

HttpResponse *http_response_see_other(const char *location) {
    HttpResponse *response = http_response_text(303, "text/plain; charset=utf-8", "");
    http_response_add_header(response, "Location", location);
    return response;
}

void http_response_add_header(HttpResponse *response, const char *name, const char *value) {
    if (strpbrk(value, "\r\n"))
        return;
    g_ptr_array_add(response->headers, g_strdup(name));
    g_ptr_array_add(response->headers, g_strdup(value));
}

const char *http_response_header(const HttpResponse *response, const char *name) {
    for (guint i = 0; i < response->headers->len; i += 2)
        if (g_ascii_strcasecmp(g_ptr_array_index(response->headers, i), name) == 0)
            return g_ptr_array_index(response->headers, i + 1);
    return NULL;
}
