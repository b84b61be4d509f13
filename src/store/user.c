#include "store/user.h"

#include "base/mail_address.h"
#include "store/user_row.h"

void user_free(User *user) {
    if (!user)
        return;
    g_free(user->id);
    g_free(user->email);
    g_free(user->name);
    g_free(user);
}

static User *read_user(const DbQuery *query) {
    User *user = g_new0(User, 1);
    user->id = g_strdup(db_text(query, 0));
    user->email = g_strdup(db_text(query, 1));
    user->name = g_strdup(db_text(query, 2));
    user->is_superuser = db_int(query, 3) != 0;
    user->created_ms = db_int(query, 4);
    user->seen_ms = db_int(query, 5);
    return user;
}

GPtrArray *user_rows_read(DbQuery *query, GError **error) {
    g_autoptr(GPtrArray) users = g_ptr_array_new_with_free_func((GDestroyNotify)user_free);
    while (db_next(query))
        g_ptr_array_add(users, read_user(query));
    return db_end(query, error) ? g_steal_pointer(&users) : NULL;
}

User *user_log_in(Db *db, const char *id, const char *email, const char *name, int64_t now_ms, GError **error) {
    g_autofree char *address = user_check_email(email, error);
    if (!address)
        return NULL;
    if (db_change_if_new(db, error, "INSERT INTO users (id, email, name, created, seen) VALUES (?, ?, ?, ?, ?)",
                         DB_TEXT(id), DB_TEXT(address), DB_TEXT(name), DB_INT(now_ms), DB_INT(now_ms)) < 0 ||
        db_change(db, error, "UPDATE users SET email = ?, name = ?, seen = ? WHERE id = ?", DB_TEXT(address),
                  DB_TEXT(name), DB_INT(now_ms), DB_TEXT(id)) < 0)
        return NULL;
    return user_load(db, id, error);
}

bool user_add(Db *db, const User *user, GError **error) {
    return db_change_if_new(
               db, error, "INSERT INTO users (id, email, name, is_superuser, created, seen) VALUES (?, ?, ?, ?, ?, ?)",
               DB_TEXT(user->id), DB_TEXT(user->email), DB_TEXT(user->name), DB_INT(user->is_superuser),
               DB_INT(user->created_ms), DB_INT(user->seen_ms)) >= 0;
}

User *user_load(Db *db, const char *id, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT " USER_COLUMNS "FROM users u WHERE u.id = ?", DB_TEXT(id));
    g_autoptr(User) user = db_next(query) ? read_user(query) : NULL;
    if (db_end(query, error) && !user)
        error_set(error, ERROR_NOT_FOUND, "there is no user %s", id);
    return g_steal_pointer(&user);
}

GPtrArray *user_list(Db *db, const char *email, int most, GError **error) {
    g_autoptr(DbQuery) query =
        email ? db_query(db, "SELECT " USER_COLUMNS "FROM users u WHERE u.email = ? ORDER BY u.seen DESC LIMIT ?",
                         DB_TEXT(email), DB_INT(most))
              : db_query(db, "SELECT " USER_COLUMNS "FROM users u ORDER BY u.seen DESC LIMIT ?", DB_INT(most));
    return user_rows_read(query, error);
}

bool user_set_superuser(Db *db, const char *id, bool is_superuser, GError **error) {
    g_autoptr(User) user = user_load(db, id, error);
    return user && db_change(db, error, "UPDATE users SET is_superuser = ? WHERE id = ?", DB_INT(is_superuser),
                             DB_TEXT(id)) >= 0;
}

char *user_check_email(const char *text, GError **error) {
    g_autofree char *plain = g_strstrip(g_strdup(text));
    return mail_address_check(plain, error) ? g_ascii_strdown(plain, -1) : NULL;
}
