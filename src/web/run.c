#include "web/run.h"

#include "base/random.h"
#include "store/decision.h"
#include "web/stage.h"

#include <jansson.h>
#include <string.h>

enum { MOST_FAILED = 30, MOST_GROUPS = 100, MOST_MEMBERS = 100, MOST_HISTORY = 20, BATCH_BYTES = 16 };

/* All that is looked up for the page; it owns what it has. */
typedef struct {
    Release *release;
    Run *run;
    RunLine *line, *neighbours[4]; /* by Neighbour */
    GPtrArray *failed, *groups, *members, *history;
    RunGroup group; /* that it is of; first is not set */
    bool has_more_members;
    char *actor;
    int64_t decided_ms;
} Found;

static void found_clear(Found *found) {
    release_free(found->release);
    run_free(found->run);
    run_line_free(found->line);
    for (size_t i = 0; i < G_N_ELEMENTS(found->neighbours); i++)
        run_line_free(found->neighbours[i]);
    g_clear_pointer(&found->failed, g_ptr_array_unref);
    g_clear_pointer(&found->groups, g_ptr_array_unref);
    g_clear_pointer(&found->members, g_ptr_array_unref);
    g_clear_pointer(&found->history, g_ptr_array_unref);
    g_free(found->actor);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

static char *name_of_run(const View *view) {
    const char *name = view_text(view, "test");
    return g_utf8_normalize(name ? name : "", -1, G_NORMALIZE_NFC);
}

static bool find_neighbours(View *view, Found *found, GError **error) {
    for (Neighbour which = NEIGHBOUR_NEXT; which <= NEIGHBOUR_NEXT_GROUP_OPEN; which++)
        if (!run_list_neighbour(view->db, found->release->id, found->line, which, &found->neighbours[which], error))
            return false;
    return true;
}

static bool has_line(const GPtrArray *lines, const RunLine *line) {
    for (guint i = 0; i < lines->len; i++)
        if (((const RunLine *)g_ptr_array_index(lines, i))->id == line->id)
            return true;
    return false;
}

/* The first of the page's group, or those behind the name that is asked for; if it has too many, from the page itself on. */
static GPtrArray *find_members(View *view, Found *found, GError **error) {
    const RunLine *line = found->line;
    int64_t id = found->release->id;
    const char *behind = http_request_query(view->request, "behind");
    g_autoptr(GPtrArray) members = run_list_group(view->db, id, line, behind, MOST_MEMBERS + 1, error);
    bool is_shown = members && (behind || has_line(members, line));
    RunLine *itself = members && !is_shown ? run_list_find(view->db, id, line->name, error) : NULL;
    if (itself) {
        g_ptr_array_unref(members);
        members = run_list_group(view->db, id, line, line->name, MOST_MEMBERS, error);
    }
    if (itself && members)
        g_ptr_array_insert(members, 0, itself);
    if (!members || (!is_shown && !itself))
        return NULL;
    found->has_more_members = members->len > MOST_MEMBERS;
    if (found->has_more_members)
        g_ptr_array_set_size(members, MOST_MEMBERS);
    return g_steal_pointer(&members);
}

/* Counts the group of the page, unless it is one of those that were. */
static bool count_group(View *view, Found *found, GError **error) {
    for (guint i = 0; i < found->groups->len; i++) {
        const RunGroup *group = g_ptr_array_index(found->groups, i);
        if (run_line_is_of_group(group->first, found->line)) {
            found->group.n = group->n;
            found->group.n_open = group->n_open;
            return true;
        }
    }
    return run_list_count_group(view->db, found->release->id, found->line, &found->group, error);
}

static bool find(View *view, Found *found, GError **error) {
    g_autofree char *name = name_of_run(view);
    found->release = view_find_release(view, ACCESS_PUBLIC, error);
    int64_t id = found->release ? found->release->id : 0;
    found->run = id ? run_find(view->db, id, name, error) : NULL;
    found->line = found->run ? run_list_find(view->db, id, name, error) : NULL;
    if (!found->line || !find_neighbours(view, found, error))
        return false;
    bool is_different = found->line->rank == ORDER_DIFFERENT;
    found->failed = run_list_lines(view->db, id, ORDER_FAILED, NULL, NULL, MOST_FAILED, error);
    found->groups = found->failed ? run_list_groups(view->db, id, NULL, MOST_GROUPS, error) : NULL;
    found->members = !found->groups ? NULL : is_different ? find_members(view, found, error) : g_ptr_array_new();
    if (found->members && is_different && !count_group(view, found, error))
        return false;
    found->history = found->members ? run_list_history(view->db, view->build->id, name, MOST_HISTORY, error) : NULL;
    return found->history && decision_find(view->db, found->run, &found->actor, &found->decided_ms, error);
}

/* An id means nothing to people; and an address is no business of those who look at a public build. */
static bool name_actor(View *view, Found *found, GError **error) {
    g_autoptr(GError) cause = NULL;
    if (view->access != ACCESS_OWNER)
        g_clear_pointer(&found->actor, g_free);
    /* The pair may have been approved in another release, after it was compared in this one. */
    if (found->run->status != RUN_DIFF_APPROVED) {
        g_clear_pointer(&found->actor, g_free);
        found->decided_ms = 0;
    }
    if (!found->actor)
        return true;
    g_autoptr(User) user = user_load(view->db, found->actor, &cause);
    if (cause && !error_is(cause, ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (user) {
        g_free(found->actor);
        found->actor = g_strdup(user->email);
    }
    return true;
}

static bool run_page(View *view, GError **error) {
    g_auto(Found) found = {0};
    if (!find(view, &found, error) || !name_actor(view, &found, error))
        return false;
    g_autofree char *stage = stage_of_run(found.run), *batch = random_hex(BATCH_BYTES);
    view_add_release_crumbs(view, found.release, false);
    const RunPage shown = {
        .release = found.release,
        .run = found.run,
        .line = found.line,
        .next = found.neighbours[NEIGHBOUR_NEXT],
        .previous = found.neighbours[NEIGHBOUR_PREVIOUS],
        .next_open = found.neighbours[NEIGHBOUR_NEXT_OPEN],
        .next_group = found.neighbours[NEIGHBOUR_NEXT_GROUP_OPEN],
        .failed = found.failed,
        .groups = found.groups,
        .members = found.members,
        .shows_members = http_request_query(view->request, "behind") != NULL,
        .has_more_members = found.has_more_members,
        .history = found.history,
        .stage = stage,
        .batch = batch,
        .actor = found.actor,
        .decided_ms = found.decided_ms,
        .n_group = found.group.n,
        .n_open = found.group.n_open,
    };
    run_html(view->html, view, &shown);
    return true;
}

HttpResponse *web_run(HttpRequest *request, void *web) {
    return view_show(request, web, run_page);
}

/* Deciding. */

typedef enum { VERB_APPROVE, VERB_REJECT, VERB_APPROVE_GROUP, VERB_UNDO } Verb;

/* As "verb", or as the forms of old have it, a field of this name. */
static bool read_verb(View *view, Verb *out_verb, GError **error) {
    static const struct {
        const char *name;
        Verb verb;
    } verbs[] = {
        {"approve", VERB_APPROVE},
        {"reject", VERB_REJECT},
        {"disapprove", VERB_REJECT}, /* as it was called */
        {"approve_group", VERB_APPROVE_GROUP},
        {"undo", VERB_UNDO},
    };
    const char *name = view_text(view, "verb");
    for (size_t i = 0; name && i < G_N_ELEMENTS(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0) {
            *out_verb = verbs[i].verb;
            return true;
        }
    return view_refuse(view, 400, error, "Approve, reject, or undo?");
}

/* Whether the pictures are those that were looked at. A form that does not say which these were is of a script of somebody. */
static bool check_seen(View *view, const Run *run, GError **error) {
    const char *image = view_text(view, "image"), *ref_image = view_text(view, "ref_image");
    if (g_strcmp0(image, run->facts.image) == 0 && g_strcmp0(ref_image, run->facts.ref_image) == 0)
        return true;
    return view_refuse(view, 409, error, "There are other pictures of this page now. Look at them first.");
}

/* To undo is to take back what one approved oneself, and not what somebody else did since. */
static bool check_own(View *view, const Run *run, GError **error) {
    g_autofree char *actor = NULL;
    int64_t when_ms;
    if (!view_text(view, "own"))
        return true;
    return decision_find(view->db, run, &actor, &when_ms, error) &&
           (!actor || strcmp(actor, view_user(view)->id) == 0 ||
            view_refuse(view, 409, error, "Somebody else approved this since."));
}

/* Who says what is said already changes nothing. */
static bool decide_one(View *view, Release *release, Run *run, bool approved, int *out_n, GError **error) {
    *out_n = run->status != (approved ? RUN_DIFF_APPROVED : RUN_DIFF_FOUND);
    return check_seen(view, run, error) && (approved || check_own(view, run, error)) &&
           (*out_n == 0 ||
            (run_approve(view->db, release, run, approved, view_user(view)->id, view->now_ms, error) &&
             view_audit(view, approved ? AUDIT_RUN_APPROVED : AUDIT_RUN_REJECTED, release->id, run->id, NULL, error)));
}

static bool approve_group(View *view, Release *release, Run *run, int *out_n, GError **error) {
    const Decider decider = {view_user(view)->id, view_text(view, "batch"), view->now_ms};
    const Seen seen = {view_number(view, "seen", 0), (int)MIN(view_number(view, "open", 0), G_MAXINT)};
    bool again;
    g_autoptr(RunLine) line = run_list_find(view->db, release->id, run->name, error);
    if (!line || !check_seen(view, run, error))
        return false;
    if (line->rank != ORDER_DIFFERENT)
        return view_refuse(view, 409, error, "This page does not differ any more.");
    if (!decision_approve_group(view->db, release, line, &seen, &decider, out_n, &again, error))
        return false;
    if (again || *out_n == 0)
        return true;
    g_autofree char *what = g_strdup_printf("and all with the same change: %d", *out_n);
    return view_audit(view, AUDIT_RUN_APPROVED, release->id, run->id, what, error);
}

static bool undo(View *view, Release *release, int *out_n, GError **error) {
    const Decider decider = {view_user(view)->id, view_text(view, "batch"), view->now_ms};
    if (!decider.batch)
        return view_refuse(view, 400, error, "What is to be undone?");
    if (!decision_undo(view->db, release, &decider, out_n, error))
        return false;
    if (*out_n == 0)
        return true;
    g_autofree char *what = g_strdup_printf("of %d pages", *out_n);
    return view_audit(view, AUDIT_RUN_REJECTED, release->id, 0, what, error);
}

static bool decide(View *view, Release *release, Run *run, Verb verb, int *out_n, GError **error) {
    switch (verb) {
    case VERB_APPROVE:
    case VERB_REJECT:
        return decide_one(view, release, run, verb == VERB_APPROVE, out_n, error);
    case VERB_APPROVE_GROUP:
        return approve_group(view, release, run, out_n, error);
    case VERB_UNDO:
        return undo(view, release, out_n, error);
    }
    g_assert_not_reached();
}

/* To what is open still, or back to the release. */
static bool go_on(View *view, const Release *release, const Run *run, GError **error) {
    g_autoptr(RunLine) line = run_list_find(view->db, release->id, run->name, error), next = NULL;
    if (!line || !run_list_neighbour(view->db, release->id, line, NEIGHBOUR_NEXT_OPEN, &next, error))
        return false;
    g_autofree char *path = next ? view_path_of_run(view->build->id, release->name, release->number, next->name)
                                 : view_path_of_release(view->build->id, release->name, release->number);
    view_go(view, path);
    return true;
}

/* Who takes something back wants to look at it again. */
static void stay(View *view, const Release *release, const Run *run) {
    g_autofree char *path = view_path_of_run(view->build->id, release->name, release->number, run->name);
    view_go(view, path);
}

static void answer_script(View *view, const Release *release, const Run *run, int n) {
    json_t *json = json_pack("{s:s, s:i, s:s, s:i, s:i, s:i, s:i, s:i, s:i}", "status", run_status_name(run->status),
                             "n", n, "release", release_status_name(release->status), "failed", release->n_failed,
                             "different", release->n_found, "approved", release->n_approved, "missing", release->n_new,
                             "passed", release->n_same, "pending", release->n_pending);
    view_answer_json(view, json);
}

static bool decide_run(View *view, GError **error) {
    Verb verb = VERB_APPROVE;
    int n = 0;
    g_autofree char *name = name_of_run(view);
    g_autoptr(Release) release = view_lock_release(view, ACCESS_OWNER, error);
    g_autoptr(Run) run = release ? run_find(view->db, release->id, name, error) : NULL;
    if (!run || !read_verb(view, &verb, error) || !decide(view, release, run, verb, &n, error))
        return false;
    g_autoptr(Run) after = run_find(view->db, release->id, name, error);
    if (!after)
        return false;
    if (view_wants_json(view))
        answer_script(view, release, after, n);
    else if (verb == VERB_APPROVE || verb == VERB_APPROVE_GROUP)
        return go_on(view, release, after, error);
    else
        stay(view, release, after);
    return true;
}

HttpResponse *web_decide_run(HttpRequest *request, void *web) {
    return view_change(request, web, decide_run);
}
