/* What s3:// URLs and the environment may say. */
#include "blob/s3_place.h"

#include <glib.h>
#include <string.h>

static void set_keys(void) {
    g_setenv("AWS_ACCESS_KEY_ID", "access", TRUE);
    g_setenv("AWS_SECRET_ACCESS_KEY", "secret", TRUE);
    g_unsetenv("AWS_SESSION_TOKEN");
    g_unsetenv("AWS_REGION");
}

static void assert_refused(const char *url, const char *why) {
    g_autoptr(GError) error = NULL;
    g_autoptr(S3Place) place = s3_place_new(url, &error);
    if (place)
        g_error("%s is taken", url);
    g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    if (!g_str_has_prefix(error->message, url) || !strstr(error->message, why))
        g_error("%s: \"%s\" does not say \"%s\"", url, error->message, why);
}

static void bad_urls_are_refused_with_the_reason(void) {
    static const struct {
        const char *url, *why;
    } cases[] = {
        {"s3:", "s3://BUCKET/PREFIX"},
        {"s3:bucket", "s3://BUCKET/PREFIX"},
        {"s3:/bucket", "s3://BUCKET/PREFIX"},
        {"s3://", "the bucket is \"\""},
        {"s3:///prefix", "the bucket is \"\""},
        {"s3://user:password@bucket", "s3://BUCKET/PREFIX"},
        {"s3://bucket:99", "s3://BUCKET/PREFIX"},
        {"s3://bucket#part", "s3://BUCKET/PREFIX"},
        {"s3://bucket/%zz", "s3://BUCKET/PREFIX"},
        {"s3://bucket/%00", "s3://BUCKET/PREFIX"},
        {"s3://bucket?region=%zz", "s3://BUCKET/PREFIX"},
        {"s3://bucket?region", "s3://BUCKET/PREFIX"},
        {"s3://b", "the bucket is \"b\""},
        {"s3://Bucket", "the bucket is \"Bucket\""},
        {"s3://my_bucket", "the bucket is \"my_bucket\""},
        {"s3://-bucket", "the bucket is \"-bucket\""},
        {"s3://bucket.", "the bucket is \"bucket.\""},
        {"s3://buck..et", "the bucket is \"buck..et\""},
        {"s3://a234567890123456789012345678901234567890123456789012345678901234", "3 to 63"},
        {"s3://my.bucket", "endpoint=https://s3.us-east-1.amazonaws.com"},
        {"s3://bucket/a//b", "the prefix is \"a//b\""},
        {"s3://bucket//", "the prefix is"},
        {"s3://bucket/a%20b", "the prefix is \"a b\""},
        {"s3://bucket/a%0ab", "the prefix is"},
        {"s3://bucket?endpont=http://host", "no parameter \"endpont\": endpoint and region"},
        {"s3://bucket?Region=a", "no parameter \"Region\""},
        {"s3://bucket?region=", "the region is \"\""},
        {"s3://bucket?region=a%0d%0aX:1", "the region is"},
        {"s3://bucket?endpoint=", "the endpoint is \"\""},
        {"s3://bucket?endpoint=host:80", "http://HOST:PORT"},
        {"s3://bucket?endpoint=ftp://host", "http://HOST:PORT"},
        {"s3://bucket?endpoint=http://", "http://HOST:PORT"},
        {"s3://bucket?endpoint=http://host:0x10", "http://HOST:PORT"},
        {"s3://bucket?endpoint=http://host:65536", "http://HOST:PORT"},
        {"s3://bucket?endpoint=http://host/path", "http://HOST:PORT"},
        {"s3://bucket?endpoint=http://host?a=b", "http://HOST:PORT"},
        {"s3://bucket?endpoint=http://host%23a", "http://HOST:PORT"},
        {"s3://bucket?endpoint=http://user@host", "http://HOST:PORT"},
        {"s3://bucket?endpoint=http://ho%20st", "http://HOST:PORT"},
        {"s3://bucket?endpoint=http://host%250d%250a", "http://HOST:PORT"},
    };
    set_keys();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(cases[i].url, cases[i].why);
}

static void a_prefix_has_a_limit(void) {
    set_keys();
    g_autofree char *prefix = g_strnfill(901, 'a');
    g_autofree char *url = g_strconcat("s3://bucket/", prefix, NULL);
    assert_refused(url, "up to 900 characters");
}

static void keys_that_are_missing_or_spoiled_are_named(void) {
    static const struct {
        const char *name, *value, *why;
    } cases[] = {
        {"AWS_ACCESS_KEY_ID", NULL, "AWS_ACCESS_KEY_ID is not set"},
        {"AWS_ACCESS_KEY_ID", "", "AWS_ACCESS_KEY_ID is not set"},
        {"AWS_SECRET_ACCESS_KEY", NULL, "AWS_SECRET_ACCESS_KEY is not set"},
        {"AWS_SECRET_ACCESS_KEY", "secret\n", "AWS_SECRET_ACCESS_KEY has a space, the end of a line"},
        {"AWS_ACCESS_KEY_ID", "access\r\nX: 1", "AWS_ACCESS_KEY_ID has"},
        {"AWS_SESSION_TOKEN", "to ken", "AWS_SESSION_TOKEN has"},
        {"AWS_REGION", "us east", "the region is \"us east\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        set_keys();
        if (cases[i].value)
            g_setenv(cases[i].name, cases[i].value, TRUE);
        else
            g_unsetenv(cases[i].name);
        assert_refused("s3://bucket", cases[i].why);
    }
}

static void places_are_what_their_urls_say(void) {
    static const struct {
        const char *url, *bucket, *prefix, *endpoint, *path, *region;
    } cases[] = {
        {"s3://bucket", "bucket", "", "https://bucket.s3.us-east-1.amazonaws.com", "/", "us-east-1"},
        {"s3://bucket/", "bucket", "", "https://bucket.s3.us-east-1.amazonaws.com", "/", "us-east-1"},
        {"s3://bucket/a/b-C_1.x/?region=eu-west-1", "bucket", "a/b-C_1.x/", "https://bucket.s3.eu-west-1.amazonaws.com",
         "/", "eu-west-1"},
        {"s3://bucket/../a/%2e%2e/%2e/../b/./c", "bucket", "b/c/", "https://bucket.s3.us-east-1.amazonaws.com", "/",
         "us-east-1"},
        {"s3://my.bucket/a?endpoint=http://host:9000", "my.bucket", "a/", "http://host:9000", "/my.bucket/",
         "us-east-1"},
        {"s3://bucket?region=x&endpoint=HTTPS://Host:443/", "bucket", "", "https://host", "/bucket/", "x"},
        {"s3://bucket?endpoint=http%3A%2F%2Fhost%3A80", "bucket", "", "http://host", "/bucket/", "us-east-1"},
        {"s3://bucket?endpoint=http://[::1]:80", "bucket", "", "http://[::1]", "/bucket/", "us-east-1"},
        {"s3://bucket?endpoint=https://host:80", "bucket", "", "https://host:80", "/bucket/", "us-east-1"},
    };
    set_keys();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(S3Place) place = s3_place_new(cases[i].url, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(place->bucket, ==, cases[i].bucket);
        g_assert_cmpstr(place->prefix, ==, cases[i].prefix);
        g_assert_cmpstr(place->endpoint, ==, cases[i].endpoint);
        g_assert_cmpstr(place->path, ==, cases[i].path);
        g_assert_cmpstr(place->region, ==, cases[i].region);
        g_assert_cmpstr(place->access_key, ==, "access");
        g_assert_cmpstr(place->secret_key, ==, "secret");
        g_assert_null(place->session_token);
    }
}

static void the_environment_names_region_and_token(void) {
    set_keys();
    g_setenv("AWS_REGION", "eu-north-1", TRUE);
    g_setenv("AWS_SESSION_TOKEN", "token", TRUE);
    g_autoptr(S3Place) place = s3_place_new("s3://bucket", NULL);
    g_autoptr(S3Place) other = s3_place_new("s3://bucket?region=eu-west-1", NULL);
    g_assert_cmpstr(place->region, ==, "eu-north-1");
    g_assert_cmpstr(place->session_token, ==, "token");
    g_assert_cmpstr(other->region, ==, "eu-west-1");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/s3_place/bad-urls-are-refused-with-the-reason", bad_urls_are_refused_with_the_reason);
    g_test_add_func("/s3_place/a-prefix-has-a-limit", a_prefix_has_a_limit);
    g_test_add_func("/s3_place/keys-that-are-missing-or-spoiled-are-named", keys_that_are_missing_or_spoiled_are_named);
    g_test_add_func("/s3_place/places-are-what-their-urls-say", places_are_what_their_urls_say);
    g_test_add_func("/s3_place/the-environment-names-region-and-token", the_environment_names_region_and_token);
    return g_test_run();
}
