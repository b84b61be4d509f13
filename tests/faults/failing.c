/* Calls that fail: loaded with LD_PRELOAD, it lets a call of one kind fail when its turn comes, or stops the process before
 * it. The file $FAILING holds which, as a Fault; a test writes it while the program runs, and finds in it how many calls of
 * each kind there were.
 *
 * libfiu does this, too, and knows more calls, but it takes locks: a process that was forked from one with threads may
 * wait for ever for one of them, so it is for programs that start no others; and it cannot stand before a sanitizer's
 * allocator. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MEMORY, READ, WRITE, OPEN, RENAME, SYNC, FILE_WRITE, UNLINK };
enum { STOP = -1 }; /* instead of an errno: the process stops, and the call is made when it goes on */

typedef struct {
    _Atomic int64_t left; /* so many more succeed before; below zero: all */
    int64_t kind, number; /* one of these above, and errno or STOP */
    _Atomic int64_t made[UNLINK + 1];
} Fault;

void *__interceptor_malloc(size_t size) __attribute__((weak));
void *__interceptor_calloc(size_t n, size_t size) __attribute__((weak));
void *__interceptor_realloc(void *old, size_t size) __attribute__((weak));
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static Fault *fault;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAILING");
    int file = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    void *shared = file >= 0 ? mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
    if (shared != MAP_FAILED)
        fault = shared;
    if (file >= 0)
        close(file);
}

static bool fails(int kind) {
    if (!fault)
        return false;
    atomic_fetch_add(&fault->made[kind], 1);
    if (fault->kind != kind || atomic_load(&fault->left) < 0 || atomic_fetch_sub(&fault->left, 1) != 0)
        return false;
    errno = (int)fault->number;
    return fault->number != STOP || raise(SIGSTOP) != 0;
}

/* The sanitizer's allocator, or the system's. */
void *malloc(size_t size) {
    return fails(MEMORY) ? NULL : __interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
    return fails(MEMORY) ? NULL : __interceptor_calloc ? __interceptor_calloc(n, size) : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size) {
    return fails(MEMORY) ? NULL : __interceptor_realloc ? __interceptor_realloc(old, size) : __libc_realloc(old, size);
}

ssize_t read(int file, void *data, size_t size) {
    return fails(READ) ? -1 : syscall(SYS_read, file, data, size);
}

static bool is_regular(int file) {
    struct stat facts;
    return fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
}

ssize_t write(int file, const void *data, size_t size) {
    bool is_failure = fails(WRITE) || (is_regular(file) && fails(FILE_WRITE));
    return is_failure ? -1 : syscall(SYS_write, file, data, size);
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return fails(OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int rename(const char *from, const char *to) {
    return fails(RENAME) ? -1 : (int)syscall(SYS_rename, from, to);
}

int unlink(const char *path) {
    return fails(UNLINK) ? -1 : (int)syscall(SYS_unlink, path);
}

int fsync(int file) {
    return fails(SYNC) ? -1 : (int)syscall(SYS_fsync, file);
}
