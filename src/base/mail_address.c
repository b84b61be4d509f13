#include "base/mail_address.h"

#include <string.h>

/* RFC 5321, 4.5.3.1; the longest address is that of a path, 256, without its angle brackets. */
enum { MAX_MAILBOX = 64, MAX_ADDRESS = 254 };
/* RFC 1035, 2.3.4 */
enum { MAX_LABEL = 63 };

static bool is_atom_character(char c) {
    return g_ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

bool mail_address_is_dot_atom(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        bool is_inner_dot = text[i] == '.' && i > 0 && i + 1 < size && text[i - 1] != '.';
        if (!is_atom_character(text[i]) && !is_inner_dot)
            return false;
    }
    return size > 0;
}

static bool is_label(const char *label) {
    size_t size = strlen(label);
    for (size_t i = 0; i < size; i++)
        if (!g_ascii_isalnum(label[i]) && label[i] != '-')
            return false;
    return size > 0 && size <= MAX_LABEL && label[0] != '-' && label[size - 1] != '-';
}

/* Names of hosts are never numbers at their end: that is how they are told from 10.1.2.3 (RFC 3696, 2). */
static bool is_domain(const char *domain) {
    g_auto(GStrv) labels = g_strsplit(domain, ".", -1);
    size_t n = g_strv_length(labels);
    for (size_t i = 0; i < n; i++)
        if (!is_label(labels[i]))
            return false;
    return n > 0 && strspn(labels[n - 1], "0123456789") < strlen(labels[n - 1]);
}

static const char *what_is_wrong(const char *address) {
    const char *at = strrchr(address, '@');
    if (strlen(address) > MAX_ADDRESS)
        return "it has more than 254 characters";
    if (!g_str_is_ascii(address))
        return "it has characters that are no ASCII";
    if (!at)
        return "it has no @";
    if (at - address > MAX_MAILBOX)
        return "there are more than 64 characters before its @";
    if (!mail_address_is_dot_atom(address, (size_t)(at - address)))
        return "before its @ may be letters, digits, !#$%&'*+-/=?^_`{|}~ and single dots between them";
    return is_domain(at + 1) ? NULL : "behind its @ must be the name of a domain";
}

bool mail_address_check(const char *address, GError **error) {
    const char *wrong = what_is_wrong(address);
    if (!wrong)
        return true;
    g_autofree char *shown = g_strescape(address, NULL);
    error_set(error, ERROR_INVALID, "\"%.300s\" is no mail address: %s", shown, wrong);
    return false;
}

char *mail_address_normalize(const char *address, GError **error) {
    if (!mail_address_check(address, error))
        return NULL;
    const char *domain = strrchr(address, '@') + 1;
    g_autofree char *lower = g_ascii_strdown(domain, -1);
    return g_strdup_printf("%.*s%s", (int)(domain - address), address, lower);
}
