/* Users, owners, invitations and logins, on each of the databases. */
#include "auth/access.h"
#include "auth/login.h"
#include "auth/session.h"
#include "tables.h"
#include "store/owner.h"

#include <glib.h>

enum { CONNECTIONS = 4 };
#define NOW INT64_C(1764000000000)

typedef struct {
    DbPool *pool;
    Db *db;
    int64_t build;
} Fixture;

static void log_in(Fixture *f, const char *id, const char *email) {
    g_autoptr(GError) error = NULL;
    g_autoptr(User) user = user_log_in(f->db, id, email, "Somebody", NOW, &error);
    g_assert_no_error(error);
}

static void set_up(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    f->db = tables_open(CONNECTIONS, &f->pool);
    f->build = build_create(f->db, "a build", false, NOW, &error);
    g_assert_no_error(error);
    log_in(f, "oidc:ann", "Ann@Example.com");
    log_in(f, "oidc:bob", "bob@example.com");
    g_assert_true(owner_add(f->db, f->build, "oidc:ann", NOW, &error));
}

static void tear_down(Fixture *f, const void *unused) {
    db_release(f->db);
    db_pool_free(f->pool);
}

static bool is_owner(Fixture *f, const char *id) {
    bool is = false;
    g_assert_true(owner_is(f->db, f->build, id, &is, NULL));
    return is;
}

static void who_comes_again_is_the_same_under_his_new_address(Fixture *f, const void *unused) {
    log_in(f, "oidc:ann", "ann@example.org");
    g_autoptr(User) ann = user_load(f->db, "oidc:ann", NULL);
    g_assert_cmpstr(ann->email, ==, "ann@example.org");
    g_assert_true(is_owner(f, "oidc:ann"));
    g_assert_false(ann->is_superuser);
    g_assert_true(user_set_superuser(f->db, "oidc:ann", true, NULL));
    log_in(f, "oidc:ann", "ann@example.org");
    g_autoptr(User) again = user_load(f->db, "oidc:ann", NULL);
    g_assert_true(again->is_superuser);
    g_assert_true(user_set_superuser(f->db, "oidc:ann", false, NULL));
}

static void addresses_are_checked(void) {
    static const char *const bad[] = {"",
                                      "zzz",
                                      "@x",
                                      "a@",
                                      "a b@x.com",
                                      "a@x..com",
                                      "a@.x",
                                      "a@x.",
                                      "\"a\"@x.com",
                                      "a@x.com\n",
                                      "a@b@c.com,",
                                      ".a@x.com",
                                      "a@-x.com",
                                      "a@x.com>",
                                      "<a@x.com",
                                      "a\r\nBcc:@x.com"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *checked = user_check_email(bad[i], &error);
        if (i == 9) /* blanks around are not meant */
            g_assert_cmpstr(checked, ==, "a@x.com");
        else
            g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    }
    g_autofree char *fine = user_check_email(" First.Last+tag@Mail.Example.COM ", NULL);
    g_assert_cmpstr(fine, ==, "first.last+tag@mail.example.com");
}

static void the_last_owner_stays(Fixture *f, const void *unused) {
    g_autoptr(GError) error = NULL;
    {
        g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
        g_assert_false(owner_remove(f->db, f->build, "oidc:ann", &error));
        g_assert_error(error, DPXDT_ERROR, ERROR_INVALID);
    }
    g_clear_error(&error);
    g_assert_true(owner_add(f->db, f->build, "oidc:bob", NOW, NULL));
    g_assert_true(owner_add(f->db, f->build, "oidc:bob", NOW, NULL));
    g_autoptr(DbTransaction) transaction = db_begin(f->db, NULL);
    g_assert_true(owner_remove(f->db, f->build, "oidc:ann", &error));
    g_assert_false(owner_remove(f->db, f->build, "oidc:nobody", &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
    g_assert_true(db_commit(g_steal_pointer(&transaction), NULL));
    g_assert_false(is_owner(f, "oidc:ann"));
}

static char *invite(Fixture *f, const char *email) {
    char *token;
    g_assert_true(invitation_create(f->db, f->build, email, "oidc:ann", NOW, &token, NULL));
    return token;
}

static bool accept(Fixture *f, const char *token, int64_t now_ms) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Invitation) invitation = invitation_accept(f->db, token, "oidc:bob", now_ms, &error);
    if (!invitation)
        g_assert_error(error, DPXDT_ERROR, ERROR_NOT_FOUND);
    return invitation != NULL;
}

static void an_invitation_is_used_once(Fixture *f, const void *unused) {
    g_autofree char *token = invite(f, "bob@example.com");
    g_assert_true(accept(f, token, NOW));
    g_assert_true(is_owner(f, "oidc:bob"));
    g_assert_false(accept(f, token, NOW));
    g_assert_false(accept(f, "", NOW));
}

static void an_invitation_ends_after_two_weeks_or_when_it_is_taken_back_or_repeated(Fixture *f, const void *unused) {
    g_autofree char *first = invite(f, "bob@example.com"), *second = invite(f, "bob@example.com");
    g_assert_false(accept(f, first, NOW));
    g_assert_false(accept(f, second, NOW + INVITATION_MS));
    g_autoptr(GPtrArray) open = invitation_list(f->db, f->build, NOW, NULL);
    g_assert_cmpuint(open->len, ==, 1);
    g_assert_true(invitation_revoke(f->db, f->build, "bob@example.com", NULL));
    g_assert_false(accept(f, second, NOW));
    g_assert_false(is_owner(f, "oidc:bob"));
}

static void builds_are_listed_for_their_owners_and_for_all(Fixture *f, const void *unused) {
    int64_t public = build_create(f->db, "public", true, NOW, NULL);
    g_autoptr(GPtrArray) mine = owner_list_builds(f->db, "oidc:ann", 0, 1, NULL);
    g_assert_cmpint(((Build *)g_ptr_array_index(mine, 0))->id, ==, f->build);
    g_autoptr(GPtrArray) all = owner_list_builds(f->db, NULL, 0, 1, NULL);
    g_assert_cmpint(((Build *)g_ptr_array_index(all, 0))->id, ==, public);
}

static void add_release(Fixture *f, int64_t build, const char *name, const char *status, int n_found) {
    g_assert_cmpint(db_change(f->db, NULL,
                              "INSERT INTO releases (build_id, name, number, status, created, modified, n_found) "
                              "VALUES (?, ?, 1, ?, ?, ?, ?)",
                              DB_INT(build), DB_TEXT(name), DB_TEXT(status), DB_INT(NOW), DB_INT(NOW), DB_INT(n_found)),
                    ==, 1);
}

static void a_list_of_builds_tells_what_waits_for_people(Fixture *f, const void *unused) {
    int64_t quiet = build_create(f->db, "quiet", true, NOW, NULL);
    const char *const statuses[] = {"receiving", "processing", "good", "bad", "reviewing"};
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
        add_release(f, f->build, statuses[i], statuses[i], 3);
        add_release(f, quiet, statuses[i], i == 4 ? "good" : statuses[i], 5);
    }
    add_release(f, f->build, "another", "reviewing", 4);
    g_autoptr(GPtrArray) mine = owner_list_builds(f->db, "oidc:ann", 0, 9, NULL);
    g_autoptr(GPtrArray) all = build_list(f->db, 0, 1, NULL);
    const Build *own = g_ptr_array_index(mine, 0), *newest = g_ptr_array_index(all, 0);
    g_assert_cmpint(own->n_reviewing, ==, 2);
    g_assert_cmpint(own->n_open, ==, 7);
    g_assert_cmpint(newest->id, ==, quiet);
    g_assert_cmpint(newest->n_reviewing, ==, 0);
    g_assert_cmpint(newest->n_open, ==, 0);
}

static void who_may_what(Fixture *f, const void *unused) {
    g_autoptr(User) ann = user_load(f->db, "oidc:ann", NULL), bob = user_load(f->db, "oidc:bob", NULL);
    User root = {.id = (char *)"oidc:root", .is_superuser = true};
    g_autoptr(Build) build = build_load(f->db, f->build, NULL);
    const struct {
        const User *user;
        bool is_public;
        Access access;
    } cases[] = {
        {ann, false, ACCESS_OWNER},   {ann, true, ACCESS_OWNER},  {bob, false, ACCESS_NONE},
        {bob, true, ACCESS_PUBLIC},   {NULL, false, ACCESS_NONE}, {NULL, true, ACCESS_PUBLIC},
        {&root, false, ACCESS_OWNER},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Access access;
        build->is_public = cases[i].is_public;
        g_assert_true(access_find(f->db, cases[i].user, build, &access, NULL));
        g_assert_cmpint(access, ==, cases[i].access);
    }
}

static void a_login_comes_back_once_and_in_time(Fixture *f, const void *unused) {
    const PendingLogin kept = {(char *)"nonce", (char *)"verifier", (char *)"/build?id=1"};
    g_auto(PendingLogin) taken = {0}, again = {0}, late = {0};
    g_autoptr(GError) error = NULL;
    g_assert_true(login_keep(f->db, "state", &kept, NOW, NULL));
    g_assert_true(login_keep(f->db, "slow", &kept, NOW, NULL));
    g_assert_true(login_take(f->db, "state", NOW, &taken, NULL));
    g_assert_cmpstr(taken.next_path, ==, "/build?id=1");
    g_assert_false(login_take(f->db, "state", NOW, &again, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_DENIED);
    g_clear_error(&error);
    g_assert_false(login_take(f->db, "slow", NOW + LOGIN_MOST_MS, &late, &error));
    g_assert_error(error, DPXDT_ERROR, ERROR_DENIED);
}

static void one_is_led_to_paths_of_ours_only(void) {
    static const char *const elsewhere[] = {
        NULL, "", "x", "//evil", "/\\evil", "https://evil/", "/\t/evil", "/a\nb", "javascript:x", "\\\\evil", "/a\\b"};
    for (size_t i = 0; i < G_N_ELEMENTS(elsewhere); i++)
        g_assert_cmpstr(login_safe_path(elsewhere[i]), ==, "/");
    g_assert_cmpstr(login_safe_path("/release?id=1&name=a%20b"), ==, "/release?id=1&name=a%20b");
}

static void what_is_over_is_removed(Fixture *f, const void *unused) {
    g_autofree char *old = session_begin(f->db, "oidc:ann", "::1", NOW - SESSION_IDLE_MS, NULL);
    g_autofree char *new = session_begin(f->db, "oidc:ann", "::1", NOW, NULL);
    g_assert_cmpint(session_sweep(f->db, NOW, NULL), >=, 1);
    g_autoptr(DbQuery) query = db_query(f->db, "SELECT COUNT(*) FROM sessions WHERE user_id = 'oidc:ann'");
    g_assert_true(db_next(query));
    g_assert_cmpint(db_int(query, 0), ==, 1);
    g_assert_true(session_end_all(f->db, "oidc:ann", NULL));
}

#define TEST(name, function) g_test_add("/people/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST("who-comes-again-is-the-same-under-his-new-address", who_comes_again_is_the_same_under_his_new_address);
    g_test_add_func("/people/addresses-are-checked", addresses_are_checked);
    TEST("the-last-owner-stays", the_last_owner_stays);
    TEST("an-invitation-is-used-once", an_invitation_is_used_once);
    TEST("an-invitation-ends-after-two-weeks-or-when-it-is-taken-back-or-repeated",
         an_invitation_ends_after_two_weeks_or_when_it_is_taken_back_or_repeated);
    TEST("builds-are-listed-for-their-owners-and-for-all", builds_are_listed_for_their_owners_and_for_all);
    TEST("a-list-of-builds-tells-what-waits-for-people", a_list_of_builds_tells_what_waits_for_people);
    TEST("who-may-what", who_may_what);
    TEST("a-login-comes-back-once-and-in-time", a_login_comes_back_once_and_in_time);
    g_test_add_func("/people/one-is-led-to-paths-of-ours-only", one_is_led_to_paths_of_ours_only);
    TEST("what-is-over-is-removed", what_is_over_is_removed);
    return g_test_run();
}
