/* Bytes that no file of a build is: how they are removed while servers go on bringing files, which may be the very same
 * bytes.
 *
 * Bytes are kept first, and named by a row of artifacts afterwards (artifact_add()). So who removes what has no row
 * could remove what has just been kept, and is about to be named. No look at the clock helps: there is always a moment
 * between the look and the removal. What helps is a row for the bytes that are to go, in the same database as the row
 * that names them:
 *
 *     (none) --notice--> noticed --claim--> claimed --bytes are removed--> removed --a day--> (none)
 *        ^                  |                  |                              |
 *        +---- rescue ------+                  |                              |
 *        +---- rescue: try again later --------+    (after GARBAGE_CLAIM_MS: as if removed)
 *        +---- rescue, which keeps the bytes once more -----------------------+
 *
 * Who brings a file (W) keeps the bytes, and then, in one transaction, adds the row of artifacts and rescues. Who
 * removes (G) claims in one transaction, removes, and says in another one that they are gone. Whatever the order in
 * which these come:
 *
 * - W commits before G claims. Claiming finds the row of artifacts, and leaves the bytes alone.
 * - W has added its row but not committed when G claims. To claim is to add a row of artifacts with this SHA-256
 *   oneself, and to take it back: the index is unique, so G waits until W has committed (as above) or rolled back.
 * - G claims before W adds its row, or while W waits to: W finds bytes that are claimed. It cannot know whether what it
 *   kept was before or behind the removal, so it rolls back, and does all of it again. If G has removed them by then, W
 *   keeps them once more, within its transaction: now behind the removal, which does not come again before somebody
 *   claims, which W's row forbids.
 * - W kept the bytes, then G noticed, claimed and removed them, all before W's transaction: the same, as what was
 *   removed is known for a day. Nobody takes a day between keeping bytes and naming them.
 * - G is killed, or its connection breaks: the claim stays. The removal may still be on its way to a store, but not for
 *   long: it is asked for at most GARBAGE_CLAIM_USE_MS after the claim, once, and given up after half a minute
 *   (blobs_remove()). So after GARBAGE_CLAIM_MS, which leaves a minute for clocks that differ, it has come or never
 *   does: W takes the bytes for removed, and G claims them again. Until then nobody can bring these very bytes; he is
 *   told to come later.
 * - Two G: the one who claims second waits for the first's row, and then finds the bytes claimed.
 *
 * So the time for which garbage stays (the grace) is no matter of safety. It is for who reads a copy of the database
 * that is a little older than the bytes, as a backup is. All functions in a transaction. */
#pragma once

#include "blob/blob.h"
#include "store/store.h"

#define GARBAGE_CLAIM_USE_MS (INT64_C(30) * 1000)
#define GARBAGE_CLAIM_MS (INT64_C(2) * 60 * 1000)
#define GARBAGE_REMOVED_MS (INT64_C(24) * 60 * 60 * 1000)

/* The bytes have a row of artifacts now, in this transaction: they are no garbage. Where they were removed the writer,
 * which has kept them before, keeps them once more; without one (NULL) it is ERROR_BUSY. Fails with DB_ERROR_BUSY while
 * somebody is about to remove them: the transaction is to be begun again. */
bool garbage_rescue(Db *db, const char *sha256, BlobWriter *writer, int64_t now_ms, GError **error) MUST_CHECK;

/* Whether a row of artifacts names the bytes. */
bool garbage_is_named(Db *db, const char *sha256, bool *out_is, GError **error) MUST_CHECK;

/* Notes that nothing names the bytes, unless that is known already. */
bool garbage_notice(Db *db, const char *sha256, int64_t size, int64_t now_ms, GError **error) MUST_CHECK;

/* Whether they were noticed before a time, and are not removed. */
bool garbage_is_due(Db *db, const char *sha256, int64_t noticed_before_ms, bool *out_is, GError **error) MUST_CHECK;

typedef struct {
    char *sha256;
    int64_t size;
} GarbageItem;

void garbage_item_free(GarbageItem *item);

/* Claims bytes that were noticed before a time, looking at no more than most. *out_more is whether there may be others.
 * Returns those that may be removed now, which the caller frees with its items: an array of GarbageItem. NULL with an
 * error. */
GPtrArray *garbage_claim(Db *db, int64_t noticed_before_ms, int64_t now_ms, int most, bool *out_more,
                         GError **error) MUST_CHECK;

/* The bytes that were claimed at a time are gone; or nobody has begun to remove them. */
bool garbage_set_removed(Db *db, const char *sha256, int64_t claimed_ms, int64_t now_ms, GError **error) MUST_CHECK;
bool garbage_give_back(Db *db, const char *sha256, int64_t claimed_ms, GError **error) MUST_CHECK;

/* Forgets what was removed more than GARBAGE_REMOVED_MS ago. */
bool garbage_forget(Db *db, int64_t now_ms, GError **error) MUST_CHECK;
