/* What a comparison has found, regions and bands, in words and as JSON: shared by all that report of it. Any thread. */
#pragma once

#include "base/error.h"
#include "diff/align.h"
#include "diff/diff.h"

#include <glib.h>
#include <jansson.h>

/* What happened in a region, without where: "text recolored from #777777 to #888888", "moved 5 px down and 2 px to the
 * left", "image inserted", "text removed", "changed". The caller frees it. */
char *findings_what(const Region *region);

/* A region in one line: "192x43 at (144,295): text inserted, 7,949 pixels". The caller frees it. */
char *findings_region(const Region *region);

/* A band in one line: "64 rows inserted at y=120", "8 rows removed, which were at y=300", "40 rows moved from y=80 to
 * y=700"; where it is not of all columns of a picture of this width, these are told, too. NULL for rows that are where
 * they were, or only went along with the others, and for jitter (align.h). The caller frees it. */
char *findings_band(const Band *band, int picture_width);

/* All such lines; empty for bands that are NULL. The caller frees the array, of char *, with its lines. */
GPtrArray *findings_bands(const GArray *bands, int picture_width);

/* Everything in one line, the most important first: "64 rows inserted at y=120; 2,560 pixels changed in 3 areas, the
 * largest 192x43 at (144,295): text inserted". Of bands the three largest are told, of regions the first. NULL
 * if nothing was found. regions and bands may be NULL. The caller frees it. */
char *findings_summary(uint64_t changed_pixels, const GArray *regions, uint64_t n_regions, const GArray *bands,
                       int picture_width);

/* JSON and back. Keys of a region: x, y, width, height, changed_pixels, score, tolerance, fingerprint (16 hexadecimal
 * digits), kind, look, what (as above, not read back), and dx and dy, or from and to ("#rrggbbaa"), where the kind has
 * them. Keys of a band: kind ("equal", "changed", "inserted", "removed", "moved"), x, width, reference_y,
 * reference_height, run_y, run_height, what, where a line tells of it, and jitter, where it is true. Regions or bands
 * that are NULL are an empty list; of which regions come back as an empty array, and bands as NULL. Reading fails with
 * ERROR_INVALID; a key that is missing is 0, and a list that is NULL is empty, so that what an older dpxdt wrote can be
 * read. */
json_t *findings_regions_to_json(const GArray *regions);
GArray *findings_regions_from_json(const json_t *list, GError **error) MUST_CHECK;
json_t *findings_bands_to_json(const GArray *bands, int picture_width);
bool findings_bands_from_json(const json_t *list, GArray **out_bands, GError **error) MUST_CHECK;

/* A fingerprint as 16 hexadecimal digits, which the caller frees; and one of an object's members, 0 where it is
 * missing or null. */
char *findings_fingerprint(uint64_t fingerprint);
bool findings_read_fingerprint(const json_t *object, const char *key, uint64_t *out_fingerprint,
                               GError **error) MUST_CHECK;
