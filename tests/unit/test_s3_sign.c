/* Signatures, against those that the manual of S3 prints in "Authenticating Requests: Using the Authorization Header"
 * and "Using Query Parameters", for its example keys. */
#include "blob/s3_sign.h"

#include <glib.h>
#include <string.h>

/* 2013-05-24 00:00:00 UTC */
enum { EXAMPLE_TIME = 1369353600 };
#define ENDPOINT "https://examplebucket.s3.amazonaws.com"

static const S3Keys keys = {
    .access_key = "AKIAIOSFODNN7EXAMPLE",
    .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    .region = "us-east-1",
};

static const char *header(char **headers, const char *name) {
    for (char **line = headers; *line; line++)
        if (g_str_has_prefix(*line, name))
            return *line + strlen(name);
    return NULL;
}

static void examples_of_the_manual_are_signed_as_there(void) {
    static const S3Pair range[] = {{"range", "bytes=0-9"}};
    static const S3Pair put[] = {{"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                                 {"date", "Fri, 24 May 2013 00:00:00 GMT"}};
    static const S3Pair lifecycle[] = {{"lifecycle", ""}};
    static const S3Pair list[] = {{"prefix", "J"}, {"max-keys", "2"}};
    static const struct {
        S3Request request;
        const char *url, *names, *signature;
    } cases[] = {
        {{.method = "GET", .path = "/test.txt", .headers = range, .n_headers = 1, .sha256 = S3_EMPTY_SHA256},
         ENDPOINT "/test.txt",
         "host;range;x-amz-content-sha256;x-amz-date",
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
        {{.method = "PUT",
          .path = "/test$file.text",
          .headers = put,
          .n_headers = 2,
          .sha256 = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"},
         ENDPOINT "/test%24file.text",
         "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
        {{.method = "GET", .path = "/", .query = lifecycle, .n_query = 1, .sha256 = S3_EMPTY_SHA256},
         ENDPOINT "/?lifecycle=",
         "host;x-amz-content-sha256;x-amz-date",
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
        {{.method = "GET", .path = "/", .query = list, .n_query = 2, .sha256 = S3_EMPTY_SHA256},
         ENDPOINT "/?max-keys=2&prefix=J",
         "host;x-amz-content-sha256;x-amz-date",
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        S3Request request = cases[i].request;
        request.endpoint = ENDPOINT;
        g_autofree char *url = s3_url(&request);
        g_auto(GStrv) headers = s3_sign(&request, &keys, EXAMPLE_TIME);
        g_autofree char *expected =
            g_strdup_printf("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/"
                            "s3/aws4_request,SignedHeaders=%s,Signature=%s",
                            cases[i].names, cases[i].signature);
        g_assert_cmpstr(url, ==, cases[i].url);
        g_assert_cmpstr(header(headers, "authorization: "), ==, expected);
        g_assert_cmpstr(header(headers, "x-amz-date: "), ==, "20130524T000000Z");
        g_assert_cmpstr(header(headers, "x-amz-content-sha256: "), ==, request.sha256);
    }
}

static void a_url_for_others_is_that_of_the_manual(void) {
    const S3Request request = {.method = "GET", .endpoint = ENDPOINT, .path = "/test.txt"};
    g_autofree char *url = s3_presign(&request, &keys, EXAMPLE_TIME, 86400);
    g_assert_cmpstr(url, ==,
                    ENDPOINT
                    "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524"
                    "%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
                    "&X-Amz-SignedHeaders=host&X-Amz-Signature="
                    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

static void values_are_escaped_and_names_sorted(void) {
    static const S3Pair query[] = {{"prefix", "a/b c+d&e=%\xc3\xa9"}, {"pre", "~-._"}, {"pre-fix", "1"}};
    const S3Request request = {.method = "GET",
                               .endpoint = ENDPOINT,
                               .path = "/a b/+%\xc3\xa9",
                               .query = query,
                               .n_query = 3,
                               .sha256 = S3_EMPTY_SHA256};
    g_autofree char *url = s3_url(&request);
    g_assert_cmpstr(url, ==, ENDPOINT "/a%20b/%2B%25%C3%A9?pre=~-._&pre-fix=1&prefix=a%2Fb%20c%2Bd%26e%3D%25%C3%A9");
}

static void a_session_token_is_signed_and_sent(void) {
    S3Keys with_token = keys;
    with_token.session_token = "a/token";
    const S3Request request = {.method = "GET", .endpoint = ENDPOINT, .path = "/", .sha256 = S3_EMPTY_SHA256};
    g_auto(GStrv) headers = s3_sign(&request, &with_token, EXAMPLE_TIME);
    g_autofree char *url = s3_presign(&request, &with_token, EXAMPLE_TIME, 60);
    g_assert_cmpstr(header(headers, "x-amz-security-token: "), ==, "a/token");
    g_assert_nonnull(strstr(header(headers, "authorization: "), "x-amz-date;x-amz-security-token,"));
    g_assert_nonnull(strstr(url, "&X-Amz-Security-Token=a%2Ftoken&X-Amz-SignedHeaders=host&"));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/s3_sign/examples-of-the-manual-are-signed-as-there", examples_of_the_manual_are_signed_as_there);
    g_test_add_func("/s3_sign/a-url-for-others-is-that-of-the-manual", a_url_for_others_is_that_of_the_manual);
    g_test_add_func("/s3_sign/values-are-escaped-and-names-sorted", values_are_escaped_and_names_sorted);
    g_test_add_func("/s3_sign/a-session-token-is-signed-and-sent", a_session_token_is_signed_and_sent);
    return g_test_run();
}
