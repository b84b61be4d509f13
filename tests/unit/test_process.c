/* Programs are told to say what they see through a pipe, and tests wait for it to close: then nobody has it any more. */
#include "base/process.h"

#include "base/clock.h"

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nothing here takes a second; a busy machine may. */
enum { PATIENCE_MS = 60000 };

typedef struct {
    int output[2]; /* what programs write to, and where the test reads it */
} Fixture;

static void set_up(Fixture *f, const void *unused) {
    (void)unused;
    g_assert_cmpint(pipe2(f->output, O_CLOEXEC), ==, 0);
}

static void close_writer(Fixture *f) {
    if (f->output[1] >= 0)
        close(f->output[1]);
    f->output[1] = -1;
}

static void tear_down(Fixture *f, const void *unused) {
    (void)unused;
    close_writer(f);
    close(f->output[0]);
}

/* What the shell itself says is lost: "Terminated" of a child that was killed a moment before it. */
static Process *start_shell(Fixture *f, const char *script, int grace_ms) {
    g_autofree char *quiet = g_strconcat("exec 2>/dev/null; ", script, NULL);
    const char *const argv[] = {"sh", "-c", quiet, NULL};
    const ProcessSetup setup = {.argv = argv, .output = f->output[1], .grace_ms = grace_ms};
    g_autoptr(GError) error = NULL;
    Process *process = process_start(&setup, &error);
    g_assert_no_error(error);
    return process;
}

static void append_some(Fixture *f, GString *text) {
    char buffer[4096];
    struct pollfd wait = {.fd = f->output[0], .events = POLLIN};
    g_assert_cmpint(poll(&wait, 1, PATIENCE_MS), ==, 1);
    ssize_t size = read(f->output[0], buffer, sizeof buffer);
    g_assert_cmpint(size, >=, 0);
    g_string_append_len(text, buffer, size);
    if (size == 0)
        g_string_append(text, "(end)");
}

/* All that is written until nobody can write any more. */
static char *read_to_end(Fixture *f) {
    GString *text = g_string_new(NULL);
    close_writer(f);
    while (!g_str_has_suffix(text->str, "(end)"))
        append_some(f, text);
    g_string_truncate(text, text->len - strlen("(end)"));
    return g_string_free(text, FALSE);
}

static char *read_line(Fixture *f) {
    GString *text = g_string_new(NULL);
    while (!strchr(text->str, '\n'))
        append_some(f, text);
    return g_string_free(text, FALSE);
}

static int wait_for_status(Process *process) {
    int status = -1;
    g_assert_true(process_wait(process, clock_now_ms() + PATIENCE_MS, &status));
    return status;
}

static void a_program_that_cannot_run_is_an_error(Fixture *f, const void *unused) {
    static const struct {
        const char *program, *directory;
        ErrorCode code;
    } cases[] = {
        {"no-such-program-at-all", NULL, ERROR_NO_PROGRAM},
        {"/etc/passwd", NULL, ERROR_FAILED},
        {"/", NULL, ERROR_FAILED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const argv[] = {cases[i].program, NULL};
        const ProcessSetup setup = {.argv = argv, .directory = cases[i].directory, .output = -1};
        g_autoptr(GError) error = NULL;
        g_assert_null(process_start(&setup, &error));
        g_assert_true(error_is(error, cases[i].code));
        g_assert_nonnull(strstr(error->message, cases[i].program));
    }
}

static void its_status_is_told_and_again(Fixture *f, const void *unused) {
    g_autoptr(Process) fine = start_shell(f, "exit 0", 0);
    g_autoptr(Process) bad = start_shell(f, "exit 3", 0);
    g_autoptr(Process) killed = start_shell(f, "kill -9 $$", 0);
    g_assert_cmpint(wait_for_status(fine), ==, 0);
    g_assert_cmpint(WEXITSTATUS(wait_for_status(bad)), ==, 3);
    g_assert_cmpint(WEXITSTATUS(wait_for_status(bad)), ==, 3);
    g_assert_cmpint(WTERMSIG(wait_for_status(killed)), ==, SIGKILL);
}

static void waiting_ends_at_the_deadline(Fixture *f, const void *unused) {
    int status = 77;
    g_autoptr(Process) process = start_shell(f, "exec sleep 1000", 0);
    g_assert_false(process_wait(process, 0, &status));
    g_assert_false(process_wait(process, clock_now_ms() + 20, &status));
    g_assert_cmpint(status, ==, 77);
}

static void it_runs_in_its_directory_and_environment(Fixture *f, const void *unused) {
    const char *const argv[] = {
        "sh", "-c", "pwd; echo $A; env | grep -c ^HOME=; cat; ps -o pgid= -p $$ | tr -d ' '; echo $$", NULL};
    const char *const environment[] = {"A=b c", "PATH=/usr/bin:/bin", NULL};
    const ProcessSetup setup = {.argv = argv, .environment = environment, .directory = "/usr", .output = f->output[1]};
    g_autoptr(Process) process = process_start(&setup, NULL);
    g_autofree char *text = read_to_end(f);
    g_autofree char *expected =
        g_strdup_printf("/usr\nb c\n0\n%d\n%d\n", (int)process_id(process), (int)process_id(process));
    g_assert_cmpstr(text, ==, expected);
}

static void grandchildren_in_sessions_of_their_own_are_killed_too(Fixture *f, const void *unused) {
    Process *process = start_shell(f, "setsid sh -c 'setsid sleep 1000 & echo ready; sleep 1000' & sleep 1000", 0);
    g_autofree char *ready = read_line(f);
    process_free(process);
    g_autofree char *rest = read_to_end(f); /* comes to an end only if all are dead */
    g_assert_cmpstr(rest, ==, "");
}

static void so_is_what_a_program_left_behind_that_has_ended(Fixture *f, const void *unused) {
    Process *process = start_shell(f, "(setsid sleep 1000 & ) ; echo ready", 0);
    g_autofree char *ready = read_line(f);
    g_assert_cmpint(wait_for_status(process), ==, 0);
    process_free(process);
    g_autofree char *rest = read_to_end(f);
    g_assert_cmpstr(rest, ==, "");
}

static void many_forking_processes_all_end(Fixture *f, const void *unused) {
    Process *process = start_shell(
        f, "for i in 1 2 3 4 5 6 7 8 9; do setsid sh -c 'while :; do setsid sleep 0.01; done' & done; echo ready; wait",
        0);
    g_autofree char *ready = read_line(f);
    process_free(process);
    g_autofree char *rest = read_to_end(f);
    g_assert_cmpstr(rest, ==, "");
}

static void with_grace_it_may_say_goodbye(Fixture *f, const void *unused) {
    Process *process =
        start_shell(f, "trap 'echo bye; exit' TERM; echo ready; while :; do sleep 0.05; done", PATIENCE_MS);
    g_autofree char *ready = read_line(f);
    process_free(process);
    g_autofree char *rest = read_to_end(f);
    g_assert_cmpstr(rest, ==, "bye\n");
}

static void but_grace_ends(Fixture *f, const void *unused) {
    Process *process = start_shell(f, "trap '' TERM; echo ready; while :; do sleep 0.05; done", 50);
    g_autofree char *ready = read_line(f);
    process_free(process);
    g_autofree char *rest = read_to_end(f);
    g_assert_cmpstr(rest, ==, "");
}

static void it_has_the_command_pipe_and_no_other_descriptor_of_ours(Fixture *f, const void *unused) {
    int in[2], out[2];
    int leaky = open("/dev/null", O_RDONLY); /* not closed by exec: what a library might leave open */
    g_assert_cmpint(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), ==, 0);
    const char *const argv[] = {"sh", "-c", "read line <&3; echo \"got $line\" >&4; ls /proc/self/fd | tr '\\n' ' '",
                                NULL};
    const ProcessSetup setup = {
        .argv = argv, .output = f->output[1], .has_command_pipe = true, .command_pipe = {in[0], out[1]}};
    g_autoptr(Process) process = process_start(&setup, NULL);
    close(in[0]);
    close(out[1]);
    g_assert_cmpint(write(in[1], "hello\n", 6), ==, 6);
    char reply[32] = "";
    g_assert_cmpint(read(out[0], reply, sizeof reply - 1), ==, 10);
    g_assert_cmpstr(reply, ==, "got hello\n");
    g_autofree char *list = read_to_end(f);
    g_assert_cmpstr(list, ==, "0 1 2 3 4 5 "); /* 5 is the folder that ls itself has open */
    close(leaky);
    close(in[1]);
    close(out[0]);
}

static void without_a_command_pipe_it_has_three_descriptors(Fixture *f, const void *unused) {
    int leaky = open("/dev/null", O_RDONLY);
    g_autoptr(Process) process = start_shell(f, "ls /proc/self/fd | tr '\\n' ' '", 0);
    g_autofree char *list = read_to_end(f);
    g_assert_cmpstr(list, ==, "0 1 2 3 ");
    close(leaky);
}

/* A process of ours starts a program and is killed before it could clean up. */
static void it_dies_with_us_even_if_we_are_killed(Fixture *f, const void *unused) {
    pid_t parent = fork();
    if (parent == 0) {
        Process *process = start_shell(f, "setsid sh -c 'echo ready; sleep 1000' & sleep 1000", 0);
        pause();
        process_free(process);
        _exit(0);
    }
    g_autofree char *ready = read_line(f);
    g_assert_cmpint(kill(parent, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(parent, NULL, 0), ==, parent);
    g_autofree char *rest = read_to_end(f);
    g_assert_cmpstr(rest, ==, "");
}

static void none_of_our_descriptors_are_used_up(Fixture *f, const void *unused) {
    int before = dup(0);
    close(before);
    for (int i = 0; i < 20; i++) {
        const char *const argv[] = {i % 2 ? "true" : "no-such-program-at-all", NULL};
        const ProcessSetup setup = {.argv = argv, .output = -1};
        process_free(process_start(&setup, NULL));
    }
    int after = dup(0);
    close(after);
    g_assert_cmpint(after, ==, before);
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1); /* and no child is left */
}

static void freeing_nothing_does_nothing(void) {
    process_free(NULL);
}

#define ADD(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    ADD("/process/a-program-that-cannot-run-is-an-error", a_program_that_cannot_run_is_an_error);
    ADD("/process/its-status-is-told-and-again", its_status_is_told_and_again);
    ADD("/process/waiting-ends-at-the-deadline", waiting_ends_at_the_deadline);
    ADD("/process/it-runs-in-its-directory-and-environment", it_runs_in_its_directory_and_environment);
    ADD("/process/grandchildren-in-sessions-of-their-own-are-killed-too",
        grandchildren_in_sessions_of_their_own_are_killed_too);
    ADD("/process/so-is-what-a-program-left-behind-that-has-ended", so_is_what_a_program_left_behind_that_has_ended);
    ADD("/process/many-forking-processes-all-end", many_forking_processes_all_end);
    ADD("/process/with-grace-it-may-say-goodbye", with_grace_it_may_say_goodbye);
    ADD("/process/but-grace-ends", but_grace_ends);
    ADD("/process/it-has-the-command-pipe-and-no-other-descriptor-of-ours",
        it_has_the_command_pipe_and_no_other_descriptor_of_ours);
    ADD("/process/without-a-command-pipe-it-has-three-descriptors", without_a_command_pipe_it_has_three_descriptors);
    ADD("/process/it-dies-with-us-even-if-we-are-killed", it_dies_with_us_even_if_we_are_killed);
    ADD("/process/none-of-our-descriptors-are-used-up", none_of_our_descriptors_are_used_up);
    g_test_add_func("/process/freeing-nothing-does-nothing", freeing_nothing_does_nothing);
    return g_test_run();
}
