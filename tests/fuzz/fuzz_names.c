/* A text of anybody's as what people and programs name: addresses of IP, of mail, of pages, of login services, of
 * places for blobs and mail servers. It may be refused, with a message; what is taken is written in one way, which is
 * taken again and is the same. */

#include "auth/discovery.h"
#include "base/ip_block.h"
#include "base/mail_address.h"
#include "blob/s3_place.h"
#include "crawl/address.h"
#include "fuzz/fuzz.h"
#include "net/egress.h"

#include <arpa/inet.h>
#include <string.h>

/* Texts are UTF-8 by the time that they come here, from a config, a form or JSON. */
static bool is_refused(bool ok, GError *const *place) {
    const GError *error = *place;
    g_assert_true(ok == (error == NULL));
    if (ok)
        return false;
    g_assert_true(*error->message && g_utf8_validate(error->message, -1, NULL));
    return true;
}

static void read_ip_block(const char *text) {
    g_autoptr(GError) error = NULL;
    IpBlock block, again;
    char address[INET6_ADDRSTRLEN];
    if (is_refused(ip_block_parse(text, &block, &error), &error))
        return;
    g_assert_cmpuint(block.bits, <=, 128);
    g_assert_true(ip_block_has(&block, block.bytes));
    inet_ntop(AF_INET6, block.bytes, address, sizeof address);
    g_autofree char *written = g_strdup_printf("%s/%u", address, block.bits);
    g_assert_true(ip_block_parse(written, &again, &error));
    g_assert_cmpmem(again.bytes, IP_BYTES, block.bytes, IP_BYTES);
    g_assert_cmpuint(again.bits, ==, block.bits);
}

static void read_mail_address(const char *text) {
    g_autoptr(GError) error = NULL;
    g_autofree char *address = mail_address_normalize(text, &error);
    if (is_refused(address != NULL, &error))
        return;
    g_autofree char *again = mail_address_normalize(address, &error);
    g_assert_cmpstr(again, ==, address);
    g_assert_cmpuint(strlen(address), <=, 254);
    g_assert_null(strpbrk(address, " \t\r\n<>,;:\"\\()[]"));
}

static void read_page_address(const char *text) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GUri) uri = address_parse(text, &error);
    if (is_refused(uri != NULL, &error))
        return;
    g_autofree char *address = address_text(uri);
    g_autoptr(GUri) again_uri = address_parse(address, &error);
    g_assert_no_error(error);
    g_autofree char *again = address_text(again_uri);
    g_assert_cmpstr(again, ==, address);
    g_assert_true(g_str_is_ascii(address));
}

/* No name is looked up here. What is taken must be the same address to GLib, to libcurl and to a browser: these
 * differ in what they leave out, and in where a host ends. */
static void read_target(const char *text) {
    g_autoptr(GError) error = NULL;
    if (is_refused(egress_check(text, true, &error), &error)) {
        g_assert_true(error_is(error, ERROR_INVALID));
        return;
    }
    g_assert_true(g_ascii_strncasecmp(text + strspn(text, " "), "http", 4) == 0);
    const char *host = strstr(text, "://");
    g_assert_nonnull(host);
    g_assert_true(strcspn(host + 3, "\\") >= strcspn(host + 3, "/?#"));
    g_assert_cmpuint(strcspn(text, "\t\r\n\v\f\x7f"), ==, strlen(text));
}

static void read_issuer(const char *text) {
    g_autoptr(GError) error = NULL;
    if (is_refused(discovery_check_issuer(text, &error), &error))
        return;
    g_autofree char *url = discovery_url(text);
    g_assert_true(discovery_check_url(url, &error));
}

static void read_place(const char *text) {
    g_autoptr(GError) error = NULL;
    g_autofree char *url = g_strconcat("s3://", text, NULL);
    g_autoptr(S3Place) place = s3_place_new(url, &error);
    if (is_refused(place != NULL, &error))
        return;
    g_assert_true(*place->bucket && !strchr(place->bucket, '/'));
    g_assert_true(!*place->prefix || g_str_has_suffix(place->prefix, "/"));
    g_assert_true(g_str_has_prefix(place->path, "/") && g_str_has_suffix(place->path, "/"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
    if (!g_utf8_validate(text, -1, NULL))
        return 0;
    g_setenv("AWS_ACCESS_KEY_ID", "key", TRUE);
    g_setenv("AWS_SECRET_ACCESS_KEY", "secret", TRUE);
    read_ip_block(text);
    read_mail_address(text);
    read_page_address(text);
    read_target(text);
    read_issuer(text);
    read_place(text);
    return 0;
}
