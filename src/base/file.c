#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

char *file_tail_of(int file, size_t max_bytes) {
    struct stat facts;
    g_autofree char *text = g_malloc(max_bytes);
    bool is_known = fstat(file, &facts) == 0;
    off_t from = is_known ? MAX(facts.st_size - (off_t)max_bytes, 0) : 0;
    ssize_t size = is_known ? pread(file, text, max_bytes, from) : -1;
    return g_strstrip(g_utf8_make_valid(text, MAX(size, 0)));
}

char *file_tail(const char *path, size_t max_bytes) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char *tail = file_tail_of(file, max_bytes);
    if (file >= 0)
        close(file);
    return tail;
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
    bool is_full = g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
    error_set(error, is_full ? ERROR_FULL : ERROR_FAILED, "cannot write %s: %s", path, cause->message);
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

static bool remove_entry(int folder, const char *name);

static bool empty_folder(int folder) {
    DIR *entries = fdopendir(fcntl(folder, F_DUPFD_CLOEXEC, 0));
    bool fine = entries != NULL;
    for (const struct dirent *entry; fine && (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            fine = remove_entry(folder, entry->d_name);
    int why = errno;
    if (entries)
        closedir(entries);
    errno = why;
    return fine;
}

/* By descriptors and not by paths: whoever may write into the folder could put a link in the place of a folder that was
 * looked at already, and have us remove what it leads to. */
static bool remove_entry(int folder, const char *name) {
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return false;
    __attribute__((cleanup(close_folder))) int inner =
        openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return inner >= 0 && empty_folder(inner) && unlinkat(folder, name, AT_REMOVEDIR) == 0;
}

bool file_remove_tree(const char *path, GError **error) {
    if (remove_entry(AT_FDCWD, path))
        return true;
    error_set_errno(error, ERROR_FAILED, errno, "cannot remove %s", path);
    return false;
}
