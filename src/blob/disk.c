/* Bytes in a folder: ab/abcd..., by the hash, and new/ for those that are coming. They are written there, synced,
 * and then get their name by a rename, so that what has a name is whole. Folders are synced as well, or the name could
 * be lost with the power. */
#include "base/clock.h"
#include "base/file.h"
#include "blob/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What has not been written to for so long was left by a process that was killed: nobody uploads that slowly. */
enum { LEFT_OVER_S = 24 * 60 * 60 };

/* How long, and how often, it is tried to hold what is there. */
enum { HOLD_WAIT_MS = 5 * 1000, HOLD_PAUSE_US = 2 * 1000 };

typedef struct {
    char *folder, *coming;
} Disk;

static void remove_left_over(const char *folder) {
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        struct stat facts;
        if (lstat(path, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_mtime < time(NULL) - LEFT_OVER_S)
            unlink(path);
    }
}

static void *open_disk(const char *folder, GError **error) {
    g_autofree char *coming = g_build_filename(folder, "new", NULL);
    if (!file_make_folder(coming, error))
        return NULL;
    if (access(coming, W_OK | X_OK) != 0) {
        error_set_errno(error, ERROR_FAILED, errno, "cannot write to %s", coming);
        return NULL;
    }
    remove_left_over(coming);
    Disk *disk = g_new0(Disk, 1);
    disk->folder = g_strdup(folder);
    disk->coming = g_steal_pointer(&coming);
    return disk;
}

static void close_disk(void *place) {
    Disk *disk = place;
    g_free(disk->folder);
    g_free(disk->coming);
    g_free(disk);
}

static const char *coming(const void *place) {
    return ((const Disk *)place)->coming;
}

static char *path_of(const Disk *disk, const char *sha256) {
    g_autofree char *name = blob_name(sha256);
    return g_build_filename(disk->folder, name, NULL);
}

/* Writing. */

static bool sync_folder(const char *path) {
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0)
        close(folder);
    return done;
}

/* New folders are synced into those above them. */
static bool make_folders(const Disk *disk, const char *folder, GError **error) {
    if (access(folder, F_OK) == 0)
        return true;
    g_autofree char *above = g_path_get_dirname(folder);
    if (!file_make_folder(folder, error))
        return false;
    if (sync_folder(above) && sync_folder(disk->folder))
        return true;
    error_set_errno(error, ERROR_FAILED, errno, "cannot write to %s", disk->folder);
    return false;
}

/* The same bytes under the same name a second time are no harm, and mend what may have been damaged. */
static bool give_name(void *place, int file, const char *path, const BlobFacts *facts, GError **error) {
    g_autofree char *new_path = path_of(place, facts->sha256);
    g_autofree char *folder = g_path_get_dirname(new_path);
    if (!make_folders(place, folder, error))
        return false;
    if (fsync(file) == 0 && rename(path, new_path) == 0 && sync_folder(folder))
        return true;
    error_set_errno(error, ERROR_FAILED, errno, "cannot write %s", new_path);
    return false;
}

/* Reading. */

static int open_file(void *place, const char *sha256, int64_t *out_size, GError **error) {
    g_autofree char *path = path_of(place, sha256);
    struct stat facts;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0 && fstat(file, &facts) == 0) {
        *out_size = facts.st_size;
        return file;
    }
    if (errno == ENOENT)
        blob_set_not_found(error, sha256);
    else
        error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", path);
    if (file >= 0)
        close(file);
    return -1;
}

/* Listing. */

typedef struct {
    const Disk *disk;
    BlobVisit *visit;
    void *data;
} Walk;

/* It may go while we look. */
static bool visit_file(const Walk *walk, const char *name, GError **error) {
    const char *hash = blob_hash_of(name);
    g_autofree char *path = g_build_filename(walk->disk->folder, name, NULL);
    struct stat facts;
    if (hash && lstat(path, &facts) == 0)
        return !S_ISREG(facts.st_mode) || walk->visit(hash, facts.st_size, walk->data, error);
    if (!hash || errno == ENOENT)
        return true;
    error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", path);
    return false;
}

/* Walks what is in a folder, whose name is of hashes' first letters; depth folders are below it. */
static bool walk_folder(const Walk *walk, const char *above, int depth, GError **error) {
    g_autofree char *path = g_build_filename(walk->disk->folder, above, NULL);
    g_autoptr(GError) cause = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &cause);
    if (!dir) {
        error_set(error, ERROR_FAILED, "%s", cause->message);
        return false;
    }
    const char *name;
    bool goes_on = true;
    while (goes_on && (name = g_dir_read_name(dir))) {
        g_autofree char *below = *above ? g_build_filename(above, name, NULL) : g_strdup(name);
        if (depth == 0)
            goes_on = visit_file(walk, below, error);
        else if (strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2)
            goes_on = walk_folder(walk, below, depth - 1, error);
    }
    return goes_on;
}

static bool list(void *place, BlobVisit *visit, void *data, GError **error) {
    const Walk walk = {place, visit, data};
    return walk_folder(&walk, "", 1, error);
}

/* Removing. */

/* A lock of the folder itself, which goes with the descriptor, however the process ends: those who remove share it, who
 * holds what is there has it alone. */
static int lock_folder(const Disk *disk, int how, GError **error) {
    int folder = open(disk->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && flock(folder, how) == 0)
        return folder;
    if (errno == EWOULDBLOCK)
        error_set(error, ERROR_BUSY, "somebody makes a backup of %s", disk->folder);
    else
        error_set_errno(error, ERROR_FAILED, errno, "cannot lock %s", disk->folder);
    if (folder >= 0)
        close(folder);
    return -1;
}

/* That it is gone need not outlive a power failure: what comes back is garbage again. */
static bool remove_file(void *place, const char *sha256, GError **error) {
    g_autofree char *path = path_of(place, sha256);
    int lock = lock_folder(place, LOCK_SH | LOCK_NB, error);
    if (lock < 0)
        return false;
    bool done = unlink(path) == 0 || errno == ENOENT;
    if (!done)
        error_set_errno(error, ERROR_FAILED, errno, "cannot remove %s", path);
    close(lock);
    return done;
}

/* A removal takes no time; whoever stays is another one who holds. */
static int hold(void *place, GError **error) {
    const int64_t deadline_ms = clock_now_ms() + HOLD_WAIT_MS;
    for (;;) {
        g_autoptr(GError) cause = NULL;
        int lock = lock_folder(place, LOCK_EX | LOCK_NB, &cause);
        if (lock >= 0)
            return lock;
        if (!error_is(cause, ERROR_BUSY) || clock_now_ms() >= deadline_ms) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return -1;
        }
        g_usleep(HOLD_PAUSE_US);
    }
}

const BlobDriver blob_disk = {
    .open = open_disk,
    .close = close_disk,
    .coming = coming,
    .takes_files = true,
    .keep = give_name,
    .open_file = open_file,
    .list = list,
    .remove = remove_file,
    .hold = hold,
};
