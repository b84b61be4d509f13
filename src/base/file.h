/* Files, where GLib has not all that is needed. Paths are in the file system's encoding. Any thread. */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Reads a whole file. NULL with error: ERROR_NOT_FOUND if there is none, ERROR_INVALID if it is larger than
 * max_bytes or no regular file, ERROR_FAILED if it cannot be read. The message names the path. */
GBytes *file_read(const char *path, size_t max_bytes, GError **error) MUST_CHECK;

/* The last max_bytes of a text file, as valid UTF-8 without white space at its ends; "" for one that cannot be read. The
 * caller frees it. */
char *file_tail(const char *path, size_t max_bytes);
char *file_tail_of(int file, size_t max_bytes);

/* Makes the file hold exactly these bytes: all of them or, on failure, what it held before. Folders above it are
 * made. The file is written beside its place, synced and renamed; a pipe or a device is written to where it stands. */
bool file_write(const char *path, const void *data, size_t size, GError **error) MUST_CHECK;

/* file_write() of a GBytes and of a text. */
bool file_write_bytes(const char *path, GBytes *bytes, GError **error) MUST_CHECK;
bool file_write_text(const char *path, const char *text, GError **error) MUST_CHECK;

/* The same for what may be lost: not synced, and half-written if the power fails meanwhile. */
bool file_write_scratch(const char *path, const void *data, size_t size, GError **error) MUST_CHECK;

/* Makes a folder and those above it; one that exists is fine. */
bool file_make_folder(const char *path, GError **error) MUST_CHECK;

/* Makes a folder in parent, named prefix and six random characters. It counts as ours, for all processes that see it, in
 * whatever container they are, until *out_lock (a descriptor) is closed, or we have ended in any way. The caller frees
 * the path, and closes the lock when the folder is gone. */
char *file_make_own_folder(const char *parent, const char *prefix, int mode, int *out_lock, GError **error) MUST_CHECK;

/* Removes what killed processes left in parent: folders that file_make_own_folder() made with this prefix and that are
 * nobody's any more; but not the one named keep (may be NULL). What cannot be removed stays. */
void file_remove_left_over(const char *parent, const char *prefix, const char *keep);

/* Removes a file, or a folder with all that is in it; follows no link, not even one that comes while this goes on. What does not exist is fine. */
bool file_remove_tree(const char *path, GError **error) MUST_CHECK;
