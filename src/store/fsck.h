/* Whether what is kept fits together: what `dpxdt fsck` looks at. Nothing is changed. While a server writes, what is found is
 * right all the same: files come before the rows that name them. */
#pragma once

#include "db/db.h"

#include <stdint.h>

/* Called for a problem, with a line for a person. */
typedef void FsckTell(void *data, const char *problem);

/* Called for each file that is known; problems are told by who is called. */
typedef bool FsckFile(void *data, const char *sha1, const char *sha256, int64_t size, GError **error);

typedef struct {
    FsckTell *tell;
    FsckFile *file;
    void *data;
} Fsck;

/* Whether a file is still known: gc may have removed it since it was listed, and then its bytes may be gone, too. */
bool fsck_knows_file(Db *db, const char *sha1, bool *out_knows, GError **error) MUST_CHECK;

/* All files, in the order of their SHA-1. Returns how many, or -1. */
int64_t fsck_files(Db *db, const Fsck *fsck, GError **error);

/* Runs that name files which their build does not have; releases whose counts are not those of their runs, or that wait for
 * nothing; runs that wait for tasks that are not there. False if the database failed. */
bool fsck_rows(Db *db, const Fsck *fsck, GError **error) MUST_CHECK;
