/* What a person would do on the page before looking at it: clicks, typing, scrolling, waiting. */
#include "capture/page.h"

#include "base/clock.h"
#include "config/key.h"

/* How much of the page's time passes between two looks for an element that is waited for. */
enum { LOOK_EVERY_MS = 100 };

bool steps_wait_for(Page *page, const char *selector, GError **error) {
    int64_t until = clock_now_ms() + page->spec->resource_timeout_ms;
    page_log(page, "waiting for %s", selector);
    for (;;) {
        json_t *value = page_ask(page, error, "exists", "[s]", selector);
        if (!value)
            return false;
        bool exists = json_is_true(value);
        json_decref(value);
        if (exists)
            return settle(page, error);
        if (clock_now_ms() >= until)
            break;
        if (!settle_for(page, LOOK_EVERY_MS, error))
            return false;
    }
    error_set(error, ERROR_TIMEOUT, "waited %d ms (resourceTimeoutMs) for \"%s\", which never came",
              page->spec->resource_timeout_ms, selector);
    return false;
}

/* Moves the mouse to the middle of an element, and presses and releases its button where click is set. */
static bool point_at(Page *page, const char *selector, bool click, GError **error) {
    static const char *const mouse_events[] = {"mouseMoved", "mousePressed", "mouseReleased"};
    json_t *point = page_ask(page, error, "point", "[s, b]", selector, click);
    if (!point)
        return false;
    double x = json_number_value(json_object_get(point, "x"));
    double y = json_number_value(json_object_get(point, "y"));
    json_decref(point);
    Call *last = NULL;
    for (int i = 0; i < (click ? 3 : 1); i++) {
        call_free(last);
        last = cdp_begin(page->session, "Input.dispatchMouseEvent",
                         json_pack("{s:s, s:f, s:f, s:s, s:i}", "type", mouse_events[i], "x", x, "y", y, "button",
                                   i > 0 ? "left" : "none", "clickCount", i > 0));
    }
    return settle_input(page, last, error);
}

static bool click(Page *page, const Step *step, GError **error) {
    return point_at(page, step->selector, true, error);
}

static bool hover(Page *page, const Step *step, GError **error) {
    return point_at(page, step->selector, false, error);
}

/* Whether page.js did as it was told; it says true, or throws why not. */
static bool was_done(json_t *answer) {
    json_decref(answer);
    return answer != NULL;
}

static Call *begin_key_event(Page *page, const char *type, const Key *key) {
    return cdp_begin(page->session, "Input.dispatchKeyEvent",
                     json_pack("{s:s, s:s, s:s, s:i, s:s*}", "type", type, "key", key->key, "code", key->code,
                               "windowsVirtualKeyCode", key->key_code, "text", key->text));
}

static bool press_key(Page *page, const Key *key, GError **error) {
    call_free(begin_key_event(page, key->text ? "keyDown" : "rawKeyDown", key));
    return settle_input(page, begin_key_event(page, "keyUp", key), error);
}

static bool type_text(Page *page, const Step *step, GError **error) {
    if (!was_done(page_ask(page, error, "focus", "[s, b]", step->selector, 1)))
        return false;
    if (!*step->text)
        return press_key(page, key_find("Backspace"), error);
    return settle_input(page, cdp_begin(page->session, "Input.insertText", json_pack("{s:s}", "text", step->text)),
                        error);
}

static bool press(Page *page, const Step *step, GError **error) {
    const Key character = {step->text, step->text, "", 0, step->text};
    const Key *named = key_find(step->text);
    const Key *key = named ? named : &character;
    if (step->selector && !was_done(page_ask(page, error, "focus", "[s, b]", step->selector, 0)))
        return false;
    return press_key(page, key, error);
}

static bool choose(Page *page, const Step *step, GError **error) {
    return was_done(page_ask(page, error, "select", "[s, s]", step->selector, step->text));
}

static bool scroll(Page *page, const Step *step, GError **error) {
    return was_done(page_ask(page, error, "scroll", "[s?, i, i]", step->selector, step->x, step->y));
}

static bool wait_a_while(Page *page, const Step *step, GError **error) {
    return settle_for(page, step->wait_ms, error);
}

static bool wait_for(Page *page, const Step *step, GError **error) {
    return steps_wait_for(page, step->selector, error);
}

static const struct {
    const char *name;
    bool (*act)(Page *page, const Step *step, GError **error);
} actions[] = {
    [STEP_CLICK] = {"click", click},    [STEP_HOVER] = {"hover", hover},      [STEP_TYPE] = {"type", type_text},
    [STEP_SCROLL] = {"scroll", scroll}, [STEP_WAIT] = {"wait", wait_a_while}, [STEP_WAIT_FOR] = {"waitFor", wait_for},
    [STEP_PRESS] = {"press", press},    [STEP_SELECT] = {"select", choose},
};

/* What is typed may be a password, and a log is for whoever reads it. */
static void log_step(Page *page, unsigned number, const Step *step) {
    const char *selector = step->selector ? step->selector : "", *text = step->text ? step->text : "";
    if (step->kind == STEP_TYPE)
        page_log(page, "step %u: type %s, %ld characters", number, selector, g_utf8_strlen(text, -1));
    else
        page_log(page, "step %u: %s %s%s%s", number, actions[step->kind].name, selector, *selector && *text ? ", " : "",
                 text);
}

bool steps_do(Page *page, GError **error) {
    if (page->spec->steps->len > 0)
        page_show(page); /* the mouse would miss what is painted small */
    for (unsigned i = 0; i < page->spec->steps->len; i++) {
        const Step *step = page->spec->steps->pdata[i];
        log_step(page, i + 1, step);
        if (!actions[step->kind].act(page, step, error) || !settle_step(page, error)) {
            g_prefix_error(error, "step %u (%s): ", i + 1, actions[step->kind].name);
            return false;
        }
    }
    return true;
}
