/* The program: a table of commands, nothing more. */
#include "base/error.h"
#include "base/stop.h"
#include "base/suggest.h"
#include "cmd/command.h"
#include "db/db.h"
#include "version.h"

#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static const Command *const commands[] = {
    &update_command,    &test_command,         &approve_command,        &report_command,
    &diff_command,      &server_command,       &worker_command,         &build_command,
    &api_key_command,   &user_command,         &migrate_command,        &import_command,
    &fsck_command,      &gc_command,           &backup_command,         &site_diff_command,
    &pair_diff_command, &diff_my_urls_command, &diff_my_images_command,
};

static void print_help(FILE *to) {
    fputs("dpxdt (\"Depicted\") compares screenshots of web pages before and after a change.\n\n"
          "Usage: dpxdt COMMAND [OPTION...] ...\n\n",
          to);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(to, "  %-14s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`dpxdt help COMMAND`, or `dpxdt COMMAND --help`, tells the options of one, `dpxdt --version` the\n"
          "version. Start with `dpxdt update DIR`, where DIR holds a YAML file of tests (man dpxdt-tests),\n"
          "change a page, and run `dpxdt test DIR`.\n",
          to);
}

static const Command *find_command(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int refuse_command(const char *name) {
    const char *names[G_N_ELEMENTS(commands)];
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        names[i] = commands[i]->name;
    const char *meant = suggest_name(name, names, G_N_ELEMENTS(names));
    fprintf(stderr, "dpxdt: there is no command '%s'%s%s%s; `dpxdt --help` lists all\n", name,
            meant ? ", did you mean '" : "", meant ? meant : "", meant ? "'" : "");
    return 2;
}

static int run_command(const Command *command, int argc, char **argv) {
    g_autoptr(GError) error = NULL;
    int status = command->run(command, argc, argv, &error);
    if (!error)
        return status;
    /* What was being done is of no interest to who said that it should end. */
    fprintf(stderr, "dpxdt %s: %s\n", command->name, error_is(error, ERROR_STOPPED) ? "stopped" : error->message);
    return error_exit_status(db_error_code(error));
}

static int run_line(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--version") == 0) {
        printf("dpxdt %s\n", DPXDT_VERSION);
        return 0;
    }
    if (strcmp(name, "help") == 0 && argc == 3) {
        char *for_help[] = {argv[2], (char[]){"--help"}, NULL};
        const Command *command = find_command(argv[2]);
        return command ? run_command(command, 2, for_help) : refuse_command(argv[2]);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(argc > 1 ? stdout : stderr);
        return argc > 1 ? 0 : 2;
    }
    const Command *command = find_command(name);
    return command ? run_command(command, argc - 1, argv + 1) : refuse_command(name);
}

/* What could not be printed was not done: a list in a file on a full disk is no list. A reader who has gone wants no
 * more. */
static int check_output(int status) {
    if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
        return status;
    int why = errno;
    fprintf(stderr, "dpxdt: cannot write to standard output: %s\n", g_strerror(why));
    return error_exit_status(why == ENOSPC ? ERROR_FULL : ERROR_FAILED);
}

int main(int argc, char **argv) {
    setlocale(LC_CTYPE, "");
    json_object_seed(0); /* before there are threads: jansson would do it at its first object, unlocked */
    json_set_alloc_funcs(g_malloc, g_free); /* out of memory ends the program here too */
    stop_install();
    return check_output(run_line(argc, argv));
}
