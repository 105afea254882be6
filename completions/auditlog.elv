
use builtin;
use str;

set edit:completion:arg-completer[auditlog] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'auditlog'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'auditlog'= {
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
            cand -V 'Print version'
            cand --version 'Print version'
            cand events 'Find events, newest first'
            cand show 'Show one event, every field'
            cand ingest 'Store the audit events that a Backstage wrote to its log'
            cand rules 'Check exclusion rules, and try them on history'
            cand serve 'Serve the audit-event API over a store'
            cand store 'Look after a store'
            cand token 'Make, check, keep and try the access token'
            cand profile 'Save, list and choose sources'
            cand completions 'Print the completion script of a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'auditlog;events'= {
            cand --url 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]'
            cand --profile 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]'
            cand --store 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]'
            cand --token-file 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]'
            cand --ca-cert 'Trust these PEM certificates beside the system''s [env: AUDITLOG_CA_CERT]'
            cand --timeout 'Give up on a request after this time'
            cand --retries 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)'
            cand --rate 'Send no more requests than this, evenly spaced: N/s or N/m'
            cand --plugin 'Show events of these plugins'
            cand --event 'Show these events, like entity-fetch'
            cand --severity 'Show these severities: low, medium, high, critical'
            cand --min-severity 'Show this severity and those above it'
            cand --status 'Show these outcomes: succeeded, failed'
            cand --actor 'Show what these actors did, like user:default/john'
            cand --actor-type 'Show these kinds of actor: user, service'
            cand --method 'Show these HTTP methods'
            cand --request-url 'Show requests to these paths'
            cand --action 'Show these actions, like create'
            cand --query-type 'Show these kinds of query, like by-id'
            cand --entity 'Show events about these entities, like component:default/my-service'
            cand --since 'Show events from here on: RFC 3339, 2026-01-31, "2026-01-31 10:00", 7d or 2h30m ago, now, today, yesterday, a weekday'
            cand --until 'Show events up to here; a day belongs to it whole. Default: the server''s clock'
            cand --last 'Show the last 24h, 7d, 2w'
            cand --on 'Show a day, month, quarter or year: 2026-01-31, 2026-01, 2026-Q1, 2026, today, yesterday, a weekday'
            cand --tz 'Read and show times in this zone, like Europe/Berlin. Default: local'
            cand --limit 'Show this many matching events'
            cand --offset 'Skip this many matches; they are read, not shown'
            cand --page-size 'Ask for this many events a request, at most'
            cand --concurrency 'Send this many requests side by side, at most'
            cand --receipt 'Write how the answer was read and how far it is proven complete, as JSON'
            cand --tail 'Show the newest N events first'
            cand --interval 'Ask again after this time'
            cand --overlap 'Find events with each request that are recorded this long after they happened; later ones are found within an hour'
            cand --checkpoint 'Keep in this file what was shown, and go on from there the next time'
            cand --max-events 'End after this many events'
            cand --stall-after 'End with code 3 when no event was recorded for this time'
            cand -o 'Write in this format. Default: the profile''s, else table'
            cand --output 'Write in this format. Default: the profile''s, else table'
            cand -c 'Write these columns, like time,actor,meta.taskId (table, wide, csv)'
            cand --columns 'Write these columns, like time,actor,meta.taskId (table, wide, csv)'
            cand --output-file 'Write to a file, whole or not at all, with --follow appending; - is stdout'
            cand --color 'Show colours [env: NO_COLOR]'
            cand --demo 'Ask the built-in sample trail'
            cand --failed 'Show failures, as --status failed'
            cand --utc 'Read and show times in UTC'
            cand --all 'Show every event, and say whether it is proven that none is missing'
            cand --reverse 'Show the oldest first; with --limit the oldest N'
            cand --require-complete 'Show every event, and end with code 3 where it is not proven that none is missing; --output-file is then left as it was'
            cand -f 'Go on with events as they are recorded, oldest first, late ones too; start now, or at --since. Who read the trail itself is left out, unless --plugin audit-log or --event audit-log-read asks for it'
            cand --follow 'Go on with events as they are recorded, oldest first, late ones too; start now, or at --since. Who read the trail itself is left out, unless --plugin audit-log or --event audit-log-read asks for it'
            cand --no-header 'Leave out the line that names the columns (table, wide, csv)'
            cand --csv-raw 'Write values to CSV as they are, also those that a spreadsheet would run as formulas'
            cand --explain 'Print what is sent, what is applied here, and the first request; ask nothing'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;show'= {
            cand --url 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]'
            cand --profile 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]'
            cand --store 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]'
            cand --token-file 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]'
            cand --ca-cert 'Trust these PEM certificates beside the system''s [env: AUDITLOG_CA_CERT]'
            cand --timeout 'Give up on a request after this time'
            cand --retries 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)'
            cand --rate 'Send no more requests than this, evenly spaced: N/s or N/m'
            cand --since 'Show events from here on: RFC 3339, 2026-01-31, "2026-01-31 10:00", 7d or 2h30m ago, now, today, yesterday, a weekday'
            cand --until 'Show events up to here; a day belongs to it whole. Default: the server''s clock'
            cand --last 'Show the last 24h, 7d, 2w'
            cand --on 'Show a day, month, quarter or year: 2026-01-31, 2026-01, 2026-Q1, 2026, today, yesterday, a weekday'
            cand --tz 'Read and show times in this zone, like Europe/Berlin. Default: local'
            cand -o 'Write in this format'
            cand --output 'Write in this format'
            cand --color 'Show colours [env: NO_COLOR]'
            cand --demo 'Ask the built-in sample trail'
            cand --utc 'Read and show times in UTC'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;ingest'= {
            cand --store 'Store to write to, a file or a postgres:// URL; created if there is none [env: AUDITLOG_STORE]'
            cand --rejects 'Append lines that say they are audit events, and cannot be read as such, to this file; and events that the server does not take, as JSON'
            cand --rules 'Leave out what these exclusion rules say, too: YAML with excludeRules, as for rules check'
            cand --to 'Send the events to this server instead, an auditlog serve'
            cand --profile 'Send them to the server of this profile, or write to its store'
            cand --state 'Keep here how far each file was sent, and not in the folder of the configuration'
            cand --token-file 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]'
            cand --ca-cert 'Trust these PEM certificates beside the system''s [env: AUDITLOG_CA_CERT]'
            cand --timeout 'Give up on a request after this time'
            cand --retries 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)'
            cand --rate 'Send no more requests than this, evenly spaced: N/s or N/m'
            cand --color 'Show colours [env: NO_COLOR]'
            cand -f 'Wait for what is written to the files, through rotations, until interrupted'
            cand --follow 'Wait for what is written to the files, through rotations, until interrupted'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;rules'= {
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
            cand check 'Say what is wrong with exclusion rules, line by line'
            cand test 'Say what exclusion rules would drop of the events that there are'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'auditlog;rules;check'= {
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;rules;test'= {
            cand --url 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]'
            cand --profile 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]'
            cand --store 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]'
            cand --token-file 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]'
            cand --ca-cert 'Trust these PEM certificates beside the system''s [env: AUDITLOG_CA_CERT]'
            cand --timeout 'Give up on a request after this time'
            cand --retries 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)'
            cand --rate 'Send no more requests than this, evenly spaced: N/s or N/m'
            cand --plugin 'Show events of these plugins'
            cand --event 'Show these events, like entity-fetch'
            cand --severity 'Show these severities: low, medium, high, critical'
            cand --min-severity 'Show this severity and those above it'
            cand --status 'Show these outcomes: succeeded, failed'
            cand --actor 'Show what these actors did, like user:default/john'
            cand --actor-type 'Show these kinds of actor: user, service'
            cand --method 'Show these HTTP methods'
            cand --request-url 'Show requests to these paths'
            cand --action 'Show these actions, like create'
            cand --query-type 'Show these kinds of query, like by-id'
            cand --entity 'Show events about these entities, like component:default/my-service'
            cand --since 'Show events from here on: RFC 3339, 2026-01-31, "2026-01-31 10:00", 7d or 2h30m ago, now, today, yesterday, a weekday'
            cand --until 'Show events up to here; a day belongs to it whole. Default: the server''s clock'
            cand --last 'Show the last 24h, 7d, 2w'
            cand --on 'Show a day, month, quarter or year: 2026-01-31, 2026-01, 2026-Q1, 2026, today, yesterday, a weekday'
            cand --tz 'Read and show times in this zone, like Europe/Berlin. Default: local'
            cand -o 'Write in this format'
            cand --output 'Write in this format'
            cand --color 'Show colours [env: NO_COLOR]'
            cand --demo 'Ask the built-in sample trail'
            cand --failed 'Show failures, as --status failed'
            cand --utc 'Read and show times in UTC'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;rules;help'= {
            cand check 'Say what is wrong with exclusion rules, line by line'
            cand test 'Say what exclusion rules would drop of the events that there are'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'auditlog;rules;help;check'= {
        }
        &'auditlog;rules;help;test'= {
        }
        &'auditlog;rules;help;help'= {
        }
        &'auditlog;serve'= {
            cand --store 'Serve this store, a file or a postgres:// URL; created where there is none [env: AUDITLOG_STORE]'
            cand --accept-token-file 'Accept the tokens in this file, one a line; they may read'
            cand --config 'Read tokens and settings from this app-config.yaml; may be repeated, the later file wins'
            cand --listen 'Listen here; port 0 takes any that is free [default: 127.0.0.1:7017]'
            cand --color 'Show colours [env: NO_COLOR]'
            cand --check 'Check the configuration and end'
            cand --demo 'Serve the built-in sample trail with a new token'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;store'= {
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
            cand info 'Show what is in a store'
            cand check 'Read all of a store, and say what is wrong with it'
            cand backup 'Copy a store to a new file, while it is in use'
            cand prune 'Delete the events before a time, for good'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'auditlog;store;info'= {
            cand --store 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]'
            cand --profile 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile''s'
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;store;check'= {
            cand --store 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]'
            cand --profile 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile''s'
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;store;backup'= {
            cand --store 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]'
            cand --profile 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile''s'
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;store;prune'= {
            cand --store 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]'
            cand --profile 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile''s'
            cand --before 'Delete what happened before: RFC 3339, 2026-01-31, 400d ago as 400d'
            cand --tz 'Read and show times in this zone, like Europe/Berlin. Default: local'
            cand --color 'Show colours [env: NO_COLOR]'
            cand --utc 'Read and show times in UTC'
            cand --dry-run 'Say how many events there are, and delete none'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;store;help'= {
            cand info 'Show what is in a store'
            cand check 'Read all of a store, and say what is wrong with it'
            cand backup 'Copy a store to a new file, while it is in use'
            cand prune 'Delete the events before a time, for good'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'auditlog;store;help;info'= {
        }
        &'auditlog;store;help;check'= {
        }
        &'auditlog;store;help;backup'= {
        }
        &'auditlog;store;help;prune'= {
        }
        &'auditlog;store;help;help'= {
        }
        &'auditlog;token'= {
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
            cand generate 'Print a new random token'
            cand validate 'Check that a server can take a token'
            cand set 'Keep the token of a profile'
            cand status 'Tell where the token comes from, and whether the server takes it'
            cand remove 'Forget the stored token of a profile'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'auditlog;token;generate'= {
            cand --bytes 'Take this many random bytes from the operating system'
            cand --encoding 'Write them as text this way'
            cand --save 'Keep the token for this profile too'
            cand --color 'Show colours [env: NO_COLOR]'
            cand --hash 'Print its SHA-256 too, in a second line: a server''s configuration takes it in place of the token'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;token;validate'= {
            cand --profile 'Check the stored token of this profile'
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;token;set'= {
            cand --profile 'The profile. Default: the default profile'
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;token;status'= {
            cand --url 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]'
            cand --profile 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]'
            cand --store 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]'
            cand --token-file 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]'
            cand --ca-cert 'Trust these PEM certificates beside the system''s [env: AUDITLOG_CA_CERT]'
            cand --timeout 'Give up on a request after this time'
            cand --retries 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)'
            cand --rate 'Send no more requests than this, evenly spaced: N/s or N/m'
            cand --color 'Show colours [env: NO_COLOR]'
            cand --demo 'Ask the built-in sample trail'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;token;remove'= {
            cand --profile 'The profile. Default: the default profile'
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;token;help'= {
            cand generate 'Print a new random token'
            cand validate 'Check that a server can take a token'
            cand set 'Keep the token of a profile'
            cand status 'Tell where the token comes from, and whether the server takes it'
            cand remove 'Forget the stored token of a profile'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'auditlog;token;help;generate'= {
        }
        &'auditlog;token;help;validate'= {
        }
        &'auditlog;token;help;set'= {
        }
        &'auditlog;token;help;status'= {
        }
        &'auditlog;token;help;remove'= {
        }
        &'auditlog;token;help;help'= {
        }
        &'auditlog;profile'= {
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
            cand add 'Save a source under a name'
            cand list 'List the profiles; * marks the default'
            cand show 'Show a profile''s settings, and where each comes from'
            cand use 'Make a profile the default'
            cand remove 'Remove a profile and its stored token'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'auditlog;profile;add'= {
            cand --url 'Address of a server; it may have a path prefix'
            cand --store 'A store instead of a server: a file, or a database by its postgres:// URL'
            cand --ca-cert 'Trust these PEM certificates beside the system''s'
            cand --output 'Write in this format unless asked otherwise'
            cand --tz 'Read and show times in this zone unless asked otherwise'
            cand --token-command 'Run this program for the token: its name and arguments, without a shell; comes last'
            cand --color 'Show colours [env: NO_COLOR]'
            cand --allow-plain-http 'Let the token cross a network over plain http'
            cand --replace 'Replace a profile of the same name'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;profile;list'= {
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;profile;show'= {
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;profile;use'= {
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;profile;remove'= {
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;profile;help'= {
            cand add 'Save a source under a name'
            cand list 'List the profiles; * marks the default'
            cand show 'Show a profile''s settings, and where each comes from'
            cand use 'Make a profile the default'
            cand remove 'Remove a profile and its stored token'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'auditlog;profile;help;add'= {
        }
        &'auditlog;profile;help;list'= {
        }
        &'auditlog;profile;help;show'= {
        }
        &'auditlog;profile;help;use'= {
        }
        &'auditlog;profile;help;remove'= {
        }
        &'auditlog;profile;help;help'= {
        }
        &'auditlog;completions'= {
            cand --color 'Show colours [env: NO_COLOR]'
            cand -q 'Say nothing about the answer but errors and warnings'
            cand --quiet 'Say nothing about the answer but errors and warnings'
            cand -v 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand --verbose 'Say more: each request and the causes of errors; twice: the headers of answers'
            cand -h 'Print this help; -h prints less of it'
            cand --help 'Print this help; -h prints less of it'
        }
        &'auditlog;help'= {
            cand events 'Find events, newest first'
            cand show 'Show one event, every field'
            cand ingest 'Store the audit events that a Backstage wrote to its log'
            cand rules 'Check exclusion rules, and try them on history'
            cand serve 'Serve the audit-event API over a store'
            cand store 'Look after a store'
            cand token 'Make, check, keep and try the access token'
            cand profile 'Save, list and choose sources'
            cand completions 'Print the completion script of a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'auditlog;help;events'= {
        }
        &'auditlog;help;show'= {
        }
        &'auditlog;help;ingest'= {
        }
        &'auditlog;help;rules'= {
            cand check 'Say what is wrong with exclusion rules, line by line'
            cand test 'Say what exclusion rules would drop of the events that there are'
        }
        &'auditlog;help;rules;check'= {
        }
        &'auditlog;help;rules;test'= {
        }
        &'auditlog;help;serve'= {
        }
        &'auditlog;help;store'= {
            cand info 'Show what is in a store'
            cand check 'Read all of a store, and say what is wrong with it'
            cand backup 'Copy a store to a new file, while it is in use'
            cand prune 'Delete the events before a time, for good'
        }
        &'auditlog;help;store;info'= {
        }
        &'auditlog;help;store;check'= {
        }
        &'auditlog;help;store;backup'= {
        }
        &'auditlog;help;store;prune'= {
        }
        &'auditlog;help;token'= {
            cand generate 'Print a new random token'
            cand validate 'Check that a server can take a token'
            cand set 'Keep the token of a profile'
            cand status 'Tell where the token comes from, and whether the server takes it'
            cand remove 'Forget the stored token of a profile'
        }
        &'auditlog;help;token;generate'= {
        }
        &'auditlog;help;token;validate'= {
        }
        &'auditlog;help;token;set'= {
        }
        &'auditlog;help;token;status'= {
        }
        &'auditlog;help;token;remove'= {
        }
        &'auditlog;help;profile'= {
            cand add 'Save a source under a name'
            cand list 'List the profiles; * marks the default'
            cand show 'Show a profile''s settings, and where each comes from'
            cand use 'Make a profile the default'
            cand remove 'Remove a profile and its stored token'
        }
        &'auditlog;help;profile;add'= {
        }
        &'auditlog;help;profile;list'= {
        }
        &'auditlog;help;profile;show'= {
        }
        &'auditlog;help;profile;use'= {
        }
        &'auditlog;help;profile;remove'= {
        }
        &'auditlog;help;completions'= {
        }
        &'auditlog;help;help'= {
        }
    ]
    $completions[$command]
}
