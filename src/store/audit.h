/* What people and programs did to a build, newest first. Rows are added in the transaction of what they tell of, and never
 * changed. */
#pragma once

#include "store/store.h"

typedef enum {
    AUDIT_CREATED_BUILD,
    AUDIT_CHANGED_SETTINGS,
    AUDIT_CREATED_API_KEY,
    AUDIT_REVOKED_API_KEY,
    AUDIT_INVITED_NEW_ADMIN,
    AUDIT_INVITE_ACCEPTED,
    AUDIT_REVOKED_ADMIN,
    AUDIT_CREATED_RELEASE,
    AUDIT_RELEASE_GOOD,
    AUDIT_RELEASE_BAD,
    AUDIT_RELEASE_REVIEWING,
    AUDIT_RUN_APPROVED,
    AUDIT_RUN_REJECTED,
    AUDIT_RETRIED_TASK,
    AUDIT_DELETED_TASK,
    AUDIT_REMOVED_RELEASE,
} AuditKind;

/* "created_build" and so on; and back, or false. */
const char *audit_kind_name(AuditKind kind);
bool audit_kind_from_name(const char *name, AuditKind *out_kind);

typedef struct {
    int64_t id, build_id, release_id, run_id; /* 0: none */
    AuditKind kind;
    char *actor;   /* a user's or an API key's id; NULL: the program itself */
    char *address; /* from where; may be NULL */
    char *message; /* may be NULL */
    int64_t created_ms;
} AuditEntry;

void audit_entry_free(AuditEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditEntry, audit_entry_free)

/* Adds an entry; its id and time are given here. */
bool audit_add(Db *db, const AuditEntry *entry, int64_t now_ms, GError **error) MUST_CHECK;

/* Entries of a build, newest first, at most so many, with an id below before (0: all). The caller frees the array of
 * AuditEntry. */
GPtrArray *audit_list(Db *db, int64_t build_id, int64_t before, int most, GError **error) MUST_CHECK;

/* An entry with what its ids stand for; each NULL if there is none, or none any more. */
typedef struct {
    AuditEntry entry;
    char *email;   /* of the user who did it */
    char *purpose; /* of the key that did it */
    char *release_name, *run_name;
    int release_number;
    char *removed_release; /* "NAME #N", of one that was removed since, with its runs */
} AuditLine;

void audit_line_free(AuditLine *line);

/* The same as audit_list(), for people. The caller frees the array of AuditLine. */
GPtrArray *audit_list_lines(Db *db, int64_t build_id, int64_t before, int most, GError **error) MUST_CHECK;
