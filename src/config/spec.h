/* What to capture: one page, and everything that has a say in how it looks.
 *
 * Comes from the `config` of a YAML test, or from the JSON that a server sends; docs/capture.md describes each key.
 * Every const char * here is borrowed from `config`, and lives as long as the spec. */
#pragma once

#include "config/document.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

struct Field;

enum {
    SPEC_DEFAULT_WIDTH = 400, /* CSS pixels, as the old local command had it */
    SPEC_DEFAULT_HEIGHT = 300,
    SPEC_MAX_SIDE = 32767,                 /* Chromium paints no more */
    SPEC_MAX_PIXELS = 300 * 1000 * 1000,   /* IMAGE_MAX_PIXELS, which we may not include */
    SPEC_DEFAULT_RESOURCE_TIMEOUT = 10000, /* ms, as the old one */
    SPEC_DEFAULT_TIMEOUT = 60000,          /* ms, for the whole capture */
    SPEC_MAX_TIMEOUT = 3600000,            /* ms; also of a step's wait and of delay: longer is a mistake */
};

/* How a page is brought to rest before its picture is taken. Each part has its own switch. */
typedef enum {
    STILL_OFF,      /* load event, injected code, picture */
    STILL_REALTIME, /* every part but virtual time: for pages which virtual time breaks */
    STILL_STRICT,   /* everything: the default */
} StillMode;

typedef struct {
    StillMode mode;
    bool clock;      /* Date and performance.now stand at a fixed moment */
    bool random;     /* Math.random and crypto.getRandomValues give the same numbers each time */
    bool animations; /* CSS, SVG and script animations: finite ones finished, infinite ones cancelled */
    bool frames;     /* requestAnimationFrame gives 60 ticks, then no more */
    bool images;     /* GIFs show their first frame; lazy images load; all are decoded */
    bool caret;      /* the text cursor is hidden */
    bool fonts;      /* web fonts are waited for */
} Still;

/* One thing to do on the page before the picture. */
typedef enum {
    STEP_CLICK,
    STEP_HOVER,
    STEP_TYPE,
    STEP_SCROLL,
    STEP_WAIT,
    STEP_WAIT_FOR,
    STEP_PRESS,
    STEP_SELECT,
} StepKind;

typedef struct {
    StepKind kind;
    const char *selector; /* CSS; NULL for STEP_WAIT, STEP_SCROLL to a position, STEP_PRESS where the focus is */
    const char *text;     /* STEP_TYPE: what to type; STEP_PRESS: one character, or the name of a key (see key.h);
                           * STEP_SELECT: the value of the option, or its label */
    int x, y;             /* STEP_SCROLL: where to, in CSS pixels of the document */
    int wait_ms;          /* STEP_WAIT: of the page's time */
} Step;

typedef struct {
    GRegex *url;     /* searched for anywhere in the URL */
    json_t *headers; /* object of name: value, all of them checked strings; borrowed from config */
} HeaderRule;

/* An area of the page: a selector (all elements that match), or a box in CSS pixels of the document. */
typedef struct {
    const char *selector;            /* NULL: the box */
    double left, top, width, height; /* 0 or more; width and height 1 or more */
} Area;

/* What lies in an area wholly has a tolerance of its own. */
typedef struct {
    Area area;
    double tolerance; /* 0 to 1 */
} AreaTolerance;

typedef struct {
    const char *target_url;     /* http or https */
    int width, height;          /* viewport, CSS pixels, 1 to SPEC_MAX_SIDE, also in pixels of the device */
    double device_scale_factor; /* 0.1 to 10, default 1 */
    bool mobile, touch;
    bool transparent;               /* the background, where the page paints none: transparent (default) or white */
    bool ignore_certificate_errors; /* default true; a worker's default is false */
    bool viewport_only;             /* take the viewport instead of the whole document */
    bool grow_viewport; /* grow the viewport to the document for lazy content (default), or leave it alone */
    bool has_clip;
    Area clip;            /* its box, where has_clip */
    const char *selector; /* picture of the first element that matches, or NULL */
    json_t *cookies;      /* array of objects with name, value, and domain, path, expires (seconds since 1970), secure,
                        httpOnly, sameSite (Strict, Lax, None) where given, and nothing else; checked */
    const char *http_user_name, *http_password;
    GPtrArray *header_rules;        /* of HeaderRule */
    GPtrArray *resources_to_ignore; /* of GRegex, searched for anywhere in the URL; google-analytics always first */
    const char *user_agent;
    const char *inject_css, *inject_js;
    int resource_timeout_ms;
    int timeout_ms;
    Still still;
    const char *wait_for_selector;
    int delay_ms;          /* of the page's time, after everything else was waited for */
    GPtrArray *steps;      /* of Step, in order */
    GPtrArray *hide;       /* of const char *: selectors whose elements become invisible */
    GPtrArray *mask;       /* of Area: painted over with a flat colour */
    GPtrArray *ignore;     /* of Area: left out of the comparison */
    GPtrArray *tolerances; /* of AreaTolerance; of those that a change lies in, the last counts */
    json_t *config; /* the object as it was given, with targetUrl, unknown keys included: what config.json holds */
    GPtrArray *unknown_keys; /* of char *: the way to keys which nothing here understands: "viewportSize.widht" */
} CaptureSpec;

/* Reads a capture config. document tells the places for error messages; object must be a part of it (an object) or
 * NULL for an empty one; url is the targetUrl, or NULL if the object has it. Fails with ERROR_INVALID and the place.
 * Unknown keys are added to warnings (array of char *, may be NULL), with the place and the nearest known key, each
 * once. viewports and what Criteria are made of (suite.h) are known, but left to suite.c. The caller frees the spec, which may outlive the
 * document, but shares json_t with it: parse and free in one thread. Reading a spec, its json_t included, is safe from
 * many threads as long as none of them takes or drops a reference to a json_t.
 * A regex gives up with an error of g_regex_match_full() after a million steps. */
CaptureSpec *spec_parse(const Document *document, json_t *object, const char *url, GPtrArray *warnings,
                        GError **error) MUST_CHECK;
void spec_free(CaptureSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaptureSpec, spec_free)

/* Whether a config may have this key. Any thread. */
bool spec_has_key(const char *key);

/* Checks one of a test's viewports: a map, which has the keys of viewportSize and a name if wanted. Returns the viewportSize
 * that it stands for, a new object which the document owns, or NULL with error. Warns as spec_parse() does. */
json_t *spec_read_viewport(Document *document, const struct Field *viewport, GError **error) MUST_CHECK;
