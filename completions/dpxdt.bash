# bash completion of dpxdt. Needs nothing but bash 4; where bash-completion is installed, it is loaded by itself.

_dpxdt_commands='update test approve report diff server worker build api-key user migrate import fsck gc backup site-diff pair-diff
    diff-my-urls diff-my-images'

_dpxdt_options() { # COMMAND: its options, as compgen -W wants them; '=' where a value follows
    local data='--data= --database= --blobs=' client='--release-server-prefix= --release-client-id= --release-client-secret='
    local work='--queue-server-prefix= --config= --print-config --capture-threads= --diff-threads= --lease= --page-memory= --page-time= --sandbox= --browser= --allow-private --log-format='
    local release="--upload-build-id= --upload-release-name= --release-cut-url= --status-url= $client --wait"
    release+=' --wait-timeout= --json'
    local page='--width= --height= --http-username= --http-password= --inject-css= --inject-js= --cookies='
    case $1 in
    update | test)
        echo '--test-filter= --list-tests --jobs= -j --retries= --browser= --report= --junit= --json= --github --help -h'
        ;;
    approve) echo '--help -h' ;;
    report) echo '--output= -o --no-open --help -h' ;;
    diff)
        echo '--output= -o --style= --colors= --color= --metric= --threshold= --antialiasing= --ignore= --tolerance=' \
            '--tolerant-area= --align --no-align --pairs= --jobs= -j --json --help -h'
        ;;
    server)
        echo "$data $work" '--key-file= --port= --host= --enable-api-server --enable-queue-workers --ignore-auth --ignore-auth-anywhere' \
            '--public-url= --trusted-proxies= --oidc-issuer= --oidc-client-id= --oidc-hosted-domain=' \
            '--smtp= --mail-from= --smtp-user= --smtp-tls= --smtp-ca-file=' \
            '--release-server-prefix= --max-request= --db-connections= --help -h'
        ;;
    worker) echo "$client $work --help -h" ;;
    build) echo "$data --name= --public --build-id= --keep-releases= --help -h" ;;
    api-key) echo "$data --build-id= --superuser --purpose= --help -h" ;;
    migrate | user) echo "$data --help -h" ;;
    fsck) echo "$data --key-file= --help -h" ;;
    import) echo "$data --from= --dry-run --key-file= --help -h" ;;
    gc) echo "$data --dry-run --grace= --unused= --help -h" ;;
    backup) echo "$data --to= --key-file= --help -h" ;;
    site-diff)
        echo '--crawl-depth= --ignore-prefixes= --keep-query-string --max-pages= --max-time= --no-sitemap' \
            "$release $page --help -h"
        ;;
    pair-diff) echo "$release $page --help -h" ;;
    diff-my-urls | diff-my-images) echo "--tests-json-path= $release --help -h" ;;
    esac
}

# Completes $2, the value of an option of $1 named $3. False if the option has none.
_dpxdt_value() {
    case $1:$3 in
    report:--output | report:-o | *:--report | *:--data | *:--blobs | backup:--to) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    *:--browser) mapfile -t COMPREPLY < <(compgen -f -c -- "$2") ;;
    diff:--style) mapfile -t COMPREPLY < <(compgen -W 'mask faded classic' -- "$2") ;;
    diff:--colors) mapfile -t COMPREPLY < <(compgen -W 'red safe' -- "$2") ;;
    diff:--metric) mapfile -t COMPREPLY < <(compgen -W 'exact yiq oklab ciede2000' -- "$2") ;;
    diff:--antialiasing) mapfile -t COMPREPLY < <(compgen -W 'count ignore' -- "$2") ;;
    diff:--output | diff:-o | diff:--pairs | update:--json | test:--json | *:--junit) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    *:--tests-json-path | *:--cookies | *:--smtp-ca-file | *:--config | *:--key-file) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    *:--log-format) mapfile -t COMPREPLY < <(compgen -W 'logfmt json' -- "$2") ;;
    *:--sandbox) mapfile -t COMPREPLY < <(compgen -W 'required preferred' -- "$2") ;;
    *:--smtp-tls) mapfile -t COMPREPLY < <(compgen -W 'required opportunistic none' -- "$2") ;;
    *:--test-filter | *:--jobs | *:-j | *:--retries) COMPREPLY=() ;;
    diff:--color | diff:--threshold | diff:--ignore | diff:--tolerance | diff:--tolerant-area) COMPREPLY=() ;;
    *) # of the server's commands those that are left: names, numbers and addresses
        [[ $3 == --* && " $(_dpxdt_options "$1") " == *" $3= "* ]] || return 1
        COMPREPLY=()
        ;;
    esac
    compopt -o filenames 2>/dev/null
    return 0
}

# The names of the tests of the folder $1 that begin with $2; none if it holds no tests.
_dpxdt_tests() {
    mapfile -t COMPREPLY < <(dpxdt test --list-tests "$1" 2>/dev/null | while IFS= read -r name; do
        [[ $name == "$2"* ]] && printf '%q\n' "$name"
    done)
}

_dpxdt() {
    local word=$2 command='' previous=$3 i arguments=()
    COMPREPLY=()

    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] && continue
        if [[ ! $command ]]; then command=${COMP_WORDS[i]}; else arguments+=("${COMP_WORDS[i]}"); fi
    done
    if [[ ! $command || ($command == help && ${#arguments[@]} -eq 0) ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$_dpxdt_commands help --help -h --version" -- "$word")
        [[ $command == help ]] && mapfile -t COMPREPLY < <(compgen -W "$_dpxdt_commands" -- "$word")
        return
    fi
    # bash makes three words of --option=value.
    if [[ ${COMP_WORDS[COMP_CWORD]} == = ]]; then
        _dpxdt_value "$command" '' "$previous" && return
    elif [[ $previous == = ]]; then
        _dpxdt_value "$command" "$word" "${COMP_WORDS[COMP_CWORD - 2]}" && return
    elif [[ $previous == -* ]]; then
        _dpxdt_value "$command" "$word" "$previous" && return
    fi
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_dpxdt_options "$command")" -- "$word")
        [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace 2>/dev/null
        return
    fi
    case $command in
    approve)
        if ((${#arguments[@]} > 0)); then
            _dpxdt_tests "${arguments[0]}" "$word"
            return
        fi
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        ;;
    diff) mapfile -t COMPREPLY < <(compgen -f -X '!*.png' -- "$word"; compgen -d -- "$word") ;;
    build) ((${#arguments[@]} > 0)) || mapfile -t COMPREPLY < <(compgen -W 'create list set' -- "$word") ;;
    api-key) ((${#arguments[@]} > 0)) || mapfile -t COMPREPLY < <(compgen -W 'create list revoke' -- "$word") ;;
    user) ((${#arguments[@]} > 0)) || mapfile -t COMPREPLY < <(compgen -W 'list promote demote' -- "$word") ;;
    server | worker | migrate | import | fsck | gc | backup | *-diff | diff-my-*) ;;
    *) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    esac
    compopt -o filenames 2>/dev/null
}

complete -F _dpxdt dpxdt
