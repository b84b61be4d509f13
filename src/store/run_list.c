#include "store/run_list.h"

#include "store/run_row.h"

#include <string.h>

/* In this order read_line() has them. */
#define COLUMNS                                                                                         \
    "r.id, r.name, r.summary, r.thumbnail, r.image, r.likeness, r.status, r.sort_rank, r.sort_weight, " \
    "r.changed_pixels, r.modified "
enum { N_COLUMNS = 11 };

/* As the index runs_in_order has them. */
#define ORDER "r.sort_rank, r.sort_weight, r.likeness, r.name"
#define REVERSED "r.sort_rank DESC, r.sort_weight DESC, r.likeness DESC, r.name DESC"
#define BEHIND "(r.sort_rank, r.sort_weight, r.likeness, r.name) > (?, ?, ?, ?)"
#define BEFORE "(r.sort_rank, r.sort_weight, r.likeness, r.name) < (?, ?, ?, ?)"
#define KEY_OF(line) DB_INT((line)->rank), DB_INT((line)->weight), DB_TEXT((line)->likeness), DB_TEXT((line)->name)

/* Before the first of its rank. */
static const RunLine none = {.weight = INT64_MIN, .likeness = (char *)"", .name = (char *)""};

void run_line_free(RunLine *line) {
    if (!line)
        return;
    g_free(line->name);
    g_free(line->summary);
    g_free(line->thumbnail);
    g_free(line->image);
    g_free(line->likeness);
    g_free(line);
}

void run_group_free(RunGroup *group) {
    if (!group)
        return;
    run_line_free(group->first);
    g_free(group);
}

void run_past_free(RunPast *past) {
    if (!past)
        return;
    g_free(past->release_name);
    g_free(past->image);
    g_free(past);
}

static RunLine *read_line(const DbQuery *query) {
    RunLine *line = g_new0(RunLine, 1);
    line->id = db_int(query, 0);
    line->name = g_strdup(db_text(query, 1));
    line->summary = g_strdup(db_text(query, 2));
    line->thumbnail = g_strdup(db_text(query, 3));
    line->image = g_strdup(db_text(query, 4));
    line->likeness = g_strdup(db_text(query, 5));
    line->status = run_row_status(db_text(query, 6));
    line->rank = (OrderRank)db_int(query, 7);
    line->weight = db_int(query, 8);
    line->changed_pixels = db_int(query, 9);
    line->modified_ms = db_int(query, 10);
    return line;
}

static GPtrArray *read_lines(DbQuery *query, GError **error) {
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify)run_line_free);
    while (db_next(query))
        g_ptr_array_add(lines, read_line(query));
    return db_end(query, error) ? g_steal_pointer(&lines) : NULL;
}

/* "50%" -> "%50!%%", for LIKE ... ESCAPE '!'. */
static char *pattern_of(const char *words) {
    g_autoptr(GString) pattern = g_string_new(words ? words : "");
    g_string_replace(pattern, "!", "!!", 0);
    g_string_replace(pattern, "%", "!%", 0);
    g_string_replace(pattern, "_", "!_", 0);
    return g_strdup_printf("%%%s%%", pattern->str);
}

GPtrArray *run_list_lines(Db *db, int64_t release_id, OrderRank rank, const RunLine *after, const char *words, int most,
                          GError **error) {
    const RunLine *from = after ? after : &none;
    g_autofree char *pattern = pattern_of(words);
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT " COLUMNS "FROM runs r WHERE r.release_id = ? AND r.sort_rank = ? AND "
                                        "(r.sort_weight, r.likeness, r.name) > (?, ?, ?) "
                                        "AND r.name LIKE ? ESCAPE '!' ORDER BY " ORDER " LIMIT ?",
                                        DB_INT(release_id), DB_INT(rank), DB_INT(from->weight), DB_TEXT(from->likeness),
                                        DB_TEXT(from->name), DB_TEXT(pattern), DB_INT(most));
    return read_lines(query, error);
}

RunLine *run_list_find(Db *db, int64_t release_id, const char *name, GError **error) {
    g_autoptr(DbQuery) query = db_query(db, "SELECT " COLUMNS "FROM runs r WHERE r.release_id = ? AND r.name = ?",
                                        DB_INT(release_id), DB_TEXT(name));
    g_autoptr(RunLine) line = db_next(query) ? read_line(query) : NULL;
    if (db_end(query, error) && !line)
        error_set(error, ERROR_NOT_FOUND, "run does not exist");
    return g_steal_pointer(&line);
}

/* Groups. */

/* Counting is most of it where a group has thousands of runs, so nothing else is done for each of them: the first name, and how
 * many are open, each come from an index. */
GPtrArray *run_list_groups(Db *db, int64_t release_id, const RunLine *after, int most, GError **error) {
    static const char sql[] =
        "SELECT " COLUMNS ", g.n, g.n_open FROM (SELECT c.n, "
        "(SELECT MIN(f.name) FROM runs f WHERE f.release_id = ? AND f.sort_rank = 1 AND "
        "f.sort_weight = c.sort_weight AND f.likeness = c.likeness) AS name, "
        "(SELECT COUNT(*) FROM runs o WHERE o.release_id = ? AND o.status = 'diff_found' AND "
        "o.sort_weight = c.sort_weight AND o.likeness = c.likeness) AS n_open "
        "FROM (SELECT sort_weight, likeness, COUNT(*) AS n FROM runs WHERE release_id = ? AND sort_rank = 1 AND "
        "(sort_weight, likeness) > (?, ?) GROUP BY sort_weight, likeness ORDER BY sort_weight, likeness LIMIT ?) c) g "
        "JOIN runs r ON r.release_id = ? AND r.name = g.name ORDER BY " ORDER;
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func((GDestroyNotify)run_group_free);
    g_autoptr(DbQuery) query = db_query(db, sql, DB_INT(release_id), DB_INT(release_id), DB_INT(release_id),
                                        DB_INT(after ? after->weight : INT64_MIN),
                                        DB_TEXT(after ? after->likeness : ""), DB_INT(most), DB_INT(release_id));
    while (db_next(query)) {
        RunGroup *group = g_new0(RunGroup, 1);
        group->first = read_line(query);
        group->n = (int)db_int(query, N_COLUMNS);
        group->n_open = (int)db_int(query, N_COLUMNS + 1);
        g_ptr_array_add(groups, group);
    }
    return db_end(query, error) ? g_steal_pointer(&groups) : NULL;
}

bool run_line_is_of_group(const RunLine *line, const RunLine *other) {
    return line->rank == other->rank && line->weight == other->weight && strcmp(line->likeness, other->likeness) == 0;
}

/* As in run_list_groups(), each number comes from an index alone. */
bool run_list_count_group(Db *db, int64_t release_id, const RunLine *line, RunGroup *out_group, GError **error) {
    static const char sql[] =
        "SELECT COUNT(*), (SELECT COUNT(*) FROM runs o WHERE o.release_id = ? AND o.status = 'diff_found' AND "
        "o.sort_weight = ? AND o.likeness = ?) "
        "FROM runs WHERE release_id = ? AND sort_rank = 1 AND sort_weight = ? AND likeness = ?";
    g_autoptr(DbQuery) query = db_query(db, sql, DB_INT(release_id), DB_INT(line->weight), DB_TEXT(line->likeness),
                                        DB_INT(release_id), DB_INT(line->weight), DB_TEXT(line->likeness));
    if (db_next(query)) {
        out_group->n = (int)db_int(query, 0);
        out_group->n_open = (int)db_int(query, 1);
    }
    return db_end(query, error);
}

GPtrArray *run_list_group(Db *db, int64_t release_id, const RunLine *line, const char *after, int most,
                          GError **error) {
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT " COLUMNS "FROM runs r WHERE r.release_id = ? AND r.sort_rank = ? AND "
                                        "r.sort_weight = ? AND r.likeness = ? AND r.name > ? "
                                        "ORDER BY r.name LIMIT ?",
                                        DB_INT(release_id), DB_INT(line->rank), DB_INT(line->weight),
                                        DB_TEXT(line->likeness), DB_TEXT(after ? after : ""), DB_INT(most));
    return read_lines(query, error);
}

/* Neighbours. */

static bool take_line(DbQuery *query, RunLine **out_line, GError **error) {
    *out_line = db_next(query) ? read_line(query) : NULL;
    return db_end(query, error);
}

/* So that the index of what is open does not come into it: PostgreSQL, used to groups of a few, would sort all of a large one, where
 * the first in order is mostly open. */
#define IS_OPEN "COALESCE(r.status, '') = 'diff_found'"

/* The first open one of its group behind a line that differs. Where all of the group are approved, none of them is looked at. */
static bool find_open_of_group(Db *db, int64_t release_id, const RunLine *from, RunLine **out_line, GError **error) {
    g_autoptr(DbQuery) query = db_query(
        db,
        "SELECT " COLUMNS "FROM runs r WHERE r.release_id = ? AND r.sort_rank = 1 AND r.sort_weight = ? AND "
        "r.likeness = ? AND r.name > ? AND " IS_OPEN " AND EXISTS (SELECT 1 FROM runs o WHERE "
        "o.release_id = ? AND o.status = 'diff_found' AND o.sort_weight = ? AND o.likeness = ?) ORDER BY " ORDER
        " LIMIT 1",
        DB_INT(release_id), DB_INT(from->weight), DB_TEXT(from->likeness), DB_TEXT(from->name), DB_INT(release_id),
        DB_INT(from->weight), DB_TEXT(from->likeness));
    return take_line(query, out_line, error);
}

/* The first open one of the groups behind that of a line. To SQLite, (a, b) > (x, y) means to go through all that have x and y,
 * if the index has more columns; so it is asked for (a, b) >= (x, y and the first byte that can follow). */
static bool find_open_behind_group(Db *db, int64_t release_id, const RunLine *from, RunLine **out_line,
                                   GError **error) {
    g_autofree char *likeness = g_strconcat(from->likeness, "\x01", NULL);
    g_autoptr(DbQuery) query =
        db_query(db,
                 "SELECT " COLUMNS "FROM runs r WHERE r.release_id = ? AND r.sort_rank = 1 AND "
                 "(r.sort_weight, r.likeness) = (SELECT o.sort_weight, o.likeness FROM runs o WHERE o.release_id = ? "
                 "AND o.status = 'diff_found' AND (o.sort_weight, o.likeness) >= (?, ?) "
                 "ORDER BY o.sort_weight, o.likeness LIMIT 1) "
                 "AND r.name > '' AND " IS_OPEN " ORDER BY " ORDER " LIMIT 1",
                 DB_INT(release_id), DB_INT(release_id), DB_INT(from->weight), DB_TEXT(likeness));
    return take_line(query, out_line, error);
}

static bool find_open(Db *db, int64_t release_id, const RunLine *from, bool of_other_group, RunLine **out_line,
                      GError **error) {
    *out_line = NULL;
    if (!of_other_group && !find_open_of_group(db, release_id, from, out_line, error))
        return false;
    return *out_line || find_open_behind_group(db, release_id, from, out_line, error);
}

/* Behind the line, or else from the first on; but not the line itself, or its group. */
static bool find_open_around(Db *db, int64_t release_id, const RunLine *line, bool of_other_group, RunLine **out_line,
                             GError **error) {
    bool differs = line->rank == ORDER_DIFFERENT;
    *out_line = NULL;
    if (differs && !find_open(db, release_id, line, of_other_group, out_line, error))
        return false;
    if (!*out_line && !find_open_behind_group(db, release_id, &none, out_line, error))
        return false;
    if (*out_line && (of_other_group ? run_line_is_of_group(*out_line, line) : (*out_line)->id == line->id))
        g_clear_pointer(out_line, run_line_free);
    return true;
}

bool run_list_neighbour(Db *db, int64_t release_id, const RunLine *line, Neighbour which, RunLine **out_line,
                        GError **error) {
    static const char next[] =
        "SELECT " COLUMNS "FROM runs r WHERE r.release_id = ? AND " BEHIND " ORDER BY " ORDER " LIMIT 1";
    static const char previous[] =
        "SELECT " COLUMNS "FROM runs r WHERE r.release_id = ? AND " BEFORE " ORDER BY " REVERSED " LIMIT 1";
    if (which == NEIGHBOUR_NEXT_OPEN || which == NEIGHBOUR_NEXT_GROUP_OPEN)
        return find_open_around(db, release_id, line, which == NEIGHBOUR_NEXT_GROUP_OPEN, out_line, error);
    g_autoptr(DbQuery) query =
        db_query(db, which == NEIGHBOUR_NEXT ? next : previous, DB_INT(release_id), KEY_OF(line));
    return take_line(query, out_line, error);
}

/* History. */

GPtrArray *run_list_history(Db *db, int64_t build_id, const char *name, int most, GError **error) {
    g_autoptr(GPtrArray) pasts = g_ptr_array_new_with_free_func((GDestroyNotify)run_past_free);
    g_autoptr(DbQuery) query = db_query(db,
                                        "SELECT l.name, l.number, l.status, r.status, r.image, l.created FROM runs r "
                                        "JOIN releases l ON l.id = r.release_id WHERE r.build_id = ? AND r.name = ? "
                                        "ORDER BY r.id DESC LIMIT ?",
                                        DB_INT(build_id), DB_TEXT(name), DB_INT(most));
    while (db_next(query)) {
        RunPast *past = g_new0(RunPast, 1);
        past->release_name = g_strdup(db_text(query, 0));
        past->release_number = (int)db_int(query, 1);
        past->release_status = RELEASE_BAD;
        release_status_from_name(db_text(query, 2), &past->release_status);
        past->status = run_row_status(db_text(query, 3));
        past->image = g_strdup(db_text(query, 4));
        past->created_ms = db_int(query, 5);
        g_ptr_array_add(pasts, past);
    }
    return db_end(query, error) ? g_steal_pointer(&pasts) : NULL;
}
