#include "blob/s3_answer.h"

#include <string.h>

static bool parse(const GMarkupParser *parser, GBytes *xml, void *data, GError **error) {
    gsize size;
    const char *text = g_bytes_get_data(xml, &size);
    g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(parser, 0, data, NULL);
    return g_markup_parse_context_parse(context, text ? text : "", (gssize)size, error) &&
           g_markup_parse_context_end_parse(context, error);
}

/* Whether the text at hand is that of <above><name>. Nothing that we read is deeper than that, or twice. */
static bool is_at(GMarkupParseContext *context, const char *above, const char *name) {
    const GSList *stack = g_markup_parse_context_get_element_stack(context);
    return stack && stack->next && strcmp(stack->data, name) == 0 && strcmp(stack->next->data, above) == 0;
}

/* Listings. */

#define LISTING "ListBucketResult"
#define OBJECT "Contents"

typedef struct {
    S3Listing *listing;
    S3Object object; /* that is being read */
    bool is_listing;
} Reader;

static void clear_object(void *data) {
    g_free(((S3Object *)data)->key);
}

void s3_listing_free(S3Listing *listing) {
    if (!listing)
        return;
    g_array_unref(listing->objects);
    g_free(listing->next);
    g_free(listing);
}

static void begin_element(GMarkupParseContext *context, const char *name, const char **attributes, const char **values,
                          void *data, GError **error) {
    Reader *reader = data;
    if (!g_markup_parse_context_get_element_stack(context)->next)
        reader->is_listing = strcmp(name, LISTING) == 0;
    if (strcmp(name, OBJECT) == 0)
        reader->object.size = -1;
}

static void take_text(GMarkupParseContext *context, const char *text, gsize size, void *data, GError **error) {
    Reader *reader = data;
    if (!*text) {
        return; /* as if there were no such element */
    } else if (is_at(context, OBJECT, "Key")) {
        g_free(reader->object.key);
        reader->object.key = g_strdup(text);
    } else if (is_at(context, OBJECT, "Size")) {
        if (!g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &reader->object.size, NULL))
            reader->object.size = -1;
    } else if (is_at(context, LISTING, "IsTruncated")) {
        reader->listing->is_truncated = strcmp(text, "true") == 0;
    } else if (is_at(context, LISTING, "NextContinuationToken")) {
        g_free(reader->listing->next);
        reader->listing->next = g_strdup(text);
    }
}

static void end_element(GMarkupParseContext *context, const char *name, void *data, GError **error) {
    Reader *reader = data;
    if (strcmp(name, OBJECT) != 0)
        return;
    if (reader->object.key && reader->object.size >= 0) {
        g_array_append_val(reader->listing->objects, reader->object);
        reader->object.key = NULL;
    } else {
        g_set_error_literal(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "an object has no key or no size");
    }
}

S3Listing *s3_listing_new(GBytes *xml, GError **error) {
    static const GMarkupParser parser = {.start_element = begin_element, .text = take_text, .end_element = end_element};
    g_autoptr(S3Listing) listing = g_new0(S3Listing, 1);
    listing->objects = g_array_new(FALSE, FALSE, sizeof(S3Object));
    g_array_set_clear_func(listing->objects, clear_object);
    Reader reader = {.listing = listing};
    g_autoptr(GError) cause = NULL;
    bool is_read = parse(&parser, xml, &reader, &cause) && reader.is_listing;
    clear_object(&reader.object);
    if (is_read)
        return g_steal_pointer(&listing);
    g_autofree char *why =
        g_utf8_make_valid(cause ? cause->message : "this is no " LISTING, -1); /* it may quote bytes */
    error_set(error, ERROR_FAILED, "it does not answer as S3 does: %s", why);
    return NULL;
}

/* Refusals. */

void s3_refusal_free(S3Refusal *refusal) {
    if (!refusal)
        return;
    g_free(refusal->code);
    g_free(refusal->message);
    g_free(refusal);
}

static void take_reason(GMarkupParseContext *context, const char *text, gsize size, void *data, GError **error) {
    S3Refusal *refusal = data;
    char **place = is_at(context, "Error", "Code")      ? &refusal->code
                   : is_at(context, "Error", "Message") ? &refusal->message
                                                        : NULL;
    if (place && !*place && *text)
        *place = g_strdup(text);
}

S3Refusal *s3_refusal_new(GBytes *xml) {
    static const GMarkupParser parser = {.text = take_reason};
    S3Refusal *refusal = g_new0(S3Refusal, 1);
    g_autoptr(GError) unreadable = NULL; /* as the pages of proxies are */
    (void)!parse(&parser, xml, refusal, &unreadable);
    return refusal;
}
