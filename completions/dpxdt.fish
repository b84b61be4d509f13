# fish completion of dpxdt.

function __dpxdt_tests --description 'names of the tests of the folder on the command line'
    set -l words (commandline -opc)
    for word in $words[3..-1]
        string match -q -- '-*' $word; and continue
        dpxdt test --list-tests $word 2>/dev/null
        return
    end
end

set -l commands update test approve report diff server worker build api-key user migrate import fsck gc backup site-diff pair-diff diff-my-urls \
    diff-my-images help
complete -c dpxdt -f
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -l help -s h -d 'List the commands'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -l version -d 'Print the version'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a update -d 'Take the reference screenshots'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a test -d 'Take them again, and compare'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a approve -d 'Make the last pictures the references'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a report -d 'Show the pictures of the last test'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a diff -d 'Compare two pictures, or two folders'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a server -d 'Keep builds and releases'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a worker -d 'Capture and compare for a server'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a build -d 'Create a build, or list them'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a api-key -d 'Create, list or revoke keys of the API'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a user -d 'List who has logged in, make superusers'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a migrate -d 'Bring a database to the version of this program'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a import -d 'Take over the database of an old server'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a fsck -d 'Check what a server keeps'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a gc -d 'Remove what a server need not keep'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a backup -d 'Copy what a server keeps'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a site-diff -d 'Have all pages of a site compared by a server'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a pair-diff -d 'Have two pages compared by a server'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a diff-my-urls -d 'Have the pages of a list compared by a server'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a diff-my-images -d 'Have screenshots compared by a server'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a help -d 'Print the options of a command'
complete -c dpxdt -n "__fish_seen_subcommand_from help" -a 'update test approve report diff server worker build api-key user migrate import fsck gc backup site-diff pair-diff diff-my-urls diff-my-images'

for command in update test
    set -l chosen "__fish_seen_subcommand_from $command"
    complete -c dpxdt -n $chosen -a '(__fish_complete_directories)'
    complete -c dpxdt -n $chosen -l test-filter -x -d 'Only tests that match'
    complete -c dpxdt -n $chosen -l list-tests -d 'Print the names of the tests'
    complete -c dpxdt -n $chosen -l jobs -s j -x -d 'Pages at once'
    complete -c dpxdt -n $chosen -l retries -x -d 'Try a test again'
    complete -c dpxdt -n $chosen -l browser -r -F -d 'Chromium to use'
    complete -c dpxdt -n $chosen -l report -x -a '(__fish_complete_directories)' -d 'Write a gallery'
    complete -c dpxdt -n $chosen -l junit -r -F -d 'Write JUnit XML'
    complete -c dpxdt -n $chosen -l json -r -F -d 'Write all results as JSON'
    complete -c dpxdt -n $chosen -l github -d 'Print annotations for GitHub Actions'
    complete -c dpxdt -n $chosen -l help -s h -d 'Show help'
end

set -l chosen "__fish_seen_subcommand_from approve"
complete -c dpxdt -n $chosen -a '(__fish_complete_directories) (__dpxdt_tests)'
complete -c dpxdt -n $chosen -l help -s h -d 'Show help'

set -l chosen "__fish_seen_subcommand_from report"
complete -c dpxdt -n $chosen -a '(__fish_complete_directories)'
complete -c dpxdt -n $chosen -l output -s o -x -a '(__fish_complete_directories)' -d 'Write the gallery there'
complete -c dpxdt -n $chosen -l no-open -d 'Do not open it in a browser'
complete -c dpxdt -n $chosen -l help -s h -d 'Show help'

set -l chosen "__fish_seen_subcommand_from diff"
complete -c dpxdt -n $chosen -F
complete -c dpxdt -n $chosen -l output -s o -r -F -d 'Write a picture of what changed'
complete -c dpxdt -n $chosen -l style -x -a 'mask faded classic' -d 'What that picture shows'
complete -c dpxdt -n $chosen -l colors -x -a 'red safe' -d 'Its colors'
complete -c dpxdt -n $chosen -l color -x -d 'The color of what changed'
complete -c dpxdt -n $chosen -l metric -x -a 'exact yiq oklab ciede2000' -d 'How pixels are compared'
complete -c dpxdt -n $chosen -l threshold -x -d 'How far apart pixels must be to have changed'
complete -c dpxdt -n $chosen -l antialiasing -x -a 'count ignore' -d 'What to do with the edges of shapes'
complete -c dpxdt -n $chosen -l ignore -x -d 'Leave this area out'
complete -c dpxdt -n $chosen -l tolerance -x -d 'Let areas pass that differ by no more'
complete -c dpxdt -n $chosen -l tolerant-area -x -d 'A tolerance for areas in this one'
complete -c dpxdt -n $chosen -l align -d 'Find rows that came, went or moved'
complete -c dpxdt -n $chosen -l no-align -d 'Compare by place only'
complete -c dpxdt -n $chosen -l pairs -r -F -d 'Compare the pairs in this list'
complete -c dpxdt -n $chosen -l jobs -s j -x -d 'Pairs at once'
complete -c dpxdt -n $chosen -l json -d 'Print JSON'
complete -c dpxdt -n $chosen -l help -s h -d 'Show help'

for command in server migrate import fsck gc backup build api-key user
    set -l chosen "__fish_seen_subcommand_from $command"
    complete -c dpxdt -n $chosen -l data -x -a '(__fish_complete_directories)' -d 'Folder of the data'
    complete -c dpxdt -n $chosen -l database -x -d 'URL of the database'
    complete -c dpxdt -n $chosen -l blobs -x -a '(__fish_complete_directories)' -d 'Folder of the pictures'
end

set -l chosen "__fish_seen_subcommand_from gc"
complete -c dpxdt -n $chosen -l dry-run -d 'Tell what would be removed'
complete -c dpxdt -n $chosen -l grace -x -d 'Seconds for which bytes stay that nothing names'
complete -c dpxdt -n $chosen -l unused -x -d 'Seconds for which files stay that no run names'
set -l chosen "__fish_seen_subcommand_from backup"
complete -c dpxdt -n $chosen -l to -x -a '(__fish_complete_directories)' -d 'Folder of the backup'
complete -c dpxdt -n $chosen -l key-file -r -F -d 'The key with which configs are encrypted'

set -l chosen "__fish_seen_subcommand_from fsck"
complete -c dpxdt -n $chosen -l key-file -r -F -d 'The key with which configs are encrypted'

for command in worker site-diff pair-diff diff-my-urls diff-my-images
    set -l chosen "__fish_seen_subcommand_from $command"
    complete -c dpxdt -n $chosen -l release-server-prefix -x -d "Where the server's API is"
    complete -c dpxdt -n $chosen -l release-client-id -x -d 'Id of an API key'
    complete -c dpxdt -n $chosen -l release-client-secret -x -d 'Its secret'
end

for command in server worker
    set -l chosen "__fish_seen_subcommand_from $command"
    complete -c dpxdt -n $chosen -l queue-server-prefix -x -d 'Where its queue is'
    complete -c dpxdt -n $chosen -l config -r -F -d 'Settings: lines of option = value'
    complete -c dpxdt -n $chosen -l print-config -d 'Print the settings, and where each came from'
    complete -c dpxdt -n $chosen -l capture-threads -x -d 'Pages captured at once'
    complete -c dpxdt -n $chosen -l page-memory -x -d 'MB that a page may use'
    complete -c dpxdt -n $chosen -l page-time -x -d 'Seconds that a page may take'
    complete -c dpxdt -n $chosen -l sandbox -x -a 'required preferred' -d 'Of the browser'
    complete -c dpxdt -n $chosen -l diff-threads -x -d 'Pictures compared at once'
    complete -c dpxdt -n $chosen -l lease -x -d "Seconds after which a dead worker's task is another's"
    complete -c dpxdt -n $chosen -l browser -r -F -d 'Chromium to use'
    complete -c dpxdt -n $chosen -l allow-private -d 'Also capture pages at private addresses'
    complete -c dpxdt -n $chosen -l log-format -x -a 'logfmt json' -d 'Lines of key=value, or of JSON'
end

for command in site-diff pair-diff diff-my-urls diff-my-images
    set -l chosen "__fish_seen_subcommand_from $command"
    complete -c dpxdt -n $chosen -l upload-build-id -x -d 'The build of the release'
    complete -c dpxdt -n $chosen -l upload-release-name -x -d 'What the release is called'
    complete -c dpxdt -n $chosen -l release-cut-url -x -d 'Where people find out what it is'
    complete -c dpxdt -n $chosen -l status-url -x -d 'Where the status of its commit is told'
    complete -c dpxdt -n $chosen -l wait -d 'Until all is captured and compared'
    complete -c dpxdt -n $chosen -l wait-timeout -x -d 'But not longer than so many seconds'
    complete -c dpxdt -n $chosen -l json -d 'Print what came of it as JSON'
end

for command in site-diff pair-diff
    set -l chosen "__fish_seen_subcommand_from $command"
    complete -c dpxdt -n $chosen -l width -x -d 'Of the viewport'
    complete -c dpxdt -n $chosen -l height -x -d 'Of the viewport'
    complete -c dpxdt -n $chosen -l http-username -x -d 'For HTTP authentication'
    complete -c dpxdt -n $chosen -l http-password -x -d 'For HTTP authentication'
    complete -c dpxdt -n $chosen -l inject-css -x -d 'Added to each page'
    complete -c dpxdt -n $chosen -l inject-js -x -d 'Run in each page'
    complete -c dpxdt -n $chosen -l cookies -r -F -d 'JSON list of cookies'
end

for command in diff-my-urls diff-my-images
    set -l chosen "__fish_seen_subcommand_from $command"
    complete -c dpxdt -n $chosen -l tests-json-path -r -F -d 'The list'
end

for command in server worker migrate import fsck gc backup build api-key user site-diff pair-diff diff-my-urls diff-my-images
    set -l chosen "__fish_seen_subcommand_from $command"
    complete -c dpxdt -n $chosen -l help -s h -d 'Show help'
end

set -l chosen "__fish_seen_subcommand_from import"
complete -c dpxdt -n $chosen -l from -x -d 'URL of the old database'
complete -c dpxdt -n $chosen -l dry-run -d 'Tell what would come, and write nothing'
complete -c dpxdt -n $chosen -l key-file -r -F -d 'Key with which configs are encrypted'

set -l chosen "__fish_seen_subcommand_from server"
complete -c dpxdt -n $chosen -l port -x -d 'Port to listen on'
complete -c dpxdt -n $chosen -l host -x -d 'Address to listen on'
complete -c dpxdt -n $chosen -l enable-api-server -d 'Does nothing'
complete -c dpxdt -n $chosen -l enable-queue-workers -d 'Capture and compare in this process, too'
complete -c dpxdt -n $chosen -l ignore-auth -d 'Let everybody do everything'
complete -c dpxdt -n $chosen -l ignore-auth-anywhere -d 'On any address'
complete -c dpxdt -n $chosen -l public-url -x -d 'How people reach the server'
complete -c dpxdt -n $chosen -l trusted-proxies -x -d 'Proxies that are believed'
complete -c dpxdt -n $chosen -l oidc-issuer -x -d 'Login service'
complete -c dpxdt -n $chosen -l oidc-client-id -x -d 'What it calls this server'
complete -c dpxdt -n $chosen -l oidc-hosted-domain -x -d 'Let in only accounts of this domain'
complete -c dpxdt -n $chosen -l smtp -x -d 'Server that takes its mail'
complete -c dpxdt -n $chosen -l mail-from -x -d 'Address that mail comes from'
complete -c dpxdt -n $chosen -l smtp-user -x -d 'Who logs in there'
complete -c dpxdt -n $chosen -l smtp-tls -x -a 'required opportunistic none' -d 'Whether mail is encrypted on its way there'
complete -c dpxdt -n $chosen -l smtp-ca-file -r -F -d 'Certificates that are trusted there'
complete -c dpxdt -n $chosen -l key-file -r -F -d 'The key with which configs are encrypted'
complete -c dpxdt -n $chosen -l release-server-prefix -x -d 'Of the API that its workers use'
complete -c dpxdt -n $chosen -l max-request -x -d 'Largest upload, in MB'
complete -c dpxdt -n $chosen -l db-connections -x -d 'Connections to the database'

set -l chosen "__fish_seen_subcommand_from site-diff"
complete -c dpxdt -n $chosen -l crawl-depth -x -d 'Links from the start page'
complete -c dpxdt -n $chosen -l ignore-prefixes -x -d 'Addresses or paths that are left out'
complete -c dpxdt -n $chosen -l keep-query-string -d 'What differs behind the ? is another page'
complete -c dpxdt -n $chosen -l max-pages -x -d 'At most so many'
complete -c dpxdt -n $chosen -l max-time -x -d 'Seconds for finding them'
complete -c dpxdt -n $chosen -l no-sitemap -d "Do not look at the site's sitemap"

set -l chosen "__fish_seen_subcommand_from build"
complete -c dpxdt -n $chosen -a 'create list set'
complete -c dpxdt -n $chosen -l name -x -d 'What the build is called'
complete -c dpxdt -n $chosen -l public -d 'Anyone may look at it'
complete -c dpxdt -n $chosen -l build-id -x -d 'The build that is changed'
complete -c dpxdt -n $chosen -l keep-releases -x -d 'How many of the newest are kept, or all'

set -l chosen "__fish_seen_subcommand_from user"
complete -c dpxdt -n $chosen -a 'list promote demote'

set -l chosen "__fish_seen_subcommand_from api-key"
complete -c dpxdt -n $chosen -a 'create list revoke'
complete -c dpxdt -n $chosen -l build-id -x -d 'The build that the key is for'
complete -c dpxdt -n $chosen -l superuser -d 'For all builds, and for workers'
complete -c dpxdt -n $chosen -l purpose -x -d 'What it is for'
