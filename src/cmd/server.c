/* `dpxdt server`: the API, the review site and, if wanted, workers in the same process. */
#include "api/housekeeping.h"
#include "base/clock.h"
#include "base/ip_block.h"
#include "base/log.h"
#include "base/random.h"
#include "base/stop.h"
#include "cmd/client_options.h"
#include "cmd/data.h"
#include "cmd/log_options.h"
#include "cmd/mail_options.h"
#include "cmd/settings.h"
#include "cmd/web_options.h"
#include "cmd/worker_options.h"
#include "mail/sender.h"
#include "web/web.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    DEFAULT_PORT = 5000,
    DEFAULT_BODY_MB = 16, /* as the server of old */
    MOST_BODY_MB = 1024,
    CONNECTIONS = 10,
    /* An upload over a slow line. */
    REQUEST_TIMEOUT_MS = 5 * 60 * 1000,
    /* So long those who ask already are waited for, when the server is to end. */
    DRAIN_MS = 30 * 1000,
    OWN_SECRET_BYTES = 24,
};

typedef struct {
    DataOptions data;
    WebOptions web;
    MailOptions mail;
    WorkerOptions worker;
    WorkerSetup setup; /* what worker comes to */
    char *host, *release_prefix, *queue_prefix, *log_format;
    int port, body_mb, connections;
    gboolean ignore_auth, ignore_auth_anywhere, enable_api_server, enable_queue_workers;
} Options;

static void options_clear(Options *options) {
    data_options_clear(&options->data);
    web_options_clear(&options->web);
    mail_options_clear(&options->mail);
    worker_options_clear(&options->worker);
    g_free(options->host);
    g_free(options->release_prefix);
    g_free(options->queue_prefix);
    g_free(options->log_format);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static bool check_number(const char *option, int value, int least, int most, GError **error) {
    if (value >= least && value <= most)
        return true;
    error_set(error, ERROR_INVALID, "%s must be from %d to %d, not %d", option, least, most, value);
    return false;
}

static bool check_host(Options *options, GError **error) {
    struct in_addr address;
    if (!options->host || strcmp(options->host, "localhost") == 0) {
        g_free(options->host);
        options->host = g_strdup("127.0.0.1");
    }
    if (inet_pton(AF_INET, options->host, &address) == 1)
        return true;
    error_set(error, ERROR_INVALID,
              "--host must be an IPv4 address of this machine, or 0.0.0.0 for all of them, not %s", options->host);
    return false;
}

/* http://localhost, to which links lead without it, is right for who tries a server on his own machine; whoever comes from
 * another one, or by a proxy, would be sent to his own. */
static bool check_public_url(const Options *options, GError **error) {
    bool is_for_others = !ip_is_loopback(options->host) || options->web.trusted_proxies;
    const char *linking = options->web.issuer ? "--oidc-issuer" : options->mail.url ? "--smtp" : NULL;
    if (options->web.public_url || !linking || !is_for_others)
        return true;
    error_set(error, ERROR_INVALID,
              "%s needs --public-url, how people reach this server, as https://dpxdt.example.com: links would lead to "
              "localhost",
              linking);
    return false;
}

static bool check_auth(const Options *options, GError **error) {
    if (options->ignore_auth && !options->ignore_auth_anywhere && !ip_is_loopback(options->host)) {
        error_set(error, ERROR_INVALID,
                  "--ignore-auth on %s lets everybody who reaches this machine do everything; if that is meant, say "
                  "--ignore-auth-anywhere, too",
                  options->host);
        return false;
    }
    return true;
}

static bool check(Options *options, GError **error) {
    data_options_complete(&options->data);
    return check_host(options, error) && check_auth(options, error) &&
           check_number("--port", options->port, 0, 65535, error) &&
           check_number("--max-request", options->body_mb, 1, MOST_BODY_MB, error) &&
           check_number("--db-connections", options->connections, 1, 1000, error) &&
           data_options_check(&options->data, error) && data_check_key_file(&options->data, error) &&
           web_options_apply(&options->web, options->port, error) && mail_options_apply(&options->mail, error) &&
           check_public_url(options, error) &&
           client_check_prefix("--release-server-prefix", options->release_prefix, error) &&
           client_check_prefix("--queue-server-prefix", options->queue_prefix, error) &&
           worker_options_apply(&options->worker, &options->setup, error) &&
           log_options_apply(options->log_format, error);
}

/* Parses, checks and completes the options. Returns NULL without error if there is nothing more to do. */
static Settings *parse(const Command *command, int *argc, char ***argv, Options *options, GError **error) {
    static const char *const secrets[] = {"DPXDT_OIDC_CLIENT_SECRET", "DPXDT_SMTP_PASSWORD", "AWS_ACCESS_KEY_ID",
                                          "AWS_SECRET_ACCESS_KEY", NULL};
    const GOptionEntry entries[] = {
        DATA_ENTRIES(&options->data),
        KEY_ENTRY(&options->data),
        {"port", 0, 0, G_OPTION_ARG_INT, &options->port, "To listen on (default: 5000; 0: one that is free)", "N"},
        {"host", 0, 0, G_OPTION_ARG_STRING, &options->host,
         "Address to listen on (default: 127.0.0.1; 0.0.0.0 is all of the machine's)", "ADDRESS"},
        {"enable-api-server", 0, 0, G_OPTION_ARG_NONE, &options->enable_api_server,
         "As it does in any case: for scripts of old", NULL},
        {"enable-queue-workers", 0, 0, G_OPTION_ARG_NONE, &options->enable_queue_workers,
         "Capture and compare in this process, too", NULL},
        {"ignore-auth", 0, 0, G_OPTION_ARG_NONE, &options->ignore_auth,
         "Let everybody do everything; only on a loopback address", NULL},
        {"ignore-auth-anywhere", 0, 0, G_OPTION_ARG_NONE, &options->ignore_auth_anywhere,
         "Let --ignore-auth be on any address", NULL},
        {"release-server-prefix", 0, 0, G_OPTION_ARG_STRING, &options->release_prefix,
         "Of the API that the workers use (default: this server's)", "URL"},
        {"queue-server-prefix", 0, 0, G_OPTION_ARG_STRING, &options->queue_prefix,
         "Of the queue that the workers use (default: this server's)", "URL"},
        WEB_ENTRIES(&options->web),
        MAIL_ENTRIES(&options->mail),
        WORKER_ENTRIES(&options->worker),
        {"max-request", 0, 0, G_OPTION_ARG_INT, &options->body_mb, "Largest upload (default: 16)", "MB"},
        {"db-connections", 0, 0, G_OPTION_ARG_INT, &options->connections,
         "Connections to the database at once (default: 10)", "N"},
        LOG_ENTRY(&options->log_format),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    g_autoptr(Settings) settings = settings_parse(command, entries, SETTINGS_OF_SERVER, argc, argv, error);
    if (settings && command_check_arguments(command, *argc, 0, 0, error) &&
        settings_accept(settings, check(options, error), secrets, error))
        return g_steal_pointer(&settings);
    return NULL;
}

/* What is served: two halves of one site, on one database. */
typedef struct {
    Api api;
    Web web;
    HttpPart parts[2];
    const char *own_hosts[5];
    char *public_host; /* of --public-url; NULL: none */
} Site;

static void site_init(Site *site, const Options *options) {
    api_init(&site->api);
    web_init(&site->web);
    site->web.pool = site->api.pool;
    site->web.blobs = site->api.blobs;
    site->web.key = site->api.key;
    site->web.news = &site->api.news;
    site->web.oidc = options->web.oidc;
    site->web.ignore_auth = site->api.ignore_auth;
    site->web.allow_private = site->api.allow_private;
    site->web.sends_mail = options->mail.smtp != NULL;
    site->own_hosts[0] = options->host;
    site->own_hosts[1] = "localhost";
    site->own_hosts[2] = "127.0.0.1";
    g_autoptr(GUri) public_url =
        options->web.public_url ? g_uri_parse(options->web.public_url, G_URI_FLAGS_NONE, NULL) : NULL;
    site->public_host = public_url ? g_ascii_strdown(g_uri_get_host(public_url), -1) : NULL;
    site->own_hosts[3] = site->public_host;
    site->parts[0] = (HttpPart){api_routes, api_n_routes, &site->api};
    site->parts[1] = (HttpPart){web_routes, web_n_routes, &site->web};
}

static void site_clear(Site *site) {
    g_free(site->public_host);
    web_clear(&site->web);
    api_clear(&site->api);
}

/* Programs get JSON, people a page. */
static HttpResponse *refuse(const HttpRequest *request, int status, const char *why, void *data) {
    Site *site = data;
    return g_str_has_prefix(http_request_path(request), "/api/") ? api_refuse(request, status, why, &site->api)
                                                                 : web_refuse(request, status, why, &site->web);
}

static void note_answer(const HttpRequest *request, int status, int64_t sent, int64_t us, void *data) {
    api_answered(request, status, sent, us, &((Site *)data)->api);
}

static void *begin_upload(HttpRequest *request, void *data, GError **error) {
    return api_uploads.begin(request, &((Site *)data)->api, error);
}

static HttpServer *listen_for_requests(const Options *options, Site *site, GError **error) {
    /* Where nobody is asked who he is, all depends on being asked on this machine. */
    bool is_for_here = options->ignore_auth && !options->ignore_auth_anywhere;
    const HttpConfig config = {
        .host = options->host,
        .port = options->port,
        .parts = site->parts,
        .n_parts = G_N_ELEMENTS(site->parts),
        .data = site,
        .uploads = {api_uploads.path, begin_upload, api_uploads.add, api_uploads.free},
        .max_body = (int64_t)options->body_mb * 1024 * 1024,
        .request_timeout_ms = REQUEST_TIMEOUT_MS,
        .proxies = (const IpBlock *)(void *)options->web.proxies->data,
        .n_proxies = options->web.proxies->len,
        .hosts = is_for_here ? site->own_hosts : NULL,
        .public_url = options->web.public_url,
        .refuse = refuse,
        .answered = note_answer,
    };
    return http_server_start(&config, error);
}

/* Workers in this process use the API as all do. */
static bool work_and_wait(const Options *options, const Api *api, int port, GError **error) {
    const char *host = strcmp(options->host, "0.0.0.0") == 0 ? "127.0.0.1" : options->host;
    g_autofree char *own = g_strdup_printf("http://%s:%d/api", host, port);
    WorkerSetup setup = options->setup;
    setup.prefix = options->release_prefix ? options->release_prefix : own;
    setup.queue_prefix = options->queue_prefix;
    setup.key = API_OWN_KEY;
    setup.secret = api->own_secret;
    Worker *worker = options->enable_queue_workers ? worker_start(&setup, error) : NULL;
    if (options->enable_queue_workers && !worker)
        return false;
    log_event(LOG_INFO, "started", LOG_TEXT("address", own), LOG_NUMBER("port", port),
              LOG_TEXT("workers", worker ? "yes" : "no"), LOG_TEXT("mail", options->mail.smtp ? "yes" : "no"),
              LOG_TEXT("auth", options->ignore_auth ? "ignored" : "keys"));
    stop_sleep_until(G_MAXINT64);
    log_event(LOG_INFO, "stopping", LOG_TEXT("address", own));
    worker_join(worker);
    return true;
}

/* Tells people and programs of what happens here. origin is where links lead. Without libcurl nobody is told, which is
 * an error only where mail was asked for. */
static bool start_sending(const Options *options, Api *api, const char *origin, Sender **out_sender, GError **error) {
    g_autoptr(GError) cause = NULL;
    const DeliveryMeans means = {.pool = api->pool,
                                 .blobs = api->blobs,
                                 .smtp = options->mail.smtp,
                                 .origin = origin,
                                 .allow_private = api->allow_private};
    *out_sender = sender_start(&means, &api->news, &cause);
    if (*out_sender || !options->mail.smtp) {
        if (cause)
            log_event(LOG_WARNING, "notice", LOG_TEXT("error", cause->message));
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

static int serve(const Options *options, Site *site, GError **error) {
    HttpServer *server = listen_for_requests(options, site, error);
    if (!server)
        return 2;
    g_autofree char *local = g_strdup_printf("http://localhost:%d", http_server_port(server));
    const char *origin = options->web.public_url ? options->web.public_url : local;
    Housekeeping *housekeeping = housekeeping_start(&site->api);
    Sender *sender = NULL;
    bool done = start_sending(options, &site->api, origin, &sender, error) &&
                work_and_wait(options, &site->api, http_server_port(server), error);
    api_stop_waiting(&site->api);
    housekeeping_join(housekeeping);
    sender_join(sender);
    bool is_drained = http_server_stop(server, DRAIN_MS);
    if (done) /* else it never started */
        log_event(is_drained ? LOG_INFO : LOG_WARNING, "stopped", LOG_TEXT("unanswered", is_drained ? "none" : "some"));
    return done ? 0 : 2;
}

static int open_and_serve(const Options *options, GError **error) {
    g_autoptr(DbPool) pool = data_open_database(&options->data, (unsigned)options->connections, true, error);
    g_autoptr(Blobs) blobs = pool ? data_open_blobs(&options->data, error) : NULL;
    g_autoptr(SealKey) key = blobs ? data_open_key(&options->data, pool, error) : NULL;
    if (!key)
        return 2;
    if (!data_take_over(&options->data, error))
        return 2;
    g_autofree char *own_secret = random_base64(OWN_SECRET_BYTES);
    Site site = {.api = {.pool = pool,
                         .blobs = blobs,
                         .key = key,
                         .ignore_auth = options->ignore_auth,
                         .allow_private = options->worker.allow_private,
                         .logs_requests = true,
                         .own_secret = own_secret}};
    site_init(&site, options);
    int status = serve(options, &site, error);
    site_clear(&site);
    return status;
}

static int run(const Command *command, int argc, char **argv, GError **error) {
    g_auto(Options) options = {
        .worker = WORKER_OPTIONS_USUAL, .port = DEFAULT_PORT, .body_mb = DEFAULT_BODY_MB, .connections = CONNECTIONS};
    g_autoptr(Settings) settings = parse(command, &argc, &argv, &options, error);
    if (!settings)
        return 0;
    int status = open_and_serve(&options, error);
    settings_name_place(settings, error);
    return status;
}

const Command server_command = {
    "server",
    "",
    "Keep builds and releases, and let workers and people at them",
    "Keeps everything in one folder (--data), or in a database and a store of your choice, and answers\n"
    "at http://localhost:5000. A new database gets its tables; `dpxdt build create` and `dpxdt api-key\n"
    "create` make the first build and its key.\n"
    "\n"
    "  dpxdt server --data /var/lib/dpxdt\n"
    "  dpxdt server --ignore-auth --allow-private --enable-queue-workers     (to try it, on this machine)\n"
    "  dpxdt server --database postgresql://dpxdt@db/dpxdt --blobs 's3://shots/?endpoint=http://s3:9000'\n"
    "\n"
    "Options that are not given are taken from the environment (--public-url is DPXDT_PUBLIC_URL), or else\n"
    "from " SETTINGS_OF_SERVER ", as lines of option = value. On SIGTERM, requests that have come\n"
    "are answered before it ends.",
    run,
};
