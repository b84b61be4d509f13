#include "web/web.h"

#include "web/activity.h"
#include "web/build.h"
#include "web/email.h"
#include "web/events.h"
#include "web/home.h"
#include "web/keys.h"
#include "web/login.h"
#include "web/owners.h"
#include "web/queue.h"
#include "web/release.h"
#include "web/run.h"
#include "web/settings.h"
#include "web/static.h"
#include "web/text.h"

/* A login asks twice. */
enum { LOGINS_A_MINUTE = 20, LOGINS_AT_ONCE = 40 };

enum { INVITATIONS_A_MINUTE = 2, INVITATIONS_AT_ONCE = 20 };

/* Half of all connections that the server has; behind one address there may be a whole office. */
enum { MOST_STREAMS = 500, MOST_STREAMS_EACH = 100 };

const HttpRoute web_routes[] = {
    {"GET", "/", web_home},
    {"GET", "/new", web_new},
    {"POST", "/new", web_create},
    {"GET", "/build", web_build},
    {"GET", "/release", web_release},
    {"POST", "/release", web_decide_release},
    {"GET", "/events", web_events},
    {"GET", "/run", web_run},
    {"POST", "/run", web_decide_run},
    {"GET", "/image", web_image},
    {"GET", "/log", web_log},
    {"GET", "/config", web_config},
    {"POST", "/image", web_decide_run},
    {"POST", "/log", web_decide_run},
    {"POST", "/config", web_decide_run},
    {"GET", "/settings", web_settings},
    {"POST", "/settings", web_change_settings},
    {"GET", "/api_keys", web_keys},
    {"POST", "/api_keys", web_create_key},
    {"POST", "/api_keys.revoke", web_revoke_key},
    {"GET", "/admins", web_owners},
    {"POST", "/admins", web_invite},
    {"POST", "/admins.revoke", web_remove_owner},
    {"GET", "/activity", web_activity},
    {"GET", "/api/work_queue", web_queues},
    {"GET", "/api/work_queue/<queue>", web_queue},
    {"POST", "/api/work_queue/<queue>", web_change_task},
    {"GET", "/email/ready_for_review/<build>/<name>/<number>", web_email},
    {"GET", "/login", web_login},
    {"GET", "/oauth2callback", web_callback},
    {"GET", "/logout", web_logout},
    {"POST", "/logout", web_logout},
    {"GET", "/whoami", web_whoami},
    {"GET", "/invitation", web_invitation},
    {"POST", "/invitation", web_accept_invitation},
    {"GET", "/static/<file>", web_static},
};
const size_t web_n_routes = G_N_ELEMENTS(web_routes);

void web_init(Web *web) {
    web->logins = limit_new(LOGINS_A_MINUTE, LOGINS_AT_ONCE);
    web->invitations = limit_new(INVITATIONS_A_MINUTE, INVITATIONS_AT_ONCE);
    web->streams = places_new(MOST_STREAMS, MOST_STREAMS_EACH);
}

void web_clear(Web *web) {
    limit_free(web->logins);
    limit_free(web->invitations);
    places_free(web->streams);
}
