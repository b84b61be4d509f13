/* Bytes in an S3-compatible store: objects PREFIX/ab/abcd..., by the hash. What is coming is written to a file
 * first, since a store wants to know the size, and the hash, which is also the name, before the first byte. What is
 * fetched goes to a file as well, so that whoever reads it sees all of it or an error. */
#include "base/digest.h"
#include "base/mapped.h"
#include "blob/driver.h"
#include "blob/s3_answer.h"
#include "blob/s3_place.h"
#include "blob/s3_sign.h"
#include "net/fetch.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum {
    /* A store that begins to be busy, or is started again, answers after a second or two. Between the tries we wait
     * four times as long as the last time. */
    MOST_TRIES = 4,
    FIRST_WAIT_US = 100 * 1000,
    /* Objects may be large and lines slow, so there is no limit to the whole, but to a silence. */
    STALL_S = 30,
    ONCE_TIMEOUT_MS = 30 * 1000, /* of what is asked once, and is short: see blobs_remove() */
    /* 1,000 keys of 1,024 characters, each of them written as six (&quot;), and as much again about them. */
    MAX_ANSWER_BYTES = 16 * 1024 * 1024,
};
/* The largest object that a store takes at once, by the manual of S3. */
#define MAX_OBJECT_BYTES (INT64_C(5) * 1024 * 1024 * 1024)

typedef struct {
    S3Place *place;
    char *folder;         /* of files with what comes and goes */
    pthread_mutex_t lock; /* guards all below */
    GPtrArray *idle;      /* of Fetcher, each with its connection, the one used last at the end */
} S3;

/* An object that is being fetched. */
typedef struct {
    int file;
    const char *folder;
    Digest *digest;
    int64_t size;
    bool is_refused; /* by us: to ask again would not help */
} Download;

typedef struct {
    S3Request request;
    GBytes *body;       /* NULL: none */
    Download *download; /* of the answer; NULL: it is a short one */
    bool is_asked_once;
} Question;

/* Asking. */

static Fetcher *take_fetcher(S3 *s3, GError **error) {
    pthread_mutex_lock(&s3->lock);
    guint n = s3->idle->len;
    Fetcher *fetcher = n > 0 ? g_ptr_array_steal_index(s3->idle, n - 1) : NULL;
    pthread_mutex_unlock(&s3->lock);
    return fetcher ? fetcher : fetcher_new(error);
}

static void give_back(S3 *s3, Fetcher *fetcher) {
    pthread_mutex_lock(&s3->lock);
    g_ptr_array_add(s3->idle, fetcher);
    pthread_mutex_unlock(&s3->lock);
}

static bool download_begin(Download *download, GError **error) {
    g_clear_pointer(&download->digest, digest_free);
    download->size = 0;
    download->digest = digest_new(error);
    if (!download->digest)
        return false;
    if (ftruncate(download->file, 0) == 0 && lseek(download->file, 0, SEEK_SET) == 0)
        return true;
    error_set_errno(error, ERROR_FAILED, errno, "cannot write to %s", download->folder);
    return false;
}

static bool download_take(void *data, const void *bytes, size_t size, GError **error) {
    Download *download = data;
    digest_add(download->digest, bytes, size);
    download->size += (int64_t)size;
    download->is_refused = !blob_write(download->file, download->folder, bytes, size, error);
    return !download->is_refused;
}

static FetchReply *ask_once(S3 *s3, Fetcher *fetcher, const Question *question, GError **error) {
    const S3Place *place = s3->place;
    const S3Keys keys = {place->access_key, place->secret_key, place->session_token, place->region};
    g_autofree char *url = s3_url(&question->request);
    g_auto(GStrv) headers = s3_sign(&question->request, &keys, g_get_real_time() / G_USEC_PER_SEC);
    if (question->download && !download_begin(question->download, error))
        return NULL;
    const FetchRequest request = {
        .method = question->request.method,
        .url = url,
        .headers = (const char *const *)headers,
        .body = question->body,
        .timeout_ms = question->is_asked_once ? ONCE_TIMEOUT_MS : 0,
        .stall_s = STALL_S,
        .max_bytes = question->download ? MAX_OBJECT_BYTES : MAX_ANSWER_BYTES,
        .take = question->download ? download_take : NULL,
        .take_data = question->download,
    };
    return fetcher_run(fetcher, &request, error);
}

/* Whether a store may do later what it did not do now: it could not be reached, or has said so. */
static bool may_pass(const Question *question, const FetchReply *reply, const GError *error) {
    static const int statuses[] = {429, 500, 502, 503, 504};
    for (size_t i = 0; reply && i < G_N_ELEMENTS(statuses); i++)
        if (reply->status == statuses[i])
            return true;
    bool is_refused = question->download && question->download->is_refused;
    return !reply && !is_refused && !error_is(error, ERROR_INVALID);
}

/* What may be asked twice is, if it may help: to put the same bytes again changes nothing. */
static FetchReply *ask(S3 *s3, const Question *question, GError **error) {
    Fetcher *fetcher = take_fetcher(s3, error);
    if (!fetcher)
        return NULL;
    g_autoptr(GError) cause = NULL;
    FetchReply *reply = ask_once(s3, fetcher, question, &cause);
    for (int i = 1; i < MOST_TRIES && !question->is_asked_once && may_pass(question, reply, cause); i++) {
        g_clear_pointer(&reply, fetch_reply_free);
        g_clear_error(&cause);
        g_usleep((gulong)FIRST_WAIT_US << (2 * (i - 1)));
        reply = ask_once(s3, fetcher, question, &cause);
    }
    give_back(s3, fetcher);
    if (error_is(cause, ERROR_NOT_FOUND))
        cause->code = ERROR_FAILED; /* the store is not there: that says nothing of the bytes */
    if (!reply)
        g_propagate_prefixed_error(error, g_steal_pointer(&cause), "%s: ", s3->place->endpoint);
    return reply;
}

/* Answers. */

static bool is_fine(const FetchReply *reply) {
    return reply->status / 100 == 2;
}

/* "HTTP 403, SignatureDoesNotMatch: The request ..." */
static char *refusal_text(const FetchReply *reply) {
    g_autoptr(S3Refusal) refusal = s3_refusal_new(reply->body);
    const char *region = g_hash_table_lookup(reply->headers, "x-amz-bucket-region");
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "HTTP %d", reply->status);
    if (refusal->code)
        g_string_append_printf(text, ", %s", refusal->code);
    if (refusal->message)
        g_string_append_printf(text, ": %s", refusal->message);
    if (region)
        g_string_append_printf(text, " (the bucket is in the region %s)", region);
    return g_string_free(text, FALSE);
}

/* ERROR_FAILED also where the store says that it may not be done, or that the bucket is gone: that is for whoever runs
 * the program, and not for whoever asked it for bytes. */
static bool check(S3 *s3, const FetchReply *reply, GError **error) {
    if (!reply)
        return false;
    if (is_fine(reply))
        return true;
    g_autofree char *text = refusal_text(reply);
    error_set(error, ERROR_FAILED, "%s: %s", s3->place->endpoint, text);
    return false;
}

static char *path_of(const S3 *s3, const char *sha256) {
    g_autofree char *name = blob_name(sha256);
    return g_strconcat(s3->place->path, s3->place->prefix, name, NULL);
}

/* Listing. */

/* Up to max_keys objects, from where token says; NULL: from the beginning. */
static FetchReply *ask_list(S3 *s3, const char *max_keys, const char *token, GError **error) {
    const S3Pair query[] = {
        {"list-type", "2"},
        {"max-keys", max_keys},
        {"prefix", s3->place->prefix},
        {"continuation-token", token},
    };
    const Question question = {
        .request =
            {
                .method = "GET",
                .endpoint = s3->place->endpoint,
                .path = s3->place->path,
                .query = query,
                .n_query = token ? G_N_ELEMENTS(query) : G_N_ELEMENTS(query) - 1,
                .sha256 = S3_EMPTY_SHA256,
            },
    };
    return ask(s3, &question, error);
}

static S3Listing *read_page(S3 *s3, const char *token, GError **error) {
    g_autoptr(FetchReply) reply = ask_list(s3, "1000", token, error);
    if (!check(s3, reply, error))
        return NULL;
    g_autoptr(S3Listing) page = s3_listing_new(reply->body, error);
    if (!page) {
        g_prefix_error(error, "%s: ", s3->place->endpoint);
        return NULL;
    }
    /* Or we would ask for the same page for ever. */
    if (page->is_truncated && (!page->next || g_strcmp0(page->next, token) == 0)) {
        error_set(error, ERROR_FAILED, "%s: a list of objects goes on, but it does not say where", s3->place->endpoint);
        return NULL;
    }
    return g_steal_pointer(&page);
}

/* What others keep below our prefix is not ours. */
static bool visit_page(S3 *s3, const S3Listing *page, BlobVisit *visit, void *data, GError **error) {
    for (guint i = 0; i < page->objects->len; i++) {
        const S3Object *object = &g_array_index(page->objects, S3Object, i);
        bool is_below = g_str_has_prefix(object->key, s3->place->prefix);
        const char *hash = is_below ? blob_hash_of(object->key + strlen(s3->place->prefix)) : NULL;
        if (hash && !visit(hash, object->size, data, error))
            return false;
    }
    return true;
}

static bool list(void *place, BlobVisit *visit, void *data, GError **error) {
    g_autofree char *token = NULL;
    do {
        g_autoptr(S3Listing) page = read_page(place, token, error);
        if (!page || !visit_page(place, page, visit, data, error))
            return false;
        g_free(token);
        token = page->is_truncated ? g_steal_pointer(&page->next) : NULL;
    } while (token);
    return true;
}

/* Opening. */

static bool check_bucket(S3 *s3, const char *url, GError **error) {
    const S3Place *place = s3->place;
    g_autoptr(FetchReply) reply = ask_list(s3, "0", NULL, error);
    if (!reply) {
        g_prefix_error(error, "%s: the store cannot be reached: ", url);
        return false;
    }
    g_autoptr(S3Listing) nothing = is_fine(reply) ? s3_listing_new(reply->body, error) : NULL;
    if (nothing)
        return true;
    g_autofree char *text = refusal_text(reply);
    if (is_fine(reply))
        g_prefix_error(error, "%s: %s: ", url, place->endpoint);
    else if (reply->status == 404)
        error_set(error, ERROR_NOT_FOUND, "%s: there is no bucket %s at %s: %s", url, place->bucket, place->endpoint,
                  text);
    else if (reply->status == 401 || reply->status == 403)
        error_set(error, ERROR_DENIED,
                  "%s: the bucket may not be used with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as they are: %s",
                  url, text);
    else
        error_set(error, ERROR_FAILED, "%s: %s: %s", url, place->endpoint, text);
    return false;
}

static void close_s3(void *place) {
    S3 *s3 = place;
    g_ptr_array_unref(s3->idle);
    pthread_mutex_destroy(&s3->lock);
    s3_place_free(s3->place);
    g_free(s3->folder);
    g_free(s3);
}

static void *open_s3(const char *url, GError **error) {
    g_autoptr(S3Place) where = s3_place_new(url, error);
    if (!where)
        return NULL;
    S3 *s3 = g_new0(S3, 1);
    s3->place = g_steal_pointer(&where);
    s3->folder = g_strdup(g_get_tmp_dir());
    s3->idle = g_ptr_array_new_with_free_func((GDestroyNotify)fetcher_free);
    pthread_mutex_init(&s3->lock, NULL);
    return check_bucket(s3, url, error) ? s3 : (close_s3(s3), NULL);
}

/* Writing and reading. */

static const char *coming(const void *place) {
    return ((const S3 *)place)->folder;
}

/* Also where the object is there already: to ask for that first would cost a way there and back. */
static bool put(void *place, int file, const char *unused, const BlobFacts *facts, GError **error) {
    S3 *s3 = place;
    g_autofree char *path = path_of(s3, facts->sha256);
    g_autoptr(GBytes) body = mapped_new(file, error);
    if (!body)
        return false;
    /* Signed, as the manual has it; libcurl would say that it is a form. */
    const S3Pair type = {"content-type", "application/octet-stream"};
    const Question question = {
        .request =
            {
                .method = "PUT",
                .endpoint = s3->place->endpoint,
                .path = path,
                .headers = &type,
                .n_headers = 1,
                .sha256 = facts->sha256,
            },
        .body = body,
    };
    g_autoptr(FetchReply) reply = ask(s3, &question, error);
    return check(s3, reply, error);
}

/* An answer that was cut short shows in its length, but not all servers give one: so it is the hash that is looked
 * at. */
static bool check_download(S3 *s3, Download *download, const char *sha256, const FetchReply *reply, GError **error) {
    g_autoptr(S3Refusal) refusal = s3_refusal_new(reply->body);
    if (reply->status == 404 && g_strcmp0(refusal->code, "NoSuchBucket") != 0) {
        blob_set_not_found(error, sha256);
        return false;
    }
    if (!check(s3, reply, error))
        return false;
    g_autofree char *sha1 = NULL, *found = NULL;
    digest_end(download->digest, &sha1, &found);
    bool is_right = strcmp(found, sha256) == 0;
    if (!is_right)
        error_set(error, ERROR_INVALID, "the bytes kept as %s are others", sha256);
    return is_right;
}

static bool get(S3 *s3, Download *download, const char *sha256, GError **error) {
    g_autofree char *path = path_of(s3, sha256);
    const Question question = {
        .request = {.method = "GET", .endpoint = s3->place->endpoint, .path = path, .sha256 = S3_EMPTY_SHA256},
        .download = download,
    };
    g_autoptr(FetchReply) reply = ask(s3, &question, error);
    return reply && check_download(s3, download, sha256, reply, error);
}

static int open_file(void *place, const char *sha256, int64_t *out_size, GError **error) {
    S3 *s3 = place;
    Download download = {.file = blob_new_file(s3->folder, NULL, error), .folder = s3->folder};
    if (download.file < 0)
        return -1;
    bool is_got = get(s3, &download, sha256, error);
    digest_free(download.digest);
    if (is_got && lseek(download.file, 0, SEEK_SET) == 0) {
        *out_size = download.size;
        return download.file;
    }
    if (is_got)
        error_set_errno(error, ERROR_FAILED, errno, "cannot read in %s", s3->folder);
    close(download.file);
    return -1;
}

/* Once, so that it is over soon: later, the bytes may be somebody's again. */
static bool remove_object(void *place, const char *sha256, GError **error) {
    S3 *s3 = place;
    g_autofree char *path = path_of(s3, sha256);
    const Question question = {
        .request = {.method = "DELETE", .endpoint = s3->place->endpoint, .path = path, .sha256 = S3_EMPTY_SHA256},
        .is_asked_once = true,
    };
    g_autoptr(FetchReply) reply = ask(s3, &question, error);
    g_autoptr(S3Refusal) refusal = reply ? s3_refusal_new(reply->body) : NULL;
    bool is_gone = reply && reply->status == 404 && g_strcmp0(refusal->code, "NoSuchBucket") != 0;
    return is_gone || check(s3, reply, error);
}

const BlobDriver blob_s3 = {
    .check = s3_place_check,
    .open = open_s3,
    .close = close_s3,
    .coming = coming,
    .keep = put,
    .open_file = open_file,
    .list = list,
    .remove = remove_object,
};
