/* Files: dpxdt.h says what each function does. */
#include "client/ask.h"

#include "base/file.h"

#include <string.h>

enum { MOST_UPLOAD_BYTES = 1024 * 1024 * 1024 };

static DpxdtStatus upload(DpxdtClient *client, int64_t build_id, const char *name, GBytes *bytes,
                          char out_sha1[DPXDT_SHA1_SIZE]) {
    GError *error = NULL;
    g_autofree char *url = g_strdup_printf("%s/upload", client->prefix);
    g_autofree char *build = g_strdup_printf("%" G_GINT64_FORMAT, build_id);
    g_autofree char *sha1 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA1, bytes);
    g_autoptr(GBytes) build_bytes = g_bytes_new(build, strlen(build));
    const FetchPart parts[] = {{"build_id", NULL, build_bytes}, {"file", name, bytes}};
    FetchRequest request = {.parts = parts, .n_parts = G_N_ELEMENTS(parts)};
    json_t *answer = client_post(client, url, &request, true, &error);
    if (answer && g_strcmp0(json_string_value(json_object_get(answer, "sha1sum")), sha1) != 0)
        error_set(&error, ERROR_FAILED, "%s: the server got other bytes than were sent", name);
    if (!error)
        g_strlcpy(out_sha1, sha1, DPXDT_SHA1_SIZE);
    json_decref(answer);
    return client_end(client, error);
}

DpxdtStatus dpxdt_upload(DpxdtClient *client, int64_t build_id, const char *name, const void *data, size_t size,
                         char out_sha1[DPXDT_SHA1_SIZE]) {
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    return upload(client, build_id, name, bytes, out_sha1);
}

DpxdtStatus dpxdt_upload_file(DpxdtClient *client, int64_t build_id, const char *path, char out_sha1[DPXDT_SHA1_SIZE]) {
    GError *error = NULL;
    g_autoptr(GBytes) bytes = file_read(path, MOST_UPLOAD_BYTES, &error);
    g_autofree char *name = g_path_get_basename(path);
    return bytes ? upload(client, build_id, name, bytes, out_sha1) : client_end(client, error);
}

DpxdtStatus dpxdt_download(DpxdtClient *client, int64_t build_id, const char *sha1, char **out_data, size_t *out_size) {
    GError *error = NULL;
    g_autofree char *url =
        g_strdup_printf("%s/download?sha1sum=%s&build_id=%" G_GINT64_FORMAT, client->prefix, sha1, build_id);
    FetchRequest request = {.method = "GET", .url = url};
    g_autoptr(FetchReply) reply = client_ask(client, &request, true, &error);
    if (reply && reply->status != 200) {
        json_decref(client_read_answer(url, reply, &error));
    } else if (reply) {
        const char *bytes = g_bytes_get_data(reply->body, out_size);
        *out_data = g_malloc(*out_size + 1);
        memcpy(*out_data, bytes ? bytes : "", *out_size);
        (*out_data)[*out_size] = '\0';
    }
    return client_end(client, error);
}
