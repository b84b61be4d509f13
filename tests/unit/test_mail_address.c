/* What may stand as an address in a mail, and in what is said to a mail server. */
#include "base/mail_address.h"

#include <glib.h>

#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define LONG_DOMAIN SIXTY ".aa." SIXTY ".aa." SIXTY "."

static void what_is_no_address_is_refused(void) {
    static const char *const addresses[] = {
        "",
        "@",
        "a",
        "a@",
        "@b",
        "a@b@c",
        " a@b",
        "a@b ",
        "a b@c",
        ".a@b",
        "a.@b",
        "a..b@c",
        "a@b.",
        "a@.b",
        "a@b..c",
        "a@-b",
        "a@b-",
        "a@b_c",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@b.1",
        "\"a\"@b",
        "a(b)@c",
        "<a@b>",
        "A <a@b>",
        "a@b>",
        "a,b@c",
        "a@b,c@d",
        "a@b;c",
        "a:b@c",
        "a\\b@c",
        "a@b\n",
        "a@b\r\nBcc: c@d",
        "a\r\nRCPT TO:<c@d>@b",
        "a\t@b",
        "a\x7f@b",
        "j\xc3\xb6rg@b.de",
        "a@b\xc3\xbc"
        "cher.de",
        "a@\xff",
        SIXTY "abcde@b",
        "a@" SIXTY "abcd",
        "aa@" LONG_DOMAIN SIXTY "abc",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("case %zu", i);
        g_assert_false(mail_address_check(addresses[i], &error));
        g_assert_true(error_is(error, ERROR_INVALID));
        g_assert_null(strpbrk(error->message, "\r\n"));
        g_assert_null(mail_address_normalize(addresses[i], NULL));
    }
}

static void the_reason_is_told(void) {
    g_autoptr(GError) error = NULL;
    g_assert_false(mail_address_check("a b@c\n", &error));
    g_assert_cmpstr(error->message, ==,
                    "\"a b@c\\n\" is no mail address: before its @ may be letters, digits, !#$%&'*+-/=?^_`{|}~ and "
                    "single dots between them");
}

static void addresses_pass_with_their_domain_in_lower_case(void) {
    static const struct {
        const char *given, *expected;
    } addresses[] = {
        {"a@b", "a@b"},
        {"Ann.Lee+dpxdt@Example.COM", "Ann.Lee+dpxdt@example.com"},
        {"!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~@x"},
        {"1@1.a", "1@1.a"},
        {"root@localhost", "root@localhost"},
        {"a@xn--bcher-kva.DE", "a@xn--bcher-kva.de"},
        {SIXTY "abcd@b", SIXTY "abcd@b"},
        {"a@" SIXTY "abc", "a@" SIXTY "abc"},
        {"a@" LONG_DOMAIN SIXTY "abc", "a@" LONG_DOMAIN SIXTY "abc"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        g_autofree char *found = mail_address_normalize(addresses[i].given, NULL);
        g_assert_cmpstr(found, ==, addresses[i].expected);
        g_assert_true(mail_address_check(addresses[i].given, NULL));
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mail-address/what-is-no-address-is-refused", what_is_no_address_is_refused);
    g_test_add_func("/mail-address/the-reason-is-told", the_reason_is_told);
    g_test_add_func("/mail-address/addresses-pass-with-their-domain-in-lower-case",
                    addresses_pass_with_their_domain_in_lower_case);
    return g_test_run();
}
