/* Bodies: forms of both kinds, field by field and file by file as they come; and all else, as it is. */
#include "http/incoming.h"

#include <string.h>

enum {
    BUFFER_BYTES = 32 * 1024,
    MOST_FIELDS = 200,
    MOST_FILES = 8,
    MOST_RAW_BYTES = 1024 * 1024, /* more than any form of ours has */
};

static bool is_form(const char *content_type) {
    return content_type && (g_ascii_strncasecmp(content_type, "application/x-www-form-urlencoded", 33) == 0 ||
                            g_ascii_strncasecmp(content_type, "multipart/form-data", 19) == 0);
}

/* The field that came last is complete. The first of several counts. */
static void end_field(HttpRequest *request) {
    g_autofree char *name = g_steal_pointer(&request->field);
    if (!name)
        return;
    if (!g_utf8_validate(name, -1, NULL) || !g_utf8_validate(request->value->str, (gssize)request->value->len, NULL))
        http_incoming_refuse(request, 400, "a field of the form is no valid UTF-8, or has a NUL in it");
    else if (g_hash_table_size(request->fields) >= MOST_FIELDS)
        http_incoming_refuse(request, 400, "the form has more than %d fields", MOST_FIELDS);
    else if (!g_hash_table_contains(request->fields, name))
        g_hash_table_insert(request->fields, g_steal_pointer(&name), g_strdup(request->value->str));
}

static void begin_file(HttpRequest *request, const char *field, const char *name) {
    g_autoptr(GError) error = NULL;
    if (request->files->len >= MOST_FILES) {
        http_incoming_refuse(request, 400, "the form has more than %d files", MOST_FILES);
        return;
    }
    const HttpUploads *uploads = &request->config->uploads;
    bool fits = request->route && g_strcmp0(request->route->path, uploads->path) == 0;
    void *upload = fits ? uploads->begin(request, request->config->data, &error) : NULL;
    if (error && !error_is(error, ERROR_DENIED)) {
        http_request_set_note(request, error->message);
        http_incoming_refuse(request, 500, "the file could not be kept; the server's log says why");
        return;
    }
    HttpFile *file = g_new0(HttpFile, 1);
    file->field = g_utf8_make_valid(field ? field : "", -1);
    file->name = g_utf8_make_valid(name, -1);
    file->upload = upload;
    g_ptr_array_add(request->files, file);
}

static void add_to_file(HttpRequest *request, const char *bytes, size_t size) {
    g_autoptr(GError) error = NULL;
    HttpFile *file = http_request_file(request, request->files->len - 1);
    if (!file->upload || request->config->uploads.add(file->upload, bytes, size, &error))
        return;
    http_request_set_note(request, error->message);
    http_incoming_refuse(request, 507, "the file could not be kept; the server's log says why");
}

/* Whether a piece that is said to be the first of a part goes on with the one at hand. libmicrohttpd tells of a part of
 * which nothing has come yet, with no byte, and tells of its first bytes as of another one. So two parts of one name
 * behind each other, of which the first is empty, are taken for one. */
static bool goes_on(const HttpRequest *request, const char *field, const char *file_name) {
    if (request->part_size > 0)
        return false;
    if (!file_name)
        return request->field && g_strcmp0(request->field, field ? field : "") == 0;
    if (request->field || request->files->len == 0)
        return false;
    const HttpFile *file = g_ptr_array_index(request->files, request->files->len - 1);
    g_autofree char *valid_field = g_utf8_make_valid(field ? field : "", -1);
    g_autofree char *valid_name = g_utf8_make_valid(file_name, -1);
    return strcmp(file->field, valid_field) == 0 && strcmp(file->name, valid_name) == 0;
}

static void begin_part(HttpRequest *request, const char *field, const char *file_name) {
    end_field(request);
    request->part_size = 0;
    if (file_name) {
        begin_file(request, field, file_name);
    } else {
        request->field = g_strdup(field ? field : "");
        g_string_truncate(request->value, 0);
    }
}

/* A piece of a field, from offset on. */
static enum MHD_Result take_piece(void *data, enum MHD_ValueKind kind, const char *field, const char *file_name,
                                  const char *content_type, const char *encoding, const char *bytes, uint64_t offset,
                                  size_t size) {
    HttpRequest *request = data;
    if (offset == 0 && !goes_on(request, field, file_name))
        begin_part(request, field, file_name);
    if (request->refused)
        return MHD_NO;
    request->part_size += size;
    if (request->field)
        g_string_append_len(request->value, bytes, (gssize)size);
    else
        add_to_file(request, bytes, size);
    return MHD_YES;
}

/* What stands behind the last part. */
static char *end_mark_of(const char *content_type) {
    const char *found = strstr(content_type, "boundary=");
    if (!found)
        return NULL;
    found += strlen("boundary=");
    bool is_quoted = *found == '"';
    size_t length = strcspn(found + is_quoted, is_quoted ? "\"" : "; \t");
    return g_strdup_printf("\r\n--%.*s--", (int)length, found + is_quoted);
}

static void begin_body(HttpRequest *request) {
    const char *content_type = http_request_header(request, "Content-Type");
    if (!is_form(content_type))
        return;
    request->post = mhd.MHD_create_post_processor(request->connection, BUFFER_BYTES, take_piece, request);
    request->end_mark = end_mark_of(content_type);
    if (!request->post)
        http_incoming_refuse(request, 400, "a body of the type %s cannot be read", content_type);
}

/* How many bytes of a piece are of the form. libmicrohttpd takes what comes behind its end for an error, and the clients of
 * old send a line end there. */
static size_t size_of_form(HttpRequest *request, const char *bytes, size_t size) {
    if (request->has_ended || !request->end_mark)
        return request->has_ended ? 0 : size;
    size_t before = request->behind->len, mark_size = strlen(request->end_mark);
    g_string_append_len(request->behind, bytes, (gssize)size);
    const char *mark = memmem(request->behind->str, request->behind->len, request->end_mark, mark_size);
    if (mark) {
        request->has_ended = true;
        return (size_t)(mark - request->behind->str) + mark_size - before;
    }
    if (request->behind->len > mark_size)
        g_string_erase(request->behind, 0, (gssize)(request->behind->len - mark_size));
    return size;
}

/* libmicrohttpd takes a NUL in a form without parts for the end of a value, and where that is depends on the pieces then. */
static bool has_nul_in_value(const HttpRequest *request, const char *bytes, size_t size) {
    return !request->end_mark && memchr(bytes, '\0', size);
}

static bool add_to_form(HttpRequest *request, const char *bytes, size_t size) {
    bool had_ended = request->has_ended;
    size_t of_form = size_of_form(request, bytes, size);
    bool done = of_form == 0 || mhd.MHD_post_process(request->post, bytes, of_form) == MHD_YES;
    return done && (had_ended || !request->has_ended || mhd.MHD_post_process(request->post, "\r\n", 2) == MHD_YES);
}

void http_incoming_add(HttpRequest *request, const char *bytes, size_t size) {
    if (request->received == 0 && !request->refused)
        begin_body(request);
    request->received += (int64_t)size;
    if (request->received > request->config->max_body)
        http_incoming_refuse(request, 413, "the request is larger than %" G_GINT64_FORMAT " bytes",
                             request->config->max_body);
    if (!request->post && request->received > MOST_RAW_BYTES)
        http_incoming_refuse(request, 413, "a body that is no form is larger than %d bytes", MOST_RAW_BYTES);
    if (request->refused)
        return;
    if (!request->post)
        g_byte_array_append(request->raw, (const guint8 *)bytes, (guint)size);
    else if (has_nul_in_value(request, bytes, size) || !add_to_form(request, bytes, size))
        http_incoming_refuse(request, 400, "the form in the body is broken");
}

/* That a form breaks off is seen only here. */
void http_incoming_end(HttpRequest *request) {
    if (request->post && mhd.MHD_destroy_post_processor(request->post) != MHD_YES)
        http_incoming_refuse(request, 400, "the form in the body breaks off");
    request->post = NULL;
    end_field(request);
    if (request->raw->len > 0)
        request->body = g_bytes_new(request->raw->data, request->raw->len);
}
