/* Files -> C: embed ROOT FILE... writes to standard output what src/base/embedded.h declares, with each file under its
 * path below ROOT; scripts and style sheets squeezed. Used by the build, for what is part of the program beside its code. `embed
 * --squeeze FILE` writes one as it is then. */
#include "squeeze.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *path) {
    perror(path);
    exit(1);
}

/* A path below the root. */
static const char *name_of(const char *path, const char *root) {
    size_t length = strlen(root);
    if (strncmp(path, root, length) == 0 && path[length] == '/')
        return path + length + 1;
    fprintf(stderr, "%s is not below %s\n", path, root);
    exit(1);
}

/* All of a file, which the caller frees. */
static char *read_file(const char *path, size_t *out_size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail(path);
    long size = ftell(file);
    char *text = malloc((size_t)size + 1);
    rewind(file);
    if (!text || fread(text, 1, (size_t)size, file) != (size_t)size)
        fail(path);
    fclose(file);
    *out_size = (size_t)size;
    return text;
}

static int ends_with(const char *path, const char *ending) {
    size_t length = strlen(path), n = strlen(ending);
    return length >= n && strcmp(path + length - n, ending) == 0;
}

/* The same, squeezed if it is a script or a style sheet of pages. What runs in the pages of others is told of by them, in lines. */
static char *read_squeezed(const char *path, size_t *out_size) {
    char *text = read_file(path, out_size);
    if (ends_with(path, ".css"))
        *out_size = squeeze(text, *out_size, SQUEEZE_CSS);
    else if (ends_with(path, ".js") && !strstr(path, "capture/"))
        *out_size = squeeze(text, *out_size, SQUEEZE_JS);
    return text;
}

/* Writes the bytes as numbers, with a 0 behind them which does not count. Returns how many there are. */
static size_t write_bytes(const char *path) {
    size_t size;
    char *text = read_squeezed(path, &size);
    for (size_t n = 0; n < size; n++)
        printf("%d,%s", (unsigned char)text[n], n % 32 == 31 ? "\n" : "");
    printf("0");
    free(text);
    return size;
}

static int print_squeezed(const char *path) {
    size_t size;
    char *text = read_squeezed(path, &size);
    fwrite(text, 1, size, stdout);
    free(text);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--squeeze") == 0)
        return print_squeezed(argv[2]);
    size_t *sizes = calloc((size_t)argc, sizeof *sizes);
    if (argc < 3 || !sizes) {
        fprintf(stderr, "usage: embed ROOT FILE...\n");
        return 2;
    }
    printf("#include \"base/embedded.h\"\n#include <stddef.h>\n");
    for (int i = 2; i < argc; i++) {
        printf("static const unsigned char file_%d[] = {\n", i);
        sizes[i] = write_bytes(argv[i]);
        printf("};\n");
    }
    printf("const Embedded embedded_files[] = {\n");
    for (int i = 2; i < argc; i++)
        printf("    {\"%s\", (const char *)file_%d, %zu},\n", name_of(argv[i], argv[1]), i, sizes[i]);
    printf("    {NULL, NULL, 0},\n};\n");
    free(sizes);
    return ferror(stdout) || fflush(stdout) != 0;
}
