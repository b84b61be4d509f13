/* What somebody may do with a build. */
#pragma once

#include "store/owner.h"

typedef enum {
    ACCESS_NONE,   /* as if it were not there */
    ACCESS_PUBLIC, /* look at releases, runs and pictures, as anybody may */
    ACCESS_OWNER,  /* all: as owner, or superuser */
} Access;

/* user may be NULL: a stranger. */
bool access_find(Db *db, const User *user, const Build *build, Access *out_access, GError **error) MUST_CHECK;
