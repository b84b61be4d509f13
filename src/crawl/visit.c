#include "crawl/visit.h"

#include "crawl/address.h"
#include "crawl/links.h"

#include <string.h>

/* Of HTML: the longest pages that people write (a standard in one page) have 13 MB, others hardly 1 MB. */
enum { MAX_PAGE_BYTES = 8 * 1024 * 1024 };

Visit *visit_new(const char *url, int depth, int n_redirects) {
    Visit *visit = g_new0(Visit, 1);
    visit->url = g_strdup(url);
    visit->depth = depth;
    visit->n_redirects = n_redirects;
    return visit;
}

void visit_free(Visit *visit) {
    if (!visit)
        return;
    g_free(visit->url);
    g_free(visit->why);
    g_free(visit->target);
    g_clear_pointer(&visit->links, g_ptr_array_unref);
    g_free(visit);
}

/* As it is said to people: in lower case, without parameters. */
static char *type_of(GHashTable *headers) {
    const char *header = g_hash_table_lookup(headers, "content-type");
    g_autofree char *valid = g_utf8_make_valid(header ? header : "", -1);
    g_autofree char *type = g_strndup(valid, strcspn(valid, "; \t"));
    return g_ascii_strdown(type, -1);
}

static char *not_html(const char *type) {
    g_autofree char *shown = address_shown(type);
    return g_strdup_printf("is %s, not HTML", shown);
}

/* By its headers, so that nothing of a film is read. */
static bool judge(void *data, int status, GHashTable *headers, GError **error) {
    Visit *visit = data;
    g_autofree char *type = type_of(headers);
    g_clear_pointer(&visit->why, g_free); /* of an answer before this one: 100, or one that broke */
    g_clear_pointer(&visit->target, g_free);
    if (ask_is_redirect(visit->url, status, headers, &visit->target))
        visit->why = g_strdup_printf("redirects to %s", visit->target ? visit->target : "no page");
    else if (status != 200)
        visit->why = g_strdup_printf("answered %d", status);
    else if (!*type)
        visit->why = g_strdup("does not say whether it is HTML");
    else if (strcmp(type, "text/html") != 0 && strcmp(type, "application/xhtml+xml") != 0)
        visit->why = not_html(type);
    if (status == 200 && visit->why)
        error_set(error, ERROR_INVALID, "%s %s", visit->url, visit->why);
    return status != 200 || !visit->why;
}

static bool read_links(Visit *visit, const FetchReply *reply, GError **error) {
    g_autoptr(GUri) address = address_parse(visit->url, NULL);
    g_assert(address);
    visit->links = links_find(address, reply->body, reply->content_type, &visit->has_all_links, error);
    return visit->links != NULL;
}

bool visit_make(Visit *visit, Fetcher *fetcher, const Asking *asking, GError **error) {
    g_autoptr(GError) why = NULL;
    g_autoptr(FetchReply) reply = ask(fetcher, asking, visit->url, MAX_PAGE_BYTES, judge, visit, &why);
    if (error_is(why, ERROR_STOPPED)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    if (!reply && !visit->why)
        visit->why = g_strdup(why->message);
    return visit->why || read_links(visit, reply, error);
}
