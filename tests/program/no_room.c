/* A full disk where nothing can be mounted: loaded with LD_PRELOAD, it lets files be made below the folder $NO_ROOM, and
 * no byte be written into them. Goes with harness.without_room(). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_full(int file) {
    const char *folder = getenv("NO_ROOM");
    struct stat facts;
    char link[64], path[PATH_MAX];
    if (!folder || fstat(file, &facts) < 0 || !S_ISREG(facts.st_mode))
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path);
    size_t start = strlen(folder);
    return length > (ssize_t)start && memcmp(path, folder, start) == 0 && path[start] == '/';
}

static bool has_room(int file) {
    if (!is_full(file))
        return true;
    errno = ENOSPC;
    return false;
}

ssize_t write(int file, const void *data, size_t size) {
    return has_room(file) ? syscall(SYS_write, file, data, size) : -1;
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) {
    return has_room(file) ? syscall(SYS_pwrite64, file, data, size, at) : -1;
}

int fallocate64(int file, int mode, off64_t at, off64_t size) {
    return has_room(file) ? (int)syscall(SYS_fallocate, file, mode, at, size) : -1;
}

int posix_fallocate64(int file, off64_t at, off64_t size) {
    return fallocate64(file, 0, at, size) == 0 ? 0 : errno;
}
