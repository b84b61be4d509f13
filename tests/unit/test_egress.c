/* Which addresses may be captured for strangers. Names are not looked up here, but for those that need no answer. */
#include "net/egress.h"
#include "net/fetch.h"

#include <glib.h>

#include <netinet/in.h>

static void private_addresses_are_refused_in_all_their_forms(void) {
    static const char *const urls[] = {
        "http://127.0.0.1/",
        "http://10.1.2.3:8080/x",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://168.63.129.16/metadata",
        "http://192.0.2.1/",
        "http://198.51.100.255/",
        "http://203.0.113.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://[::ffff:168.63.129.16]/",
        "http://[64:ff9b:1::a9fe:a9fe]/",
        "http://[64:ff9b:1:ffff::1]/",
        "http://[2001:0:7f00:1::1]/",
        "http://[2001:1ff:ffff::1]/",
        "http://[2001:db8::1]/",
        "http://[3fff:fff::1]/",
        "http://[5f00::1]/",
        "http://[2002:a00:1::]/",
        "http://user@127.0.0.1/",
        "https://localhost/",
        "http://LOCALHOST./",
        "http://a.b.localhost/",
        "http://foo.localhost%2e/",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", urls[i]);
        g_assert_false(egress_check(urls[i], false, &error));
        g_assert_true(error_is(error, ERROR_DENIED));
        g_assert_true(egress_check(urls[i], true, NULL));
    }
}

static void what_is_no_web_address_is_refused_in_any_case(void) {
    static const char *const urls[] = {
        "", "x", "/etc/passwd", "file:///etc/passwd", "javascript:alert(1)", "ftp://x/", "http:///x", "http://"};
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(egress_check(urls[i], true, &error));
        g_assert_true(error_is(error, ERROR_INVALID));
    }
}

/* GUri and browsers differ in what these lead to. */
static void what_means_two_things_is_refused_in_any_case(void) {
    static const char *const urls[] = {"http://127.0.0.1\\@93.184.216.34/", "http://93.184.216.34\\@127.0.0.1/",
                                       "http://127.0.0.1\n.example.com/", "h\nttp://93.184.216.34/",
                                       "http://93.184.216.34/\x7f"};
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", urls[i]);
        g_assert_false(egress_check(urls[i], true, &error));
        g_assert_true(error_is(error, ERROR_INVALID));
    }
    g_assert_true(egress_check("http://93.184.216.34/a\\b?c\\@d", false, NULL));
}

static void public_addresses_pass(void) {
    static const char *const urls[] = {"http://93.184.216.34/",
                                       "https://[2606:2800:220:1::1]:8443/a?b",
                                       "http://[::ffff:93.184.216.34]/",
                                       "http://100.128.0.1/",
                                       "http://172.32.0.1/",
                                       "http://168.63.129.17/",
                                       "http://192.0.3.1/",
                                       "http://198.51.101.1/",
                                       "http://203.0.112.1/",
                                       "http://[64:ff9b::5db8:d822]/",
                                       "http://[64:ff9b:2::1]/",
                                       "http://[2001:200::1]/",
                                       "http://[2001:db9::1]/",
                                       "http://[3fff:1000::1]/",
                                       "http://[5f01::1]/"};
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++)
        g_assert_true(egress_check(urls[i], false, NULL));
}

static void an_address_is_looked_at_when_it_is_connected_to(void) {
    g_autoptr(GError) error = NULL;
    const struct sockaddr_in public_address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x5db8d822)};
    g_assert_true(egress_allows((const struct sockaddr *)&public_address));
    const FetchRequest request = {
        .method = "GET", .url = "http://127.0.0.1:1/", .max_bytes = 1, .may_connect = egress_allows};
    g_autoptr(Fetcher) fetcher = fetcher_new(&error);
    g_assert_no_error(error);
    g_assert_null(fetcher_run(fetcher, &request, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_DENIED);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/egress/private-addresses-are-refused-in-all-their-forms",
                    private_addresses_are_refused_in_all_their_forms);
    g_test_add_func("/egress/what-is-no-web-address-is-refused-in-any-case",
                    what_is_no_web_address_is_refused_in_any_case);
    g_test_add_func("/egress/what-means-two-things-is-refused-in-any-case",
                    what_means_two_things_is_refused_in_any_case);
    g_test_add_func("/egress/public-addresses-pass", public_addresses_pass);
    g_test_add_func("/egress/an-address-is-looked-at-when-it-is-connected-to",
                    an_address_is_looked_at_when_it_is_connected_to);
    return g_test_run();
}
