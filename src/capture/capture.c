#include "capture/capture.h"

#include "base/clock.h"
#include "base/stop.h"
#include "capture/page.h"
#include "image/png.h"

#include <math.h>

/* A browser may die, or hang, for a reason that is not this page's; a page under which so many do is the reason. */
enum { MOST_BROWSERS_PER_PAGE = 5, MOST_HANGING_PER_PAGE = 2 };

static bool inject(Page *page, GError **error) {
    const CaptureSpec *spec = page->spec;
    if (spec->inject_css) {
        if (!page_set_style(page, spec->inject_css, error)) {
            g_prefix_error(error, "injectCss: ");
            return false;
        }
        page_log(page, "injectCss added");
    }
    if (spec->inject_js) {
        json_t *value = settle_evaluation(page, page_begin_injection(page, spec->inject_js), error);
        json_decref(value);
        if (!value) {
            g_prefix_error(error, "injectJs: ");
            return false;
        }
        page_log(page, "injectJs done");
    }
    return (!spec->inject_css && !spec->inject_js) || settle(page, error);
}

/* The boxes of an area in the document, as a JSON array of {x, y, width, height}; the caller owns it. key is the one in
 * the config. */
static json_t *area_boxes(Page *page, const char *key, const Area *area, GError **error) {
    if (!area->selector)
        return json_pack("[{s:f, s:f, s:f, s:f}]", "x", area->left, "y", area->top, "width", area->width, "height",
                         area->height);
    json_t *boxes = page_ask(page, error, "boxes", "[s]", area->selector);
    if (!boxes)
        g_prefix_error(error, "%s: ", key);
    if (boxes && json_array_size(boxes) == 0)
        page_remark(page, "%s: nothing that can be seen matches the selector \"%s\"", key, area->selector);
    return boxes;
}

/* Makes invisible what the spec hides. The browser keeps one sheet of ours a document, so injectCss stands in it again;
 * which it must also where a step led to another document. */
static bool hide(Page *page, GError **error) {
    const CaptureSpec *spec = page->spec;
    if (spec->hide->len == 0 && !spec->inject_css)
        return true;
    g_autoptr(GString) css = g_string_new(spec->inject_css);
    g_string_append_c(css, '\n');
    for (unsigned i = 0; i < spec->hide->len; i++) {
        const Area area = {.selector = spec->hide->pdata[i]};
        json_auto_t *boxes = area_boxes(page, "hide", &area, error);
        json_auto_t *rule = boxes ? page_ask(page, error, "hiding", "[s]", area.selector) : NULL;
        if (!rule)
            return false;
        g_string_append(css, json_string_value(rule));
    }
    return page_set_style(page, css->str, error);
}

/* Paints over what the spec masks. The boxes are all found first: a cover moves nothing, but might be found. */
static bool mask(Page *page, GError **error) {
    json_auto_t *all = json_array();
    for (unsigned i = 0; i < page->spec->mask->len; i++) {
        json_t *boxes = area_boxes(page, "mask", page->spec->mask->pdata[i], error);
        if (!boxes)
            return false;
        json_array_extend(all, boxes);
        json_decref(boxes);
    }
    if (json_array_size(all) == 0)
        return true;
    json_t *covered = page_ask(page, error, "cover", "[O]", all);
    if (!covered)
        g_prefix_error(error, "mask: ");
    json_decref(covered);
    return covered != NULL;
}

/* What part of the document the picture shows, in CSS pixels. */
typedef struct {
    double x, y, width, height;
} Frame;

static bool frame_of_document(Page *page, Frame *out_frame, GError **error) {
    int width, height;
    if (!page_document_size(page, &width, &height, error))
        return false;
    *out_frame = (Frame){0, 0, MAX(width, page->spec->width), MAX(height, page->spec->height)};
    return true;
}

static double number_in(const json_t *box, const char *key) {
    return json_number_value(json_object_get(box, key));
}

static bool frame_of_selector(Page *page, Frame *out_frame, GError **error) {
    const Area area = {.selector = page->spec->selector};
    json_auto_t *boxes = area_boxes(page, "selector", &area, error);
    const json_t *box = json_array_get(boxes, 0);
    if (!boxes)
        return false;
    if (!box) {
        error_set(error, ERROR_FAILED, "selector: nothing that can be seen matches \"%s\"", area.selector);
        return false;
    }
    *out_frame = (Frame){number_in(box, "x"), number_in(box, "y"), number_in(box, "width"), number_in(box, "height")};
    return true;
}

static bool frame_of_viewport(Page *page, Frame *out_frame, GError **error) {
    json_auto_t *place = page_ask(page, error, "scrolled", "[]");
    if (place)
        *out_frame = (Frame){number_in(place, "x"), number_in(place, "y"), page->spec->width, page->spec->height};
    return place != NULL;
}

static bool find_whole_frame(Page *page, Frame *out_frame, GError **error) {
    const CaptureSpec *spec = page->spec;
    if (spec->selector)
        return frame_of_selector(page, out_frame, error);
    if (spec->has_clip)
        *out_frame = (Frame){spec->clip.left, spec->clip.top, spec->clip.width, spec->clip.height};
    else if (spec->viewport_only)
        return frame_of_viewport(page, out_frame, error);
    else
        return frame_of_document(page, out_frame, error);
    return true;
}

/* Cuts off what Chromium would not paint. */
static bool find_frame(Page *page, Frame *out_frame, GError **error) {
    double most = floor(SPEC_MAX_SIDE / page->spec->device_scale_factor);
    if (!find_whole_frame(page, out_frame, error))
        return false;
    if (out_frame->width > most || out_frame->height > most)
        page_remark(page, "%gx%g px are wanted; the picture ends at %d px, the most that Chromium paints",
                    out_frame->width, out_frame->height, SPEC_MAX_SIDE);
    out_frame->width = MIN(out_frame->width, most);
    out_frame->height = MIN(out_frame->height, most);
    return true;
}

/* Adds where a box of the document is in the picture, in its pixels, grown to whole ones; if it is in it at all. */
static void add_box(GArray *boxes, const json_t *box, const Frame *frame, double scale) {
    double left = MAX(floor((number_in(box, "x") - frame->x) * scale), 0);
    double top = MAX(floor((number_in(box, "y") - frame->y) * scale), 0);
    double right = MIN((number_in(box, "x") - frame->x + number_in(box, "width")), frame->width) * scale;
    double bottom = MIN((number_in(box, "y") - frame->y + number_in(box, "height")), frame->height) * scale;
    if (right <= left || bottom <= top)
        return;
    const Box pixels = {(int)left, (int)top, (int)(ceil(right) - left), (int)(ceil(bottom) - top)};
    g_array_append_val(boxes, pixels);
}

/* Adds where an area is in the picture. key is the one in the config. */
static bool find_area(Page *page, const char *key, const Area *area, const Frame *frame, GArray *boxes,
                      GError **error) {
    json_auto_t *found = area_boxes(page, key, area, error);
    size_t i = 0;
    const json_t *box = NULL;
    json_array_foreach (found, i, box)
        add_box(boxes, box, frame, page->spec->device_scale_factor);
    return found != NULL;
}

static bool find_ignored(Page *page, const Frame *frame, GArray *ignored, GError **error) {
    for (unsigned i = 0; i < page->spec->ignore->len; i++)
        if (!find_area(page, "ignore", page->spec->ignore->pdata[i], frame, ignored, error))
            return false;
    return true;
}

static bool find_tolerances(Page *page, const Frame *frame, GArray *tolerances, GError **error) {
    for (unsigned i = 0; i < page->spec->tolerances->len; i++) {
        const AreaTolerance *wanted = page->spec->tolerances->pdata[i];
        g_autoptr(GArray) boxes = g_array_new(FALSE, FALSE, sizeof(Box));
        if (!find_area(page, "tolerances", &wanted->area, frame, boxes, error))
            return false;
        for (unsigned j = 0; j < boxes->len; j++) {
            const BoxTolerance found = {g_array_index(boxes, Box, j), wanted->tolerance};
            g_array_append_val(tolerances, found);
        }
    }
    return true;
}

static Capture *take_picture(Page *page, GError **error) {
    Frame frame;
    g_autoptr(Capture) capture = g_new0(Capture, 1);
    capture->ignored = g_array_new(FALSE, FALSE, sizeof(Box));
    capture->tolerances = g_array_new(FALSE, FALSE, sizeof(BoxTolerance));
    page_end_scripts(page);
    /* The covers of masks come last: they may reach beyond the document, and would make it larger. */
    if (!find_frame(page, &frame, error) || !find_ignored(page, &frame, capture->ignored, error) ||
        !find_tolerances(page, &frame, capture->tolerances, error) || !mask(page, error))
        return NULL;
    g_autoptr(GBytes) png = page_picture(page, frame.x, frame.y, frame.width, frame.height, error);
    if (!png)
        return NULL;
    page_log(page, "picture of %gx%g px, %zu bytes", frame.width, frame.height, g_bytes_get_size(png));
    capture->png = png_add_note(png, CAPTURE_NOTE, tab_note(page->tab), error);
    capture->remarks = g_strdup(page->remarks->str);
    return capture->png ? g_steal_pointer(&capture) : NULL;
}

/* Everything that happens between the page's opening and its picture. */
static Capture *look_at(Page *page, GError **error) {
    const CaptureSpec *spec = page->spec;
    if (!page_get_ready(page, error) || !page_navigate(page, error) || !settle(page, error) ||
        !traffic_check_document(page, error) || !settle_lazy_content(page, error) || !inject(page, error) ||
        !steps_do(page, error))
        return NULL;
    if (spec->wait_for_selector && !steps_wait_for(page, spec->wait_for_selector, error)) {
        g_prefix_error(error, "waitForSelector: ");
        return NULL;
    }
    if (spec->delay_ms > 0 && !settle_for(page, spec->delay_ms, error))
        return NULL;
    if (!hide(page, error) || !settle_freeze(page, error) || !traffic_check_document(page, error))
        return NULL;
    page_show(page);
    if (spec->still.mode != STILL_OFF && !settle_painting(page, error))
        return NULL;
    return take_picture(page, error);
}

static Capture *capture_once(Browser *browser, const CaptureSpec *spec, GString *log, GError **error) {
    g_autoptr(Page) page = page_open(browser, spec, log, error);
    if (!page)
        return NULL;
    traffic_start(page);
    settle_start(page);
    g_autoptr(GError) cause = NULL;
    Capture *capture = look_at(page, &cause);
    if (!capture) {
        tab_blame(page->tab, &cause);
        g_propagate_error(error, g_steal_pointer(&cause));
    }
    return capture;
}

static void log_unknown_keys(const CaptureSpec *spec, GString *log) {
    for (unsigned i = 0; i < spec->unknown_keys->len; i++)
        g_string_append_printf(log, "            unknown key in the config: %s\n",
                               (const char *)spec->unknown_keys->pdata[i]);
}

Capture *capture_page(Browser *browser, const CaptureSpec *spec, GString *log, GError **error) {
    log_unknown_keys(spec, log);
    for (int i = 1;; i++) {
        int64_t started_ms = clock_now_ms();
        g_autoptr(GError) cause = NULL;
        Capture *capture = capture_once(browser, spec, log, &cause);
        if (capture)
            return capture;
        bool took_all_time = clock_now_ms() - started_ms >= spec->timeout_ms;
        if (error_is(cause, ERROR_TIMEOUT) && took_all_time)
            g_prefix_error(&cause, "not done within %d ms (timeoutMs): ", spec->timeout_ms);
        g_string_append_printf(log, "            %s\n", cause->message);
        if (!error_is(cause, ERROR_GONE) || i == (took_all_time ? MOST_HANGING_PER_PAGE : MOST_BROWSERS_PER_PAGE)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
        g_string_append(log, "            once more, with a new browser\n");
    }
}

void capture_free(Capture *capture) {
    if (!capture)
        return;
    if (capture->png)
        g_bytes_unref(capture->png);
    if (capture->ignored)
        g_array_unref(capture->ignored);
    if (capture->tolerances)
        g_array_unref(capture->tolerances);
    g_free(capture->remarks);
    g_free(capture);
}
