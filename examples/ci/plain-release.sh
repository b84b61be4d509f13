#!/bin/sh
# A job for any CI: has a server compare a staging site with its last good release, and ends as that did: 0 if all pages are
# the same or new, 1 if a person should look at the release, 2 if something failed. It prints the address where to look.
#
# In the environment: DPXDT_SERVER (https://dpxdt.example.com), DPXDT_BUILD, the key of that build (DPXDT_CLIENT_ID,
# DPXDT_CLIENT_SECRET), STAGING_URL, COMMIT, and, if the server is to tell the status of the commit, STATUS_URL, as
# https://api.github.com/repos/OWNER/REPO/statuses (docs/server.md, "Commit statuses").
set -eu
if [ -n "${STATUS_URL:-}" ]; then
    set -- --status-url "$STATUS_URL/$COMMIT"
fi
dpxdt site-diff "$STAGING_URL" --wait \
    --release-server-prefix "$DPXDT_SERVER/api" \
    --upload-build-id "$DPXDT_BUILD" \
    --upload-release-name "$COMMIT" \
    "$@"
