/* What a person says of what changed: that it is as it should be. A decision is of a pair of pictures of a page, and holds
 * whenever that pair comes again. Those that are made in one go have a key in common, the batch, which is of its release: what comes
 * twice under one key is done once, and can be undone as a whole. All in a transaction in which the release is locked. */
#pragma once

#include "store/run_list.h"

/* Who decides, in which batch, and when. */
typedef struct {
    const char *actor, *batch; /* batch: 1 to 64 characters of the client's choice; NULL: none */
    int64_t now_ms;
} Decider;

/* What somebody was shown of a group: when, and how many of its runs were open. */
typedef struct {
    int64_t at_ms;
    int n_open;
} Seen;

/* Approves runs of a group that differ and have not been approved; no other than those that were as they are when it was seen, so
 * that nobody approves what he has not seen. If they are more than there were, by whatever clock, none is: ERROR_BUSY. *out_n is
 * how many there were; of a batch that came before, which *out_again tells, how many there were then. ERROR_BUSY, too, if that one was
 * taken back, or was of another group. Fails with ERROR_INVALID for a key that is none. */
bool decision_approve_group(Db *db, Release *release, const RunLine *line, const Seen *seen, const Decider *decider,
                            int *out_n, bool *out_again, GError **error) MUST_CHECK;

/* Takes a batch back: its runs are open again, but for those that were decided anew since. *out_n is how many runs are open again; 0 if it was taken back before. Fails with ERROR_NOT_FOUND if the
 * release has no such batch. */
bool decision_undo(Db *db, Release *release, const Decider *decider, int *out_n, GError **error) MUST_CHECK;

/* Who approved what a run shows, and when: *out_actor, which the caller frees, is NULL if nobody did. */
bool decision_find(Db *db, const Run *run, char **out_actor, int64_t *out_created_ms, GError **error) MUST_CHECK;
