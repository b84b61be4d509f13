#include "capture/chromium.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Older ones were never tried: virtual time and captureBeyondViewport changed much before. */
enum { OLDEST_VERSION = 120 };
/* A cold start from a slow disk on a busy machine took 8 s; a browser that needs longer hangs. */
enum { START_TIMEOUT_MS = 30000 };
/* As much of the browser's own words as helps in an error message; and as much as is looked through for why it did not
 * start, as addresses of its functions may follow that. */
enum { LOG_TAIL_BYTES = 2000, LOG_READ_BYTES = 64 * 1024 };

/* Where distributions put it. The programs under /usr/lib are what Debian's wrapper scripts in /usr/bin start in the
 * end; going there directly saves a shell, and the flags of this machine's /etc/chromium.d. The headless shell comes
 * first: it starts in a third of the time, and needs half the memory. */
static const char *const programs[] = {
    "/usr/lib/chromium/chromium-headless-shell",
    "/usr/lib/chromium/chromium",
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
};

/* Flags that show in the picture, or might. A change here makes other pictures: the note has their hash. */
static const char *const picture_flags[] = {
    "--headless",
    "--disable-gpu",     /* the same pixels with and without a graphics card */
    "--hide-scrollbars", /* their width would be part of the layout */
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--force-device-scale-factor=1",
    "--disable-lcd-text",          /* coloured fringes depend on what text is painted over */
    "--num-raster-threads=1",      /* tiles in one order: what is cached by then shows in scaled images */
    "--disable-skia-runtime-opts", /* the same arithmetic on every processor */
    "--lang=en-US",
    /* One renderer for a page and its frames of any site, so that one session sees all of it. */
    "--disable-site-isolation-trials",
    ("--disable-features=IsolateOrigins,site-per-process,IsolateSandboxedIframes,PaintHolding,Translate,MediaRouter,"
     "OptimizationHints,BackForwardCache,SpareRendererForSitePerProcess,AutofillServerCommunication"),
    NULL,
};

/* Flags that keep it quiet, quick and to itself. */
static const char *const quiet_flags[] = {
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-component-extensions-with-background-pages",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-hang-monitor",
    "--disable-prompt-on-repost",
    "--disable-popup-blocking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-ipc-flooding-protection",
    "--disable-dev-shm-usage", /* containers have 64 MB there, and a renderer then dies on a long page */
    "--mute-audio",
    "--no-service-autorun",
    "--password-store=basic",
    "--use-mock-keychain",
    NULL,
};

/* Flags with which all goes by a proxy: names, too, and what WebRTC would send by itself. */
static const char *const proxy_flags[] = {
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    NULL,
};

/* Of the profile's folder, among the temporary files. */
static const char PROFILE_PREFIX[] = "dpxdt-profile-";

struct Chromium {
    Process *process;
    Devtools *devtools;
    char *profile; /* folder, removed at the end */
    int lock;      /* of the folder: see file_make_own_folder() */
    int log;       /* a file in it: what the browser prints. By descriptor: the folder is the browser's, not ours */
    char *note;
    bool has_died; /* at its start: of itself, or as it was killed */
};

char *chromium_find(const char *wanted, GError **error) {
    if (wanted) {
        g_autofree char *path = g_find_program_in_path(wanted);
        if (!path)
            error_set(error, ERROR_NO_PROGRAM, "--browser %s: there is no such program", wanted);
        return g_steal_pointer(&path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        char *path = g_find_program_in_path(programs[i]);
        if (path)
            return path;
    }
    error_set(error, ERROR_NO_PROGRAM,
              "no browser was found; install one (apt-get install chromium-headless-shell, or chromium)"
              " or name it with --browser PATH");
    return NULL;
}

/* As root the browser runs as nobody: pages are code of strangers. */
static const struct passwd *unprivileged_user(void) {
    return geteuid() == 0 ? getpwnam("nobody") : NULL;
}

static bool make_profile(Chromium *chromium, GError **error) {
    file_remove_left_over(g_get_tmp_dir(), PROFILE_PREFIX, NULL);
    chromium->profile = file_make_own_folder(g_get_tmp_dir(), PROFILE_PREFIX, 0700, &chromium->lock, error);
    if (!chromium->profile) {
        g_prefix_error(error, "no folder for the browser's profile: ");
        return false;
    }
    const struct passwd *user = unprivileged_user();
    if (user && chown(chromium->profile, user->pw_uid, user->pw_gid) < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "%s", chromium->profile);
        return false;
    }
    g_autofree char *log = g_build_filename(chromium->profile, "browser.log", NULL);
    chromium->log = open(log, O_CREAT | O_EXCL | O_APPEND | O_RDWR | O_CLOEXEC, 0600);
    if (chromium->log < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "%s", log);
        return false;
    }
    return true;
}

static char *flags_hash(bool still_images) {
    g_autofree char *all = g_strjoinv(" ", (char **)picture_flags);
    g_autofree char *text = g_strdup_printf("%s still_images=%d", all, still_images);
    char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    hash[8] = '\0';
    return hash;
}

static void add_flags(GPtrArray *argv, const char *const *flags) {
    for (; *flags; flags++)
        g_ptr_array_add(argv, g_strdup(*flags));
}

static GPtrArray *command_line(const Chromium *chromium, const ChromiumSetup *setup, bool sandbox) {
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup(setup->program));
    add_flags(argv, picture_flags);
    add_flags(argv, quiet_flags);
    if (setup->still_images) /* 2 is Blink's kImageAnimationPolicyNoAnimation */
        g_ptr_array_add(argv, g_strdup("--blink-settings=imageAnimationPolicy=2"));
    if (setup->proxy_only)
        add_flags(argv, proxy_flags);
    if (!sandbox)
        g_ptr_array_add(argv, g_strdup("--no-sandbox"));
    g_ptr_array_add(argv, g_strdup_printf("--user-data-dir=%s", chromium->profile));
    g_ptr_array_add(argv, g_strdup("about:blank"));
    g_ptr_array_add(argv, NULL);
    return argv;
}

/* A home of its own keeps the fonts and flags of this account out, and one time zone makes dates alike everywhere. */
static char **environment(const Chromium *chromium) {
    char **env = g_strdupv((char *[]){(char[]){"PATH=/usr/local/bin:/usr/bin:/bin"}, (char[]){"LANG=C.UTF-8"},
                                      (char[]){"TZ=UTC"}, (char[]){"DBUS_SESSION_BUS_ADDRESS=disabled:"}, NULL});
    env = g_environ_setenv(env, "HOME", chromium->profile, TRUE);
    env = g_environ_setenv(env, "TMPDIR", chromium->profile, TRUE);
    return g_environ_setenv(env, "XDG_RUNTIME_DIR", chromium->profile, TRUE);
}

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

static bool spawn(Chromium *chromium, const ChromiumSetup *setup, bool sandbox, GError **error) {
    int commands[2] = {-1, -1}, replies[2] = {-1, -1};
    if (pipe2(commands, O_CLOEXEC) < 0 || pipe2(replies, O_CLOEXEC) < 0) {
        error_set_errno(error, error_code_of_errno(errno), errno, "no pipe for the browser");
        close_fd(&commands[0]);
        close_fd(&commands[1]);
        return false;
    }
    g_autoptr(GPtrArray) argv = command_line(chromium, setup, sandbox);
    g_auto(GStrv) env = environment(chromium);
    const struct passwd *user = unprivileged_user();
    const ProcessSetup process = {
        .argv = (const char *const *)argv->pdata,
        .environment = (const char *const *)env,
        .directory = chromium->profile,
        .output = chromium->log,
        .has_command_pipe = true,
        .command_pipe = {commands[0], replies[1]},
        .user = user ? user->pw_uid : 0,
        .group = user ? user->pw_gid : 0,
        .most_memory = setup->most_memory,
    };
    chromium->process = process_start(&process, error);
    close_fd(&commands[0]);
    close_fd(&replies[1]);
    chromium->devtools = devtools_new(commands[1], replies[0]); /* owns them also where nothing runs */
    return chromium->process != NULL;
}

static void end_process(Chromium *chromium) {
    g_clear_pointer(&chromium->process, process_free);
    g_clear_pointer(&chromium->devtools, devtools_free);
}

static char *cause_of_death(int status) {
    return WIFSIGNALED(status) ? g_strdup_printf("killed by signal %d", WTERMSIG(status))
                               : g_strdup_printf("ended with status %d", WEXITSTATUS(status));
}

char *chromium_obituary(Chromium *chromium) {
    int status = 0;
    return process_wait(chromium->process, clock_now_ms() + 1000, &status) ? cause_of_death(status)
                                                                           : g_strdup("still runs");
}

static bool check_version(Chromium *chromium, const ChromiumSetup *setup, const char *product, GError **error) {
    const char *slash = product ? strchr(product, '/') : NULL;
    long version = slash ? strtol(slash + 1, NULL, 10) : 0;
    if (version < OLDEST_VERSION) {
        error_set(error, ERROR_INVALID, "%s is %s: too old, or no Chromium; version %d or newer is needed",
                  setup->program, product ? product : "of an unknown version", OLDEST_VERSION);
        return false;
    }
    g_autofree char *program = g_path_get_basename(setup->program);
    g_autofree char *hash = flags_hash(setup->still_images);
    chromium->note = g_strdup_printf("%s, %s, flags %s", product, program, hash);
    return true;
}

/* Whether it ended for want of a sandbox: nothing but its words tells. The name of sandbox_linux.cc is not among these, as
 * it is in a warning of browsers that are well. */
static bool blames_sandbox(const Chromium *chromium) {
    static const char *const words[] = {"usable sandbox", "SUID sandbox",           "new namespace",
                                        "--no-sandbox",   "zygote_host_impl_linux", "services/credentials.cc"};
    g_autofree char *said = file_tail_of(chromium->log, LOG_READ_BYTES);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(said, words[i]))
            return true;
    return false;
}

/* Why it does not answer: ERROR_DENIED if the machine does not allow it its sandbox; ERROR_NOT_NOW if it hangs, as on a
 * machine that has too much to do, or was killed, as for want of memory; ERROR_FAILED if it gave up of itself. */
static void set_did_not_start(Chromium *chromium, const ChromiumSetup *setup, bool hangs, GError **error) {
    int status = 0;
    chromium->has_died = process_wait(chromium->process, clock_now_ms() + (hangs ? 0 : 1000), &status);
    ErrorCode code = !chromium->has_died        ? ERROR_NOT_NOW
                     : blames_sandbox(chromium) ? ERROR_DENIED
                     : WIFSIGNALED(status)      ? ERROR_NOT_NOW
                                                : ERROR_FAILED;
    g_autofree char *how = chromium->has_died ? cause_of_death(status) : g_strdup("it does not answer");
    g_autofree char *tail = file_tail_of(chromium->log, LOG_TAIL_BYTES);
    error_set(error, code, "the browser %s did not start: %s%s%s", setup->program, how, *tail ? "; it said:\n" : "",
              tail);
}

/* Whether it runs and answers. It may be refused for its age, too: then no other flag will help. */
static bool say_hello(Chromium *chromium, const ChromiumSetup *setup, GError **error) {
    g_autoptr(CdpSession) session = cdp_new(chromium->devtools, NULL, NULL, NULL);
    cdp_set_deadline(session, clock_now_ms() + START_TIMEOUT_MS);
    g_autoptr(GError) cause = NULL;
    json_t *version = cdp_call(session, "Browser.getVersion", NULL, &cause);
    if (version) {
        bool fine = check_version(chromium, setup, json_string_value(json_object_get(version, "product")), error);
        json_decref(version);
        return fine;
    }
    if (error_is(cause, ERROR_STOPPED)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    set_did_not_start(chromium, setup, error_is(cause, ERROR_TIMEOUT), error);
    return false;
}

static bool try_start(Chromium *chromium, const ChromiumSetup *setup, bool sandbox, GError **error) {
    if (spawn(chromium, setup, sandbox, error) && say_hello(chromium, setup, error))
        return true;
    end_process(chromium);
    return false;
}

Chromium *chromium_start(const ChromiumSetup *setup, GError **error) {
    g_autoptr(Chromium) chromium = g_new0(Chromium, 1);
    chromium->lock = chromium->log = -1;
    g_autoptr(GError) cause = NULL;

    if (!make_profile(chromium, error))
        return NULL;
    if (try_start(chromium, setup, true, &cause))
        return g_steal_pointer(&chromium);
    /* Containers and chroots often forbid what its sandbox is made of. One that hangs would do so without it, too. */
    bool is_refused = error_is(cause, ERROR_DENIED);
    if (setup->needs_sandbox || !chromium->has_died) {
        g_propagate_error(error, g_steal_pointer(&cause));
        if (is_refused)
            g_prefix_error(error, "with its sandbox, which this machine may not allow: ");
        return NULL;
    }
    if (!try_start(chromium, setup, false, error))
        return NULL;
    g_printerr("dpxdt: warning: the browser runs without its sandbox, %s\n",
               is_refused ? "which this machine does not allow" : "with which it did not start");
    return g_steal_pointer(&chromium);
}

void chromium_free(Chromium *chromium) {
    if (!chromium)
        return;
    end_process(chromium);
    g_autoptr(GError) error = NULL;
    if (chromium->profile && !file_remove_tree(chromium->profile, &error))
        g_printerr("dpxdt: warning: %s\n", error->message);
    close_fd(&chromium->lock);
    g_free(chromium->profile);
    close_fd(&chromium->log);
    g_free(chromium->note);
    g_free(chromium);
}

Devtools *chromium_devtools(Chromium *chromium) {
    return chromium->devtools;
}

const char *chromium_note(const Chromium *chromium) {
    return chromium->note;
}
