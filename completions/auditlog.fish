# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_auditlog_global_optspecs
    string join \n q/quiet v/verbose color= h/help V/version
end

function __fish_auditlog_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_auditlog_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_auditlog_using_subcommand
    set -l cmd (__fish_auditlog_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c auditlog -n "__fish_auditlog_needs_command" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_needs_command" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_needs_command" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_needs_command" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_needs_command" -s V -l version -d 'Print version'
complete -c auditlog -n "__fish_auditlog_needs_command" -f -a "events" -d 'Find events, newest first'
complete -c auditlog -n "__fish_auditlog_needs_command" -f -a "show" -d 'Show one event, every field'
complete -c auditlog -n "__fish_auditlog_needs_command" -f -a "ingest" -d 'Store the audit events that a Backstage wrote to its log'
complete -c auditlog -n "__fish_auditlog_needs_command" -f -a "rules" -d 'Check exclusion rules, and try them on history'
complete -c auditlog -n "__fish_auditlog_needs_command" -f -a "serve" -d 'Serve the audit-event API over a store'
complete -c auditlog -n "__fish_auditlog_needs_command" -f -a "store" -d 'Look after a store'
complete -c auditlog -n "__fish_auditlog_needs_command" -f -a "token" -d 'Make, check, keep and try the access token'
complete -c auditlog -n "__fish_auditlog_needs_command" -f -a "profile" -d 'Save, list and choose sources'
complete -c auditlog -n "__fish_auditlog_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c auditlog -n "__fish_auditlog_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l url -d 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l profile -d 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l store -d 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l token-file -d 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l ca-cert -d 'Trust these PEM certificates beside the system\'s [env: AUDITLOG_CA_CERT]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l timeout -d 'Give up on a request after this time' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l retries -d 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l rate -d 'Send no more requests than this, evenly spaced: N/s or N/m' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l plugin -d 'Show events of these plugins' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l event -d 'Show these events, like entity-fetch' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l severity -d 'Show these severities: low, medium, high, critical' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l min-severity -d 'Show this severity and those above it' -r -f -a "low\t''
medium\t''
high\t''
critical\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l status -d 'Show these outcomes: succeeded, failed' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l actor -d 'Show what these actors did, like user:default/john' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l actor-type -d 'Show these kinds of actor: user, service' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l method -d 'Show these HTTP methods' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l request-url -d 'Show requests to these paths' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l action -d 'Show these actions, like create' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l query-type -d 'Show these kinds of query, like by-id' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l entity -d 'Show events about these entities, like component:default/my-service' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l since -d 'Show events from here on: RFC 3339, 2026-01-31, "2026-01-31 10:00", 7d or 2h30m ago, now, today, yesterday, a weekday' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l until -d 'Show events up to here; a day belongs to it whole. Default: the server\'s clock' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l last -d 'Show the last 24h, 7d, 2w' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l on -d 'Show a day, month, quarter or year: 2026-01-31, 2026-01, 2026-Q1, 2026, today, yesterday, a weekday' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l tz -d 'Read and show times in this zone, like Europe/Berlin. Default: local' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l limit -d 'Show this many matching events' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l offset -d 'Skip this many matches; they are read, not shown' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l page-size -d 'Ask for this many events a request, at most' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l concurrency -d 'Send this many requests side by side, at most' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l receipt -d 'Write how the answer was read and how far it is proven complete, as JSON' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l tail -d 'Show the newest N events first' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l interval -d 'Ask again after this time' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l overlap -d 'Find events with each request that are recorded this long after they happened; later ones are found within an hour' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l checkpoint -d 'Keep in this file what was shown, and go on from there the next time' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l max-events -d 'End after this many events' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l stall-after -d 'End with code 3 when no event was recorded for this time' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -s o -l output -d 'Write in this format. Default: the profile\'s, else table' -r -f -a "table\t'Columns that fit the terminal'
wide\t'Every field, nothing cut off'
json\t'One JSON array'
jsonl\t'An event a line, as JSON'
csv\t'CSV for spreadsheets'"
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -s c -l columns -d 'Write these columns, like time,actor,meta.taskId (table, wide, csv)' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l output-file -d 'Write to a file, whole or not at all, with --follow appending; - is stdout' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l demo -d 'Ask the built-in sample trail'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l failed -d 'Show failures, as --status failed'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l utc -d 'Read and show times in UTC'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l all -d 'Show every event, and say whether it is proven that none is missing'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l reverse -d 'Show the oldest first; with --limit the oldest N'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l require-complete -d 'Show every event, and end with code 3 where it is not proven that none is missing; --output-file is then left as it was'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -s f -l follow -d 'Go on with events as they are recorded, oldest first, late ones too; start now, or at --since. Who read the trail itself is left out, unless --plugin audit-log or --event audit-log-read asks for it'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l no-header -d 'Leave out the line that names the columns (table, wide, csv)'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l csv-raw -d 'Write values to CSV as they are, also those that a spreadsheet would run as formulas'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -l explain -d 'Print what is sent, what is applied here, and the first request; ask nothing'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand events" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l url -d 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l profile -d 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l store -d 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l token-file -d 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l ca-cert -d 'Trust these PEM certificates beside the system\'s [env: AUDITLOG_CA_CERT]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l timeout -d 'Give up on a request after this time' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l retries -d 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l rate -d 'Send no more requests than this, evenly spaced: N/s or N/m' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l since -d 'Show events from here on: RFC 3339, 2026-01-31, "2026-01-31 10:00", 7d or 2h30m ago, now, today, yesterday, a weekday' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l until -d 'Show events up to here; a day belongs to it whole. Default: the server\'s clock' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l last -d 'Show the last 24h, 7d, 2w' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l on -d 'Show a day, month, quarter or year: 2026-01-31, 2026-01, 2026-Q1, 2026, today, yesterday, a weekday' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l tz -d 'Read and show times in this zone, like Europe/Berlin. Default: local' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -s o -l output -d 'Write in this format' -r -f -a "text\t'A field a line'
json\t'The JSON as it was sent'"
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l demo -d 'Ask the built-in sample trail'
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -l utc -d 'Read and show times in UTC'
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand show" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l store -d 'Store to write to, a file or a postgres:// URL; created if there is none [env: AUDITLOG_STORE]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l rejects -d 'Append lines that say they are audit events, and cannot be read as such, to this file; and events that the server does not take, as JSON' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l rules -d 'Leave out what these exclusion rules say, too: YAML with excludeRules, as for rules check' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l to -d 'Send the events to this server instead, an auditlog serve' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l profile -d 'Send them to the server of this profile, or write to its store' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l state -d 'Keep here how far each file was sent, and not in the folder of the configuration' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l token-file -d 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l ca-cert -d 'Trust these PEM certificates beside the system\'s [env: AUDITLOG_CA_CERT]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l timeout -d 'Give up on a request after this time' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l retries -d 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l rate -d 'Send no more requests than this, evenly spaced: N/s or N/m' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -s f -l follow -d 'Wait for what is written to the files, through rotations, until interrupted'
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand ingest" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and not __fish_seen_subcommand_from check test help" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and not __fish_seen_subcommand_from check test help" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and not __fish_seen_subcommand_from check test help" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and not __fish_seen_subcommand_from check test help" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and not __fish_seen_subcommand_from check test help" -f -a "check" -d 'Say what is wrong with exclusion rules, line by line'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and not __fish_seen_subcommand_from check test help" -f -a "test" -d 'Say what exclusion rules would drop of the events that there are'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and not __fish_seen_subcommand_from check test help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from check" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from check" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l url -d 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l profile -d 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l store -d 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l token-file -d 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l ca-cert -d 'Trust these PEM certificates beside the system\'s [env: AUDITLOG_CA_CERT]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l timeout -d 'Give up on a request after this time' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l retries -d 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l rate -d 'Send no more requests than this, evenly spaced: N/s or N/m' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l plugin -d 'Show events of these plugins' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l event -d 'Show these events, like entity-fetch' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l severity -d 'Show these severities: low, medium, high, critical' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l min-severity -d 'Show this severity and those above it' -r -f -a "low\t''
medium\t''
high\t''
critical\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l status -d 'Show these outcomes: succeeded, failed' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l actor -d 'Show what these actors did, like user:default/john' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l actor-type -d 'Show these kinds of actor: user, service' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l method -d 'Show these HTTP methods' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l request-url -d 'Show requests to these paths' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l action -d 'Show these actions, like create' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l query-type -d 'Show these kinds of query, like by-id' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l entity -d 'Show events about these entities, like component:default/my-service' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l since -d 'Show events from here on: RFC 3339, 2026-01-31, "2026-01-31 10:00", 7d or 2h30m ago, now, today, yesterday, a weekday' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l until -d 'Show events up to here; a day belongs to it whole. Default: the server\'s clock' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l last -d 'Show the last 24h, 7d, 2w' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l on -d 'Show a day, month, quarter or year: 2026-01-31, 2026-01, 2026-Q1, 2026, today, yesterday, a weekday' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l tz -d 'Read and show times in this zone, like Europe/Berlin. Default: local' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -s o -l output -d 'Write in this format' -r -f -a "table\t'Two tables: the rules, and what nobody should lose'
json\t'One JSON object'"
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l demo -d 'Ask the built-in sample trail'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l failed -d 'Show failures, as --status failed'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -l utc -d 'Read and show times in UTC'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from test" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "check" -d 'Say what is wrong with exclusion rules, line by line'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "test" -d 'Say what exclusion rules would drop of the events that there are'
complete -c auditlog -n "__fish_auditlog_using_subcommand rules; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c auditlog -n "__fish_auditlog_using_subcommand serve" -l store -d 'Serve this store, a file or a postgres:// URL; created where there is none [env: AUDITLOG_STORE]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand serve" -l accept-token-file -d 'Accept the tokens in this file, one a line; they may read' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand serve" -l config -d 'Read tokens and settings from this app-config.yaml; may be repeated, the later file wins' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand serve" -l listen -d 'Listen here; port 0 takes any that is free [default: 127.0.0.1:7017]' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand serve" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand serve" -l check -d 'Check the configuration and end'
complete -c auditlog -n "__fish_auditlog_using_subcommand serve" -l demo -d 'Serve the built-in sample trail with a new token'
complete -c auditlog -n "__fish_auditlog_using_subcommand serve" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand serve" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand serve" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and not __fish_seen_subcommand_from info check backup prune help" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and not __fish_seen_subcommand_from info check backup prune help" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and not __fish_seen_subcommand_from info check backup prune help" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and not __fish_seen_subcommand_from info check backup prune help" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and not __fish_seen_subcommand_from info check backup prune help" -f -a "info" -d 'Show what is in a store'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and not __fish_seen_subcommand_from info check backup prune help" -f -a "check" -d 'Read all of a store, and say what is wrong with it'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and not __fish_seen_subcommand_from info check backup prune help" -f -a "backup" -d 'Copy a store to a new file, while it is in use'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and not __fish_seen_subcommand_from info check backup prune help" -f -a "prune" -d 'Delete the events before a time, for good'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and not __fish_seen_subcommand_from info check backup prune help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from info" -l store -d 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from info" -l profile -d 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile\'s' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from info" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from info" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from info" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from info" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from check" -l store -d 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from check" -l profile -d 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile\'s' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from check" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from check" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from backup" -l store -d 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from backup" -l profile -d 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile\'s' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from backup" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from backup" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from prune" -l store -d 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from prune" -l profile -d 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile\'s' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from prune" -l before -d 'Delete what happened before: RFC 3339, 2026-01-31, 400d ago as 400d' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from prune" -l tz -d 'Read and show times in this zone, like Europe/Berlin. Default: local' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from prune" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from prune" -l utc -d 'Read and show times in UTC'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from prune" -l dry-run -d 'Say how many events there are, and delete none'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from prune" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "info" -d 'Show what is in a store'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "check" -d 'Read all of a store, and say what is wrong with it'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "backup" -d 'Copy a store to a new file, while it is in use'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "prune" -d 'Delete the events before a time, for good'
complete -c auditlog -n "__fish_auditlog_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and not __fish_seen_subcommand_from generate validate set status remove help" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and not __fish_seen_subcommand_from generate validate set status remove help" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and not __fish_seen_subcommand_from generate validate set status remove help" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and not __fish_seen_subcommand_from generate validate set status remove help" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and not __fish_seen_subcommand_from generate validate set status remove help" -f -a "generate" -d 'Print a new random token'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and not __fish_seen_subcommand_from generate validate set status remove help" -f -a "validate" -d 'Check that a server can take a token'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and not __fish_seen_subcommand_from generate validate set status remove help" -f -a "set" -d 'Keep the token of a profile'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and not __fish_seen_subcommand_from generate validate set status remove help" -f -a "status" -d 'Tell where the token comes from, and whether the server takes it'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and not __fish_seen_subcommand_from generate validate set status remove help" -f -a "remove" -d 'Forget the stored token of a profile'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and not __fish_seen_subcommand_from generate validate set status remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from generate" -l bytes -d 'Take this many random bytes from the operating system' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from generate" -l encoding -d 'Write them as text this way' -r -f -a "base64\t'With padding, as Portal\'s guide has it'
base64url\t'Without padding; safe in URLs and file names'
hex\t'Lower-case hexadecimal digits'"
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from generate" -l save -d 'Keep the token for this profile too' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from generate" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from generate" -l hash -d 'Print its SHA-256 too, in a second line: a server\'s configuration takes it in place of the token'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from generate" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from generate" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from validate" -l profile -d 'Check the stored token of this profile' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from validate" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from validate" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from validate" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from validate" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from set" -l profile -d 'The profile. Default: the default profile' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from set" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from set" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -l url -d 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -l profile -d 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -l store -d 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -l token-file -d 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -l ca-cert -d 'Trust these PEM certificates beside the system\'s [env: AUDITLOG_CA_CERT]' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -l timeout -d 'Give up on a request after this time' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -l retries -d 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -l rate -d 'Send no more requests than this, evenly spaced: N/s or N/m' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -l demo -d 'Ask the built-in sample trail'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from status" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from remove" -l profile -d 'The profile. Default: the default profile' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from remove" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "generate" -d 'Print a new random token'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "validate" -d 'Check that a server can take a token'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "set" -d 'Keep the token of a profile'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "status" -d 'Tell where the token comes from, and whether the server takes it'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Forget the stored token of a profile'
complete -c auditlog -n "__fish_auditlog_using_subcommand token; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and not __fish_seen_subcommand_from add list show use remove help" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and not __fish_seen_subcommand_from add list show use remove help" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and not __fish_seen_subcommand_from add list show use remove help" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and not __fish_seen_subcommand_from add list show use remove help" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and not __fish_seen_subcommand_from add list show use remove help" -f -a "add" -d 'Save a source under a name'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and not __fish_seen_subcommand_from add list show use remove help" -f -a "list" -d 'List the profiles; * marks the default'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and not __fish_seen_subcommand_from add list show use remove help" -f -a "show" -d 'Show a profile\'s settings, and where each comes from'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and not __fish_seen_subcommand_from add list show use remove help" -f -a "use" -d 'Make a profile the default'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and not __fish_seen_subcommand_from add list show use remove help" -f -a "remove" -d 'Remove a profile and its stored token'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and not __fish_seen_subcommand_from add list show use remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -l url -d 'Address of a server; it may have a path prefix' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -l store -d 'A store instead of a server: a file, or a database by its postgres:// URL' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -l ca-cert -d 'Trust these PEM certificates beside the system\'s' -r -F
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -l output -d 'Write in this format unless asked otherwise' -r -f -a "table\t'Columns that fit the terminal'
wide\t'Every field, nothing cut off'
json\t'One JSON array'
jsonl\t'An event a line, as JSON'
csv\t'CSV for spreadsheets'"
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -l tz -d 'Read and show times in this zone unless asked otherwise' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -l token-command -d 'Run this program for the token: its name and arguments, without a shell; comes last' -r
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -l allow-plain-http -d 'Let the token cross a network over plain http'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -l replace -d 'Replace a profile of the same name'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from add" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from list" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from list" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from show" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from show" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from use" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from use" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from use" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from use" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from remove" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "add" -d 'Save a source under a name'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the profiles; * marks the default'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a profile\'s settings, and where each comes from'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "use" -d 'Make a profile the default'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a profile and its stored token'
complete -c auditlog -n "__fish_auditlog_using_subcommand profile; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c auditlog -n "__fish_auditlog_using_subcommand completions" -l color -d 'Show colours [env: NO_COLOR]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c auditlog -n "__fish_auditlog_using_subcommand completions" -s q -l quiet -d 'Say nothing about the answer but errors and warnings'
complete -c auditlog -n "__fish_auditlog_using_subcommand completions" -s v -l verbose -d 'Say more: each request and the causes of errors; twice: the headers of answers'
complete -c auditlog -n "__fish_auditlog_using_subcommand completions" -s h -l help -d 'Print this help; -h prints less of it'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and not __fish_seen_subcommand_from events show ingest rules serve store token profile completions help" -f -a "events" -d 'Find events, newest first'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and not __fish_seen_subcommand_from events show ingest rules serve store token profile completions help" -f -a "show" -d 'Show one event, every field'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and not __fish_seen_subcommand_from events show ingest rules serve store token profile completions help" -f -a "ingest" -d 'Store the audit events that a Backstage wrote to its log'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and not __fish_seen_subcommand_from events show ingest rules serve store token profile completions help" -f -a "rules" -d 'Check exclusion rules, and try them on history'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and not __fish_seen_subcommand_from events show ingest rules serve store token profile completions help" -f -a "serve" -d 'Serve the audit-event API over a store'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and not __fish_seen_subcommand_from events show ingest rules serve store token profile completions help" -f -a "store" -d 'Look after a store'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and not __fish_seen_subcommand_from events show ingest rules serve store token profile completions help" -f -a "token" -d 'Make, check, keep and try the access token'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and not __fish_seen_subcommand_from events show ingest rules serve store token profile completions help" -f -a "profile" -d 'Save, list and choose sources'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and not __fish_seen_subcommand_from events show ingest rules serve store token profile completions help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and not __fish_seen_subcommand_from events show ingest rules serve store token profile completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "check" -d 'Say what is wrong with exclusion rules, line by line'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from rules" -f -a "test" -d 'Say what exclusion rules would drop of the events that there are'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "info" -d 'Show what is in a store'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "check" -d 'Read all of a store, and say what is wrong with it'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "backup" -d 'Copy a store to a new file, while it is in use'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "prune" -d 'Delete the events before a time, for good'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "generate" -d 'Print a new random token'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "validate" -d 'Check that a server can take a token'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "set" -d 'Keep the token of a profile'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "status" -d 'Tell where the token comes from, and whether the server takes it'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from token" -f -a "remove" -d 'Forget the stored token of a profile'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "add" -d 'Save a source under a name'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "list" -d 'List the profiles; * marks the default'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "show" -d 'Show a profile\'s settings, and where each comes from'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "use" -d 'Make a profile the default'
complete -c auditlog -n "__fish_auditlog_using_subcommand help; and __fish_seen_subcommand_from profile" -f -a "remove" -d 'Remove a profile and its stored token'
