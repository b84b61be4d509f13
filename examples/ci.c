/* What a CI job may do with libdpxdt: has some pages captured by a dpxdt server, waits, and ends as their comparison did.
 *
 *     cc -o ci ci.c $(pkg-config --cflags --libs libdpxdt)
 *     DPXDT_KEY=... DPXDT_SECRET=... ./ci https://dpxdt.example.com/api 1 "build 1234" https://staging.example.com/ ...
 *
 * With DPXDT_STATUS_URL, as https://api.github.com/repos/OWNER/REPO/statuses/SHA, the server tells there what becomes of it.
 *
 * Exit status: 0 if all is as in the last good release, 1 if a person should look, 2 if something failed. */
#include <dpxdt.h>

#include <stdio.h>
#include <stdlib.h>

enum { TIMEOUT_S = 600 };

static int fail(const DpxdtClient *client, const char *what) {
    fprintf(stderr, "ci: %s: %s\n", what, dpxdt_message(client));
    return 2;
}

static int run(DpxdtClient *client, DpxdtRelease *release, char **urls) {
    DpxdtState state;
    char *page = NULL;
    if (dpxdt_create_release(client, release, NULL, getenv("DPXDT_STATUS_URL")) != DPXDT_OK)
        return fail(client, "the release");
    for (; *urls; urls++) {
        const DpxdtPage each = {
            .name = *urls, .url = *urls, .config = "{\"viewportSize\": {\"width\": 800, \"height\": 600}}"};
        if (dpxdt_request_run(client, release, &each) != DPXDT_OK)
            return fail(client, *urls);
    }
    if (dpxdt_runs_done(client, release, &page) != DPXDT_OK)
        return fail(client, "the end of the release");
    printf("%s\n", page);
    dpxdt_release_memory(page);
    if (dpxdt_wait(client, release, TIMEOUT_S, &state) != DPXDT_OK)
        return fail(client, "the results");
    printf("%d different, %d failed, %d the same, %d new\n", state.different, state.failed, state.same, state.new_runs);
    return state.failed > 0 ? 2 : state.different > 0;
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: ci SERVER BUILD RELEASE URL...\n");
        return 2;
    }
    DpxdtClient *client = dpxdt_new(argv[1], getenv("DPXDT_KEY"), getenv("DPXDT_SECRET"));
    DpxdtRelease release = {.build_id = strtoll(argv[2], NULL, 10), .name = argv[3]};
    int status = run(client, &release, argv + 4);
    dpxdt_free(client);
    return status;
}
