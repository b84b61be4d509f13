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
    local -a commands run
    commands=(
        'update:take the reference screenshots of the tests in a folder'
        'test:take the screenshots again, and compare them with the references'
        'approve:make the pictures of the last test the references'
        'report:show the pictures of the last test'
        'diff:compare two pictures, or two folders of them'
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
        help) _describe command commands ;;
        esac
        ;;
    esac
}

_dpxdt "$@"
