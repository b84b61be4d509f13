# fish completion of dpxdt.

function __dpxdt_tests --description 'names of the tests of the folder on the command line'
    set -l words (commandline -opc)
    for word in $words[3..-1]
        string match -q -- '-*' $word; and continue
        dpxdt test --list-tests $word 2>/dev/null
        return
    end
end

set -l commands update test approve report diff help
complete -c dpxdt -f
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -l help -s h -d 'List the commands'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -l version -d 'Print the version'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a update -d 'Take the reference screenshots'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a test -d 'Take them again, and compare'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a approve -d 'Make the last pictures the references'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a report -d 'Show the pictures of the last test'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a diff -d 'Compare two pictures, or two folders'
complete -c dpxdt -n "not __fish_seen_subcommand_from $commands" -a help -d 'Print the options of a command'
complete -c dpxdt -n "__fish_seen_subcommand_from help" -a 'update test approve report diff'

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
