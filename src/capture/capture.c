#include "capture/capture.h"

#include "base/clock.h"
#include "base/stop.h"
#include "capture/page.h"
#include "image/png.h"

#include <math.h>

/* A browser may die for a reason that is not this page's; a page that kills so many is the reason. */
enum { MOST_BROWSERS_PER_PAGE = 5 };

static bool inject(Page *page, GError **error) {
    const CaptureSpec *spec = page->spec;
    if (spec->inject_css) {
        if (!page_add_style(page, spec->inject_css, error)) {
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

/* The boxes of an area in the document, as a JSON array of {x, y, width, height}; the caller owns it. */
static json_t *area_boxes(Page *page, const Area *area, bool first, GError **error) {
    if (!area->selector)
        return json_pack("[{s:f, s:f, s:f, s:f}]", "x", area->left, "y", area->top, "width", area->width, "height",
                         area->height);
    char *quoted = page_quote(area->selector);
    g_autofree char *expression = g_strdup_printf("__dpxdt.boxes(%s, %s)", quoted, first ? "true" : "false");
    free(quoted);
    json_t *boxes = page_evaluate(page, expression, error);
    if (!boxes)
        g_prefix_error(error, "selector \"%s\": ", area->selector);
    return boxes;
}

static bool hide(Page *page, GError **error) {
    if (page->spec->hide->len == 0)
        return true;
    g_autoptr(GString) css = g_string_new(NULL);
    for (unsigned i = 0; i < page->spec->hide->len; i++) {
        /* A style sheet would pass over what is no selector, and over what follows it. */
        const Area area = {.selector = page->spec->hide->pdata[i]};
        json_t *boxes = area_boxes(page, &area, true, error);
        json_decref(boxes);
        if (!boxes)
            return false;
        g_string_append_printf(css, "%s { visibility: hidden !important; }\n",
                               (const char *)page->spec->hide->pdata[i]);
    }
    return page_add_style(page, css->str, error);
}

/* Paints over what the spec masks. The boxes are all found first: a cover moves nothing, but might be found. */
static bool mask(Page *page, GError **error) {
    for (unsigned i = 0; i < page->spec->mask->len; i++) {
        json_t *boxes = area_boxes(page, page->spec->mask->pdata[i], false, error);
        if (!boxes)
            return false;
        char *text = json_dumps(boxes, JSON_COMPACT);
        g_autofree char *expression = g_strdup_printf("__dpxdt.cover(%s)", text);
        free(text);
        json_decref(boxes);
        json_t *done = page_evaluate(page, expression, error);
        json_decref(done);
        if (!done)
            return false;
    }
    return true;
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

static bool frame_of_selector(Page *page, Frame *out_frame, GError **error) {
    const Area area = {.selector = page->spec->selector};
    json_t *boxes = area_boxes(page, &area, true, error);
    if (!boxes)
        return false;
    const json_t *box = json_array_get(boxes, 0);
    *out_frame =
        (Frame){json_number_value(json_object_get(box, "x")), json_number_value(json_object_get(box, "y")),
                json_number_value(json_object_get(box, "width")), json_number_value(json_object_get(box, "height"))};
    json_decref(boxes);
    if (box)
        return true;
    error_set(error, ERROR_FAILED, "nothing that can be seen matches the selector \"%s\"", page->spec->selector);
    return false;
}

static bool find_whole_frame(Page *page, Frame *out_frame, GError **error) {
    const CaptureSpec *spec = page->spec;
    if (spec->selector)
        return frame_of_selector(page, out_frame, error);
    if (spec->has_clip)
        *out_frame = (Frame){spec->clip.left, spec->clip.top, spec->clip.width, spec->clip.height};
    else if (spec->viewport_only)
        *out_frame = (Frame){0, 0, spec->width, spec->height};
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
        page_log(page, "%gx%g px are wanted; the picture ends at %d px, the most that Chromium paints",
                 out_frame->width, out_frame->height, SPEC_MAX_SIDE);
    out_frame->width = MIN(out_frame->width, most);
    out_frame->height = MIN(out_frame->height, most);
    return true;
}

/* Where the areas to ignore are in the picture, in its pixels, grown to whole ones. */
static bool find_ignored(Page *page, const Frame *frame, GArray *ignored, GError **error) {
    double scale = page->spec->device_scale_factor;
    for (unsigned i = 0; i < page->spec->ignore->len; i++) {
        json_t *boxes = area_boxes(page, page->spec->ignore->pdata[i], false, error);
        size_t j;
        const json_t *box;
        if (!boxes)
            return false;
        json_array_foreach (boxes, j, box) {
            double left = (json_number_value(json_object_get(box, "x")) - frame->x) * scale;
            double top = (json_number_value(json_object_get(box, "y")) - frame->y) * scale;
            double right = left + json_number_value(json_object_get(box, "width")) * scale;
            double bottom = top + json_number_value(json_object_get(box, "height")) * scale;
            Box pixels = {(int)floor(left), (int)floor(top), 0, 0};
            pixels.width = (int)ceil(right) - pixels.x;
            pixels.height = (int)ceil(bottom) - pixels.y;
            g_array_append_val(ignored, pixels);
        }
        json_decref(boxes);
    }
    return true;
}

static Capture *take_picture(Page *page, GError **error) {
    Frame frame;
    g_autoptr(Capture) capture = g_new0(Capture, 1);
    capture->ignored = g_array_new(FALSE, FALSE, sizeof(Box));
    if (!find_frame(page, &frame, error) || !find_ignored(page, &frame, capture->ignored, error))
        return NULL;
    g_autoptr(GBytes) png = page_picture(page, frame.x, frame.y, frame.width, frame.height, error);
    if (!png)
        return NULL;
    page_log(page, "picture of %gx%g px, %zu bytes", frame.width, frame.height, g_bytes_get_size(png));
    capture->png = png_add_note(png, CAPTURE_NOTE, tab_note(page->tab), error);
    return capture->png ? g_steal_pointer(&capture) : NULL;
}

static Capture *capture_once(Browser *browser, const CaptureSpec *spec, GString *log, GError **error) {
    g_autoptr(Page) page = page_open(browser, spec, log, error);
    if (!page)
        return NULL;
    traffic_start(page);
    settle_start(page);
    if (!page_get_ready(page, error) || !page_navigate(page, error) || !settle(page, error) ||
        !traffic_check_document(page, error) || !settle_lazy_content(page, error) || !inject(page, error) ||
        !steps_do(page, error))
        return NULL;
    if (spec->wait_for_selector && !steps_wait_for(page, spec->wait_for_selector, error))
        return NULL;
    if (spec->delay_ms > 0 && !settle_for(page, spec->delay_ms, error))
        return NULL;
    if (!hide(page, error) || !settle_freeze(page, error) || !mask(page, error) || !traffic_check_document(page, error))
        return NULL;
    page_show(page);
    if (spec->still.mode != STILL_OFF && !settle_painting(page, error))
        return NULL;
    return take_picture(page, error);
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
        if (error_is(cause, ERROR_TIMEOUT) && clock_now_ms() - started_ms >= spec->timeout_ms)
            g_prefix_error(&cause, "not done within %d ms (timeoutMs): ", spec->timeout_ms);
        g_string_append_printf(log, "            %s\n", cause->message);
        if (!error_is(cause, ERROR_GONE) || i == MOST_BROWSERS_PER_PAGE) {
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
    g_free(capture);
}
