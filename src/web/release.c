#include "web/release.h"

#include <string.h>

/* So many are on the page; the others are on pages of their own. */
enum { MOST_FAILED = 50, MOST_GROUPS = 60, MOST_OTHERS = 20, LINES_ON_PAGE = 150 };

static const struct {
    const char *name, *title;
} ranks[] = {
    [ORDER_FAILED] = {"failed", "Failed"},    [ORDER_DIFFERENT] = {"different", "Different"},
    [ORDER_PENDING] = {"pending", "Waiting"}, [ORDER_NEW] = {"new", "New"},
    [ORDER_SAME] = {"same", "The same"},
};

const char *release_rank_name(OrderRank rank) {
    return ranks[rank].name;
}

const char *release_rank_title(OrderRank rank) {
    return ranks[rank].title;
}

int release_count_of_rank(const Release *release, OrderRank rank) {
    switch (rank) {
    case ORDER_FAILED:
        return release->n_failed;
    case ORDER_DIFFERENT:
        return release->n_found + release->n_approved;
    case ORDER_PENDING:
        return release->n_pending;
    case ORDER_NEW:
        return release->n_new;
    case ORDER_SAME:
        return release->n_same;
    }
    g_assert_not_reached();
}

static GPtrArray *first_lines(View *view, const Release *release, OrderRank rank, int most, GError **error) {
    if (release_count_of_rank(release, rank) == 0)
        return g_ptr_array_new();
    return run_list_lines(view->db, release->id, rank, NULL, NULL, most, error);
}

static bool show(View *view, const Release *release, bool asks, GError **error) {
    g_autoptr(GPtrArray) failed = first_lines(view, release, ORDER_FAILED, MOST_FAILED, error);
    g_autoptr(GPtrArray) groups = failed ? run_list_groups(view->db, release->id, NULL, MOST_GROUPS, error) : NULL;
    g_autoptr(GPtrArray) pending = groups ? first_lines(view, release, ORDER_PENDING, MOST_OTHERS, error) : NULL;
    g_autoptr(GPtrArray) fresh = pending ? first_lines(view, release, ORDER_NEW, MOST_OTHERS, error) : NULL;
    g_autoptr(GPtrArray) same = fresh ? first_lines(view, release, ORDER_SAME, MOST_OTHERS, error) : NULL;
    bool is_like_last;
    if (!same || !release_is_like_last(view->db, release, &is_like_last, error))
        return false;
    const ReleasePage shown = {release, failed, groups, pending, fresh, same, asks, is_like_last};
    view_add_release_crumbs(view, release, true);
    release_html(view->html, view, &shown);
    return true;
}

/* Lists of one rank. */

static bool rank_of(const char *name, OrderRank *out_rank) {
    for (size_t i = 0; i < G_N_ELEMENTS(ranks); i++)
        if (strcmp(ranks[i].name, name) == 0) {
            *out_rank = (OrderRank)i;
            return true;
        }
    return false;
}

static bool show_runs(View *view, const Release *release, OrderRank rank, GError **error) {
    const char *after = view_text(view, "after"), *words = view_text(view, "words");
    g_autoptr(RunLine) from = after ? run_list_find(view->db, release->id, after, error) : NULL;
    if (after && !from)
        return false;
    g_autoptr(GPtrArray) lines = run_list_lines(view->db, release->id, rank, from, words, LINES_ON_PAGE + 1, error);
    if (!lines)
        return false;
    const RunsPage shown = {release, rank, words, lines, lines->len > LINES_ON_PAGE};
    if (shown.more)
        g_ptr_array_set_size(lines, LINES_ON_PAGE);
    view_add_release_crumbs(view, release, false);
    view_add_crumb(view, ranks[rank].title, NULL);
    runs_html(view->html, view, &shown);
    return true;
}

static bool release(View *view, GError **error) {
    OrderRank rank;
    g_autoptr(Release) found = view_find_release(view, ACCESS_PUBLIC, error);
    if (!found)
        return false;
    const char *list = view_text(view, "show");
    return list && rank_of(list, &rank) ? show_runs(view, found, rank, error) : show(view, found, false, error);
}

HttpResponse *web_release(HttpRequest *request, void *web) {
    return view_show(request, web, release);
}

/* Deciding. */

static bool read_decision(const View *view, ReleaseStatus *out_status, AuditKind *out_kind) {
    static const struct {
        const char *field;
        ReleaseStatus status;
        AuditKind kind;
    } decisions[] = {
        {"good", RELEASE_GOOD, AUDIT_RELEASE_GOOD},
        {"bad", RELEASE_BAD, AUDIT_RELEASE_BAD},
        {"reviewing", RELEASE_REVIEWING, AUDIT_RELEASE_REVIEWING},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(decisions); i++)
        if (view_text(view, decisions[i].field)) {
            *out_status = decisions[i].status;
            *out_kind = decisions[i].kind;
            return true;
        }
    return false;
}

char *release_as_told(const Release *release) {
    return g_strdup_printf("%d %d %d %" G_GINT64_FORMAT, release->n_found, release->n_failed, release->n_pending,
                           release->modified_ms);
}

/* What nobody has looked at yet is not waved through by accident, nor what has come since it was asked. */
static bool must_ask(const View *view, const Release *release, ReleaseStatus status) {
    bool is_open =
        release->n_found + release->n_failed + release->n_pending > 0 || release->status == RELEASE_RECEIVING;
    g_autofree char *told = release_as_told(release);
    return status == RELEASE_GOOD && is_open && g_strcmp0(view_text(view, "sure"), told) != 0;
}

/* What two people say at once is said once: who comes second sees what the first one said. */
static bool is_said(const Release *release, ReleaseStatus status) {
    return release->status == status;
}

static bool decide(View *view, GError **error) {
    ReleaseStatus status;
    AuditKind kind;
    g_autoptr(Release) found = view_lock_release(view, ACCESS_OWNER, error);
    if (!found)
        return false;
    if (!read_decision(view, &status, &kind))
        return view_refuse(view, 400, error, "Good, bad, or back to review?");
    if (must_ask(view, found, status) && !is_said(found, status))
        return show(view, found, true, error);
    g_autofree char *path = view_path_of_release(view->build->id, found->name, found->number);
    view_go(view, path);
    return is_said(found, status) || (release_decide(view->db, found, status, view->now_ms, error) &&
                                      view_audit(view, kind, found->id, 0, NULL, error));
}

HttpResponse *web_decide_release(HttpRequest *request, void *web) {
    return view_change(request, web, decide);
}
