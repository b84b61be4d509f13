/* What a store for blobs answers, XML of anybody's -> a listing, and why it refuses. It may be none; what it lists
 * has a key and a size, and written again says the same. */

#include "blob/s3_answer.h"
#include "fuzz/fuzz.h"

#include <string.h>

static void expect_text(const char *text) {
    g_assert_true(text && *text && g_utf8_validate(text, -1, NULL));
}

static void add_element(GString *xml, const char *name, const char *text) {
    g_autoptr(GString) escaped = g_string_new(NULL);
    g_autofree char *markup = g_markup_escape_text(text, -1);
    g_string_append(escaped, markup);
    g_string_replace(escaped, "\r", "&#13;", 0); /* as it is, it would be read as a line end */
    g_string_append_printf(xml, "<%s>%s</%s>", name, escaped->str, name);
}

static GBytes *write_listing(const S3Listing *listing) {
    GString *xml = g_string_new("<ListBucketResult>");
    add_element(xml, "IsTruncated", listing->is_truncated ? "true" : "false");
    if (listing->next)
        add_element(xml, "NextContinuationToken", listing->next);
    for (guint i = 0; i < listing->objects->len; i++) {
        const S3Object *object = &g_array_index(listing->objects, S3Object, i);
        g_string_append_printf(xml, "<Contents><Size>%" G_GINT64_FORMAT "</Size>", object->size);
        add_element(xml, "Key", object->key);
        g_string_append(xml, "</Contents>");
    }
    g_string_append(xml, "</ListBucketResult>");
    return g_string_free_to_bytes(xml);
}

static void expect_same(const S3Listing *one, const S3Listing *other) {
    g_assert_cmpuint(one->objects->len, ==, other->objects->len);
    g_assert_cmpstr(one->next, ==, other->next);
    g_assert_true(one->is_truncated == other->is_truncated);
    for (guint i = 0; i < one->objects->len; i++) {
        const S3Object *a = &g_array_index(one->objects, S3Object, i), *b = &g_array_index(other->objects, S3Object, i);
        g_assert_cmpstr(a->key, ==, b->key);
        g_assert_cmpint(a->size, ==, b->size);
    }
}

static void expect_good_listing(const S3Listing *listing, size_t size) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) xml = write_listing(listing);
    for (guint i = 0; i < listing->objects->len; i++) {
        const S3Object *object = &g_array_index(listing->objects, S3Object, i);
        expect_text(object->key);
        g_assert_cmpint(object->size, >=, 0);
    }
    g_assert_cmpuint(listing->objects->len, <=, size / strlen("<Contents><Key>k<Size>0"));
    g_autoptr(S3Listing) again = s3_listing_new(xml, &error);
    g_assert_no_error(error);
    expect_same(listing, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) xml = g_bytes_new(data, size);
    g_autoptr(S3Listing) listing = s3_listing_new(xml, &error);
    g_autoptr(S3Refusal) refusal = s3_refusal_new(xml);
    g_assert_true(!listing == (error != NULL));
    if (listing)
        expect_good_listing(listing, size);
    else
        expect_text(error->message);
    if (refusal->code)
        expect_text(refusal->code);
    if (refusal->message)
        expect_text(refusal->message);
    return 0;
}
