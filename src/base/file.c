#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

GBytes *file_read(const char *path, size_t max_bytes, GError **error) {
    struct stat facts;
    if (stat(path, &facts) < 0) {
        int why = errno;
        error_set_errno(error, why == ENOENT ? ERROR_NOT_FOUND : ERROR_FAILED, why, "%s", path);
        return NULL;
    }
    if (!S_ISREG(facts.st_mode)) {
        error_set(error, ERROR_INVALID, "%s: not a file", path);
        return NULL;
    }
    if ((uint64_t)facts.st_size > max_bytes) {
        error_set(error, ERROR_INVALID, "%s: %" G_GINT64_FORMAT " bytes, at most %zu are read", path,
                  (int64_t)facts.st_size, max_bytes);
        return NULL;
    }
    char *data = NULL;
    size_t size = 0;
    g_autoptr(GError) cause = NULL;
    if (!g_file_get_contents(path, &data, &size, &cause)) {
        error_set(error, ERROR_FAILED, "%s", cause->message);
        return NULL;
    }
    return g_bytes_new_take(data, size);
}

char *file_tail(const char *path, size_t max_bytes) {
    g_autofree char *text = NULL;
    size_t size = 0;
    if (!g_file_get_contents(path, &text, &size, NULL))
        return g_strdup("");
    return g_strstrip(g_utf8_make_valid(text + (size > max_bytes ? size - max_bytes : 0), -1));
}

bool file_make_folder(const char *path, GError **error) {
    if (g_mkdir_with_parents(path, 0777) == 0)
        return true;
    error_set_errno(error, ERROR_FAILED, errno, "cannot make the folder %s", path);
    return false;
}

/* A pipe or a device is written to where it stands: what is put in its place by a rename would be an ordinary file, and
 * root could do that to /dev/null. */
static bool write_in_place(const char *path, const char *data, size_t size, GError **error) {
    int file = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    bool fine = file >= 0;
    while (fine && size > 0) {
        ssize_t written = write(file, data, size);
        fine = written > 0 || (written < 0 && errno == EINTR);
        data += MAX(written, 0);
        size -= (size_t)MAX(written, 0);
    }
    if (!fine)
        error_set_errno(error, ERROR_FAILED, errno, "cannot write %s", path);
    if (file >= 0)
        close(file);
    return fine;
}

static bool is_pipe_or_device(const char *path) {
    struct stat facts;
    return stat(path, &facts) == 0 && (S_ISFIFO(facts.st_mode) || S_ISCHR(facts.st_mode) || S_ISBLK(facts.st_mode));
}

static bool write_with(const char *path, const void *data, size_t size, GFileSetContentsFlags flags, GError **error) {
    g_autofree char *folder = g_path_get_dirname(path);
    if (is_pipe_or_device(path))
        return write_in_place(path, data, size, error);
    if (!file_make_folder(folder, error))
        return false;
    g_autoptr(GError) cause = NULL;
    if (g_file_set_contents_full(path, data, (gssize)size, flags, 0666, &cause))
        return true;
    error_set(error, ERROR_FAILED, "cannot write %s: %s", path, cause->message);
    return false;
}

bool file_write(const char *path, const void *data, size_t size, GError **error) {
    return write_with(path, data, size, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, error);
}

bool file_write_scratch(const char *path, const void *data, size_t size, GError **error) {
    return write_with(path, data, size, G_FILE_SET_CONTENTS_NONE, error);
}

bool file_write_bytes(const char *path, GBytes *bytes, GError **error) {
    size_t size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    return file_write(path, data ? data : "", size, error);
}

bool file_write_text(const char *path, const char *text, GError **error) {
    return file_write(path, text, strlen(text), error);
}

/* Whose folder it is, is told by a lock, not by a process id in its name: ids come again, and in a container that shares
 * the folder they are other ones. The kernel drops the lock with the process. */
enum { MOST_TRIES = 10 }; /* one is nearly always enough */
typedef enum { LOCK_TAKEN, LOCK_BUSY, LOCK_NOT_POSSIBLE } Lock;

/* The descriptor is -1 where there is no folder to be opened. */
static Lock lock_folder(const char *path, int *out_folder) {
    *out_folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*out_folder < 0)
        return LOCK_NOT_POSSIBLE;
    if (flock(*out_folder, LOCK_EX | LOCK_NB) == 0)
        return LOCK_TAKEN;
    return errno == EWOULDBLOCK ? LOCK_BUSY : LOCK_NOT_POSSIBLE;
}

static bool is_linked(int folder) {
    struct stat facts;
    return fstat(folder, &facts) == 0 && facts.st_nlink > 0;
}

static void close_folder(int *folder) {
    if (*folder >= 0)
        close(*folder);
}

/* A folder that nobody removed meanwhile: who cleans up may come between the making and the locking. Where the file
 * system knows no locks, it is good as well, since nobody else can take one. */
static bool lock_new_folder(const char *path, int *out_folder) {
    Lock lock = lock_folder(path, out_folder);
    return *out_folder >= 0 && lock != LOCK_BUSY && is_linked(*out_folder);
}

char *file_make_own_folder(const char *parent, const char *prefix, int mode, int *out_lock, GError **error) {
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        g_autofree char *name = g_strconcat(prefix, "XXXXXX", NULL);
        g_autofree char *path = g_build_filename(parent, name, NULL);
        __attribute__((cleanup(close_folder))) int folder = -1;
        if (!g_mkdtemp_full(path, mode)) {
            error_set_errno(error, ERROR_FAILED, errno, "cannot make a folder in %s", parent);
            return NULL;
        }
        if (lock_new_folder(path, &folder)) {
            *out_lock = g_steal_fd(&folder);
            return g_steal_pointer(&path);
        }
    }
    error_set(error, ERROR_FAILED, "each folder made in %s was removed at once", parent);
    return NULL;
}

static void remove_if_left_over(const char *path) {
    __attribute__((cleanup(close_folder))) int folder = -1;
    g_autoptr(GError) error = NULL;
    if (lock_folder(path, &folder) == LOCK_TAKEN && !file_remove_tree(path, &error))
        g_debug("%s", error->message);
}

void file_remove_left_over(const char *parent, const char *prefix, const char *keep) {
    g_autoptr(GDir) entries = g_dir_open(parent, 0, NULL);
    for (const char *name; entries && (name = g_dir_read_name(entries));) {
        g_autofree char *path = g_build_filename(parent, name, NULL);
        if (g_str_has_prefix(name, prefix) && g_strcmp0(name, keep) != 0)
            remove_if_left_over(path);
    }
}

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *walk) {
    (void)facts, (void)type, (void)walk;
    return remove(path);
}

bool file_remove_tree(const char *path, GError **error) {
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return true;
    error_set_errno(error, ERROR_FAILED, errno, "cannot remove %s", path);
    return false;
}
