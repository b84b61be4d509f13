/* Users as rows: what user.c and owner.c share. */
#pragma once

#include "store/user.h"

/* Of the table users, called u; as user_rows_read() reads them. */
#define USER_COLUMNS "u.id, u.email, u.name, u.is_superuser, u.created, u.seen "

GPtrArray *user_rows_read(DbQuery *query, GError **error) MUST_CHECK;
