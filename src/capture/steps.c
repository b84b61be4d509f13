/* What a person would do on the page before looking at it: clicks, typing, scrolling, waiting. */
#include "capture/page.h"

#include "base/clock.h"

/* How much of the page's time passes between two looks for an element that is waited for. */
enum { LOOK_EVERY_MS = 100 };

static bool evaluate_with_selector(Page *page, const char *format, const char *selector, json_t **out_value,
                                   GError **error) {
    char *quoted = page_quote(selector);
    g_autofree char *expression = g_strdup_printf("__dpxdt.%s(%s)", format, quoted);
    free(quoted);
    *out_value = page_evaluate(page, expression, error);
    return *out_value != NULL;
}

static bool not_found(const char *selector, GError **error) {
    error_set(error, ERROR_FAILED, "nothing on the page matches the selector \"%s\"", selector);
    return false;
}

bool steps_wait_for(Page *page, const char *selector, GError **error) {
    int64_t until = clock_now_ms() + page->spec->resource_timeout_ms;
    page_log(page, "waiting for %s", selector);
    for (;;) {
        json_t *value = NULL;
        if (!evaluate_with_selector(page, "exists", selector, &value, error))
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
    json_t *point = NULL;
    if (!evaluate_with_selector(page, "point", selector, &point, error))
        return false;
    double x = json_number_value(json_object_get(point, "x"));
    double y = json_number_value(json_object_get(point, "y"));
    bool found = json_is_object(point);
    json_decref(point);
    if (!found)
        return not_found(selector, error);
    Call *last = NULL;
    for (int i = 0; i < (click ? 3 : 1); i++) {
        call_free(last);
        last = session_begin(page->session, "Input.dispatchMouseEvent",
                             json_pack("{s:s, s:f, s:f, s:s, s:i}", "type", mouse_events[i], "x", x, "y", y, "button",
                                       i > 0 ? "left" : "none", "clickCount", i > 0));
    }
    /* Until the page has taken it: what it then does, going to another page say, has begun. */
    json_t *taken = settle_evaluation(page, last, error);
    json_decref(taken);
    return taken != NULL;
}

static bool click(Page *page, const Step *step, GError **error) {
    return point_at(page, step->selector, true, error);
}

static bool hover(Page *page, const Step *step, GError **error) {
    return point_at(page, step->selector, false, error);
}

static bool type_text(Page *page, const Step *step, GError **error) {
    json_t *focused = NULL;
    if (!evaluate_with_selector(page, "focus", step->selector, &focused, error))
        return false;
    bool found = json_is_true(focused);
    json_decref(focused);
    if (!found)
        return not_found(step->selector, error);
    session_send(page->session, "Input.insertText", json_pack("{s:s}", "text", step->text));
    return true;
}

static bool scroll(Page *page, const Step *step, GError **error) {
    char *quoted = step->selector ? page_quote(step->selector) : NULL;
    g_autofree char *expression =
        g_strdup_printf("__dpxdt.scroll(%s, %d, %d)", quoted ? quoted : "null", step->x, step->y);
    free(quoted);
    json_t *scrolled = page_evaluate(page, expression, error);
    bool found = json_is_true(scrolled);
    json_decref(scrolled);
    return found || (scrolled && not_found(step->selector, error));
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
};

bool steps_do(Page *page, GError **error) {
    if (page->spec->steps->len > 0)
        page_show(page); /* the mouse would miss what is painted small */
    for (unsigned i = 0; i < page->spec->steps->len; i++) {
        const Step *step = page->spec->steps->pdata[i];
        page_log(page, "step %u: %s %s", i + 1, actions[step->kind].name, step->selector ? step->selector : "");
        if (!actions[step->kind].act(page, step, error) || !settle(page, error)) {
            g_prefix_error(error, "step %u (%s): ", i + 1, actions[step->kind].name);
            return false;
        }
    }
    return true;
}
