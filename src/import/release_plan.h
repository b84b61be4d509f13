/* A release of the old database, with its runs, as it is to be here: read, checked and merged, and not written yet. */
#pragma once

#include "import/import_work.h"
#include "store/run.h"

/* What is still to be captured of a run, as the old queue has it. */
enum { WANTS_IMAGE = 1, WANTS_REF_IMAGE = 2 };

typedef struct {
    Run run;
    unsigned wants;
    char *actor; /* of one that was approved: who did it; NULL: nobody knows */
    int64_t approved_ms;
} PlannedRun;

typedef struct {
    int64_t old_id; /* of the first row that has this name and number */
    Release release;
    GPtrArray *runs; /* of PlannedRun, by name */
    char *known_as;
    char *state; /* the SHA-1 of all of it */
} Plan;

void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/* What is read once for all releases of a build. */
typedef struct Plans Plans;

/* import_files() comes before. */
Plans *plans_new(Import *import, ImportBuild *build, GError **error) MUST_CHECK;
void plans_free(Plans *plans);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plans, plans_free)

/* The next release, in the order of their ids. False at the end, or with error set. The caller frees *out_plan. What
 * cannot come is told and counted now. */
bool plans_next(Plans *plans, Plan **out_plan, GError **error) MUST_CHECK;
