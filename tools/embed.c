/* Files -> C: embed ROOT FILE... writes to standard output what src/base/embedded.h declares, with each file under its
 * path below ROOT. Used by the build, for the scripts and pages that are part of the program. */
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

/* Writes the bytes as numbers, with a 0 behind them which does not count. Returns how many there are. */
static size_t write_bytes(const char *path) {
    FILE *file = fopen(path, "rb");
    size_t n = 0;
    if (!file)
        fail(path);
    for (int byte; (byte = getc(file)) != EOF; n++)
        printf("%d,%s", byte, n % 32 == 31 ? "\n" : "");
    if (ferror(file))
        fail(path);
    fclose(file);
    printf("0");
    return n;
}

int main(int argc, char **argv) {
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
