/* What a handler answers. Built by one thread and given to the server, which frees it. */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

/* What comes piece by piece. next() puts at most so many bytes into out and returns how many, waiting until there is at least
 * one; -1 is the end. Both are called on the connection's thread. */
typedef struct {
    ssize_t (*next)(void *data, char *out, size_t most);
    void (*free)(void *data);
    void *data;
} HttpStream;

typedef struct {
    int status;
    GBytes *body;       /* or NULL, where something else is sent */
    int file;           /* its descriptor, or -1 */
    HttpStream stream;  /* next is NULL: there is none */
    int64_t size;       /* of body or file */
    GPtrArray *headers; /* of char *: name, value, name, value ... */
} HttpResponse;

void http_response_free(HttpResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpResponse, http_response_free)

/* An answer of a text, which is copied. */
HttpResponse *http_response_text(int status, const char *content_type, const char *text);

/* One of size bytes of a file from its beginning on. Takes the descriptor. Parts of it that a client asks for (Range) are
 * sent by the server, and nothing where the client has it already (If-None-Match), if there is a header ETag. */
HttpResponse *http_response_file(const char *content_type, int file, int64_t size);

/* One whose end is not known. Takes the stream. */
HttpResponse *http_response_stream(const char *content_type, HttpStream stream);

/* An answer of bytes. Takes the reference. */
HttpResponse *http_response_bytes(int status, const char *content_type, GBytes *bytes);

/* One that sends elsewhere, by GET. */
HttpResponse *http_response_see_other(const char *location);

/* Adds a header. Its value must not have line ends in it; one that has is left out. */
void http_response_add_header(HttpResponse *response, const char *name, const char *value);

/* The value of a header that was added, or NULL. */
const char *http_response_header(const HttpResponse *response, const char *name);
