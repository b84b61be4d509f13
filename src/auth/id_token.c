#include "auth/id_token.h"

#include "auth/oidc.h"
#include "auth/told.h"
#include "base/secret.h"

#include <string.h>

enum {
    LEEWAY_S = 60,            /* by which clocks may differ (RFC 7519, 4.1.4: "a few minutes" at most) */
    MOST_SUBJECT_BYTES = 255, /* Core, 2 */
    MOST_EMAIL_BYTES = 254,   /* RFC 5321, 4.5.3.1.3, without the brackets */
    MOST_NAME_LETTERS = 100,  /* longer ones would break every page that shows them */
};

static const char *text_of(const json_t *claims, const char *name) {
    return json_string_value(json_object_get(claims, name));
}

static bool equals(const json_t *claims, const char *name, const char *expected) {
    return g_strcmp0(text_of(claims, name), expected) == 0;
}

/* What people can mend themselves is told to them in their words; the rest is of the token. */
static bool refuse(GError **error, const char *why) {
    error_set(error, ERROR_DENIED, "%s", why);
    return false;
}

static bool refuse_token(GError **error, const char *why) {
    error_set(error, ERROR_DENIED, "the token of the login service is refused: %s", why);
    return false;
}

/* For whom, and by whom. */

/* Core, 3.1.3.7, 3 to 5: it is for us; where it is for others, too, it was made for us. RFC 7519, 4.1.3: a text, or a list
 * of them. */
static bool is_for_us(const json_t *claims, const char *client_id) {
    const json_t *audience = json_object_get(claims, "aud"), *each;
    bool is_made_for_us = equals(claims, "azp", client_id);
    if (json_object_get(claims, "azp") && !is_made_for_us)
        return false;
    if (json_is_string(audience))
        return strcmp(json_string_value(audience), client_id) == 0;
    bool is_named = false;
    size_t i;
    json_array_foreach (audience, i, each) {
        if (!json_is_string(each))
            return false;
        is_named = is_named || strcmp(json_string_value(each), client_id) == 0;
    }
    return is_named && (json_array_size(audience) == 1 || is_made_for_us);
}

static bool check_origin(const json_t *claims, const IdTokenRules *rules, GError **error) {
    const char *nonce = text_of(claims, "nonce");
    if (!equals(claims, "iss", rules->issuer)) /* letter by letter: Core, 3.1.3.7, 2 */
        return refuse_token(error, "it is of another issuer");
    if (!is_for_us(claims, rules->client_id))
        return refuse_token(error, "it is for another program");
    if (!nonce || !secret_equals(nonce, rules->nonce)) /* Core, 3.1.3.7, 11: else it could be of another login */
        return refuse_token(error, "it belongs to another login");
    return true;
}

/* When. */

/* Seconds, maybe with a fraction (RFC 7519, 2). Only of those that are numbers, as check_time() has made sure. */
static double time_of(const json_t *claims, const char *name) {
    return json_number_value(json_object_get(claims, name));
}

static bool is_missing(const json_t *claims, const char *name) {
    return !json_is_number(json_object_get(claims, name));
}

static bool check_time(const json_t *claims, int64_t now_s, GError **error) {
    double now = (double)now_s;
    bool may_begin = json_object_get(claims, "nbf") != NULL;
    if (is_missing(claims, "exp") || is_missing(claims, "iat") || (may_begin && is_missing(claims, "nbf")))
        return refuse_token(error, "it does not say from when to when it is valid");
    if (now >= time_of(claims, "exp") + LEEWAY_S) /* Core, 3.1.3.7, 9 */
        return refuse_token(error, "it has expired, or the clock of this server is fast");
    if (time_of(claims, "iat") > now + LEEWAY_S) /* Core, 3.1.3.7, 10 */
        return refuse_token(error, "it is of the future, or the clock of this server is slow");
    if (may_begin && time_of(claims, "nbf") > now + LEEWAY_S) /* RFC 7519, 4.1.5 */
        return refuse_token(error, "it is not valid yet, or the clock of this server is slow");
    return true;
}

/* Who. */

static bool is_printable(const char *text) {
    for (const char *c = text; *c; c = g_utf8_next_char(c))
        if (!g_unichar_isgraph(g_utf8_get_char(c)))
            return false;
    return *text != '\0';
}

/* Never given to another person, unlike an address: what people are known by (Core, 5.7). */
static bool check_subject(const json_t *claims, GError **error) {
    const char *subject = text_of(claims, "sub");
    if (subject && strlen(subject) <= MOST_SUBJECT_BYTES && is_printable(subject))
        return true;
    return refuse_token(error, "it does not say whom it is about");
}

/* What is behind the last @; NULL if it is no address. */
static const char *domain_of(const char *email) {
    const char *at = strrchr(email, '@');
    bool is_address = at && at > email && at[1] && strlen(email) <= MOST_EMAIL_BYTES && is_printable(email);
    return is_address ? at + 1 : NULL;
}

/* Some services write it as a text. */
static bool is_true(const json_t *value) {
    return json_is_true(value) || g_strcmp0(json_string_value(value), "true") == 0;
}

static bool check_email(const json_t *claims, GError **error) {
    const char *email = text_of(claims, "email");
    if (!email)
        return refuse(error, "the login service did not tell your e-mail address");
    if (!domain_of(email))
        return refuse(error, "the login service told an e-mail address that is none");
    if (!is_true(json_object_get(claims, "email_verified"))) /* Core, 5.1 */
        return refuse(error, "your e-mail address must be verified at the login service");
    return true;
}

/* hd is Google's, for an organization's own accounts: anybody may have an account with an address of its domain. The
 * parameter of the same name only chose what Google showed. */
static bool check_domain(const json_t *claims, const char *hosted_domain, GError **error) {
    const char *domain = text_of(claims, "hd");
    if (!hosted_domain || (domain && g_ascii_strcasecmp(domain, hosted_domain) == 0 &&
                           g_ascii_strcasecmp(domain_of(text_of(claims, "email")), hosted_domain) == 0))
        return true;
    error_set(error, ERROR_DENIED, "only accounts of %s may log in here", hosted_domain);
    return false;
}

static char *shown_name(const char *name, const char *email) {
    g_autofree char *shown = told(name, MOST_NAME_LETTERS);
    return g_strdup(*g_strstrip(shown) ? shown : email);
}

/* What is before the @ may matter to the one who gets the mail; what is behind it does not (RFC 5321, 2.4). */
static char *lower_domain(const char *email) {
    char *copy = g_strdup(email);
    for (char *c = strrchr(copy, '@'); *c; c++)
        *c = g_ascii_tolower(*c);
    return copy;
}

OidcPerson *id_token_read(const json_t *claims, const IdTokenRules *rules, GError **error) {
    if (!check_origin(claims, rules, error) || !check_time(claims, rules->now_s, error) ||
        !check_subject(claims, error) || !check_email(claims, error) ||
        !check_domain(claims, rules->hosted_domain, error))
        return NULL;
    OidcPerson *person = g_new0(OidcPerson, 1);
    person->subject = g_strdup(text_of(claims, "sub"));
    person->email = lower_domain(text_of(claims, "email"));
    person->name = shown_name(text_of(claims, "name"), person->email);
    person->hosted_domain = text_of(claims, "hd") ? told(text_of(claims, "hd"), MOST_EMAIL_BYTES) : NULL;
    return person;
}
