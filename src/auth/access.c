#include "auth/access.h"

bool access_find(Db *db, const User *user, const Build *build, Access *out_access, GError **error) {
    bool is_owner = user && user->is_superuser;
    if (user && !is_owner && !owner_is(db, build->id, user->id, &is_owner, error))
        return false;
    *out_access = is_owner ? ACCESS_OWNER : build->is_public ? ACCESS_PUBLIC : ACCESS_NONE;
    return true;
}
