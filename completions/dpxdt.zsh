#compdef dpxdt
# zsh completion of dpxdt.

_dpxdt_tests() {
    local -a names
    names=(${(f)"$(_call_program tests dpxdt test --list-tests ${(Q)words[2]} 2>/dev/null)"})
    compadd -a names
}

_dpxdt() {
    local context state state_descr line
    typeset -A opt_args
    local -a commands run data client work release page help
    commands=(
        'update:take the reference screenshots of the tests in a folder'
        'test:take the screenshots again, and compare them with the references'
        'approve:make the pictures of the last test the references'
        'report:show the pictures of the last test'
        'diff:compare two pictures, or two folders of them'
        'server:keep builds and releases'
        'worker:capture and compare for a server'
        'build:create a build, list them, or change one'
        'api-key:create, list or revoke keys of the API'
        'user:list who has logged in, make superusers of them'
        'migrate:bring a database to the version of this program'
        'import:take over the database of an old server'
        'fsck:check what a server keeps'
        'gc:remove what a server need not keep'
        'backup:copy what a server keeps'
        'site-diff:have all pages of a site compared by a server'
        'pair-diff:have two pages compared by a server'
        'diff-my-urls:have the pages of a list compared by a server'
        'diff-my-images:have screenshots compared by a server'
        'help:print the commands, or the options of one'
    )
    run=(
        '--test-filter=[only tests that match]:patterns:'
        '--list-tests[print the names of the tests, and run none]'
        '(-j --jobs)'{-j+,--jobs=}'[pages at once]:number:'
        '--retries=[try a test again that fails or differs]:number:'
        '--browser=[Chromium to use]:program:_files'
        '--report=[write a gallery of the pictures]:folder:_directories'
        '--junit=[write JUnit XML]:file:_files'
        '--json=[write all results as JSON]:file:_files'
        '--github[print annotations for GitHub Actions]'
        '(-h --help)'{-h,--help}'[show help]'
        '1:folder of the tests:_directories'
    )

    data=(
        '--data=[folder of the data]:folder:_directories'
        '--database=[URL of the database]:value:'
        '--blobs=[folder of the pictures]:folder:_directories'
    )
    client=(
        "--release-server-prefix=[where the server's API is]:value:"
        '--release-client-id=[id of an API key]:value:'
        '--release-client-secret=[its secret]:value:'
    )
    work=(
        '--queue-server-prefix=[where its queue is]:value:'
        '--config=[settings: lines of option = value]:file:_files'
        '--print-config[print the settings, and where each came from]'
        '--capture-threads=[pages captured at once]:value:'
        '--page-memory=[MB that a page may use]:value:'
        '--page-time=[seconds that a page may take]:value:'
        '--sandbox=[of the browser]:how:(required preferred)'
        '--diff-threads=[pictures compared at once]:value:'
        "--lease=[seconds after which a dead worker's task is another's]:value:"
        '--browser=[Chromium to use]:file:_files'
        '--allow-private[also capture pages at private addresses]'
        '--log-format=[lines of key=value, or of JSON]:which:(logfmt json)'
    )
    release=(
        '--upload-build-id=[the build of the release]:value:'
        '--upload-release-name=[what the release is called]:value:'
        '--release-cut-url=[where people find out what it is]:value:'
        '--status-url=[where the status of its commit is told]:value:'
        '--wait[until all is captured and compared]'
        '--wait-timeout=[but not longer than so many seconds]:value:'
        '--json[print what came of it as JSON]'
    )
    page=(
        '--width=[of the viewport]:value:'
        '--height=[of the viewport]:value:'
        '--http-username=[for HTTP authentication]:value:'
        '--http-password=[for HTTP authentication]:value:'
        '--inject-css=[added to each page]:value:'
        '--inject-js=[run in each page]:value:'
        '--cookies=[JSON list of cookies]:file:_files'
    )
    help=(
        '(-h --help)'{-h,--help}'[show help]'
    )

    _arguments -C '(-h --help)'{-h,--help}'[list the commands]' '--version[print the version]' \
        '1: :->command' '*:: :->arguments' && return
    case $state in
    command) _describe command commands ;;
    arguments)
        case $words[1] in
        update | test) _arguments -S $run ;;
        approve)
            _arguments -S '(-h --help)'{-h,--help}'[show help]' '1:folder of the tests:_directories' '*:test:_dpxdt_tests'
            ;;
        report)
            _arguments -S '(-o --output)'{-o+,--output=}'[write the gallery there]:folder:_directories' \
                '--no-open[do not open it in a browser]' '(-h --help)'{-h,--help}'[show help]' \
                '1:folder of the tests:_directories'
            ;;
        diff)
            _arguments -S '(-o --output)'{-o+,--output=}'[write a picture of what changed]:file:_files' \
                '--style=[what that picture shows]:style:(mask faded classic)' \
                '--colors=[its colors]:set:(red safe)' \
                '--color=[the color of what changed]:#rrggbb:' \
                '--metric=[how pixels are compared]:metric:(exact yiq oklab ciede2000)' \
                '--threshold=[how far apart pixels must be to have changed]:numbers:' \
                '--antialiasing=[what to do with the edges of shapes]:what:(count ignore)' \
                '*--ignore=[leave this area out]:x,y,width,height:' \
                '--tolerance=[let areas pass that differ by no more]:number from 0 to 1:' \
                '*--tolerant-area=[a tolerance for areas in this one]:x,y,width,height=number:' \
                '(--no-align)--align[find rows that came, went or moved]' \
                '(--align)--no-align[compare by place only]' \
                '(1 2)--pairs=[compare the pairs in this list]:file:_files' \
                '(-j --jobs)'{-j+,--jobs=}'[pairs at once]:number:' \
                '--json[print JSON]' '(-h --help)'{-h,--help}'[show help]' \
                '1:picture or folder:_files -g "*.png"' '2:picture or folder:_files -g "*.png"'
            ;;
        server)
            _arguments -S $data $work $help \
                '--port=[port to listen on]:value:' \
                '--host=[address to listen on]:value:' \
                '--enable-api-server[does nothing]' \
                '--enable-queue-workers[capture and compare in this process, too]' \
                '--ignore-auth[let everybody do everything]' \
                '--ignore-auth-anywhere[on any address]' \
                '--public-url=[how people reach the server]:value:' \
                '--trusted-proxies=[proxies that are believed]:value:' \
                '--oidc-issuer=[login service]:value:' \
                '--oidc-client-id=[what it calls this server]:value:' \
                '--oidc-hosted-domain=[let in only accounts of this domain]:value:' \
                '--smtp=[server that takes its mail]:value:' \
                '--mail-from=[address that mail comes from]:value:' \
                '--smtp-user=[who logs in there]:value:' \
                '--smtp-tls=[whether mail is encrypted on its way there]:how:(required opportunistic none)' \
                '--smtp-ca-file=[certificates that are trusted there]:file:_files' \
                '--key-file=[the key with which configs are encrypted]:file:_files' \
                '--release-server-prefix=[of the API that its workers use]:value:' \
                '--max-request=[largest upload, in MB]:value:' \
                '--db-connections=[connections to the database]:value:'
            ;;
        worker) _arguments -S $client $work $help ;;
        build)
            _arguments -S $data $help '--name=[what the build is called]:name:' '--public[anyone may look at it]' \
                '--build-id=[the build that is changed]:id:' '--keep-releases=[how many of the newest are kept, or all]:number:' \
                '1:what to do:(create list set)'
            ;;
        api-key)
            _arguments -S $data $help '--build-id=[the build that the key is for]:id:' \
                '--superuser[for all builds, and for workers]' '--purpose=[what it is for]:text:' \
                '1:what to do:(create list revoke)' '2:key:'
            ;;
        user) _arguments -S $data $help '1:what to do:(list promote demote)' '2:address of mail:' ;;
        migrate) _arguments -S $data $help ;;
        fsck)
            _arguments -S $data $help '--key-file=[the key with which configs are encrypted]:file:_files'
            ;;
        import)
            _arguments -S $data $help '--from=[URL of the old database]:value:' \
                '--dry-run[tell what would come, and write nothing]' \
                '--key-file=[key with which configs are encrypted]:file:_files'
            ;;
        gc)
            _arguments -S $data $help '--dry-run[tell what would be removed]' \
                '--grace=[seconds for which bytes stay that nothing names]:seconds:' \
                '--unused=[seconds for which files stay that no run names]:seconds:'
            ;;
        backup)
            _arguments -S $data $help '--to=[folder of the backup]:folder:_directories' \
                '--key-file=[the key with which configs are encrypted]:file:_files'
            ;;
        site-diff)
            _arguments -S $client $release $page $help \
                '--crawl-depth=[links from the start page]:value:' \
                '--ignore-prefixes=[addresses or paths that are left out]:value:' \
                '--keep-query-string[what differs behind the ? is another page]' \
                '--max-pages=[at most so many]:value:' \
                '--max-time=[seconds for finding them]:value:' \
                "--no-sitemap[do not look at the site's sitemap]" \
                '1:address:_urls'
            ;;
        pair-diff) _arguments -S $client $release $page $help '1:address before:_urls' '2:address after:_urls' ;;
        diff-my-urls | diff-my-images)
            _arguments -S $client $release $help '--tests-json-path=[the list]:file:_files'
            ;;
        help) _describe command commands ;;
        esac
        ;;
    esac
}

_dpxdt "$@"
