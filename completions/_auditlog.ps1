
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'auditlog' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'auditlog'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'auditlog' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('events', 'events', [CompletionResultType]::ParameterValue, 'Find events, newest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one event, every field')
            [CompletionResult]::new('ingest', 'ingest', [CompletionResultType]::ParameterValue, 'Store the audit events that a Backstage wrote to its log')
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'Check exclusion rules, and try them on history')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Serve the audit-event API over a store')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Look after a store')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Make, check, keep and try the access token')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Save, list and choose sources')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'auditlog;events' {
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust these PEM certificates beside the system''s [env: AUDITLOG_CA_CERT]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up on a request after this time')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Send no more requests than this, evenly spaced: N/s or N/m')
            [CompletionResult]::new('--plugin', '--plugin', [CompletionResultType]::ParameterName, 'Show events of these plugins')
            [CompletionResult]::new('--event', '--event', [CompletionResultType]::ParameterName, 'Show these events, like entity-fetch')
            [CompletionResult]::new('--severity', '--severity', [CompletionResultType]::ParameterName, 'Show these severities: low, medium, high, critical')
            [CompletionResult]::new('--min-severity', '--min-severity', [CompletionResultType]::ParameterName, 'Show this severity and those above it')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Show these outcomes: succeeded, failed')
            [CompletionResult]::new('--actor', '--actor', [CompletionResultType]::ParameterName, 'Show what these actors did, like user:default/john')
            [CompletionResult]::new('--actor-type', '--actor-type', [CompletionResultType]::ParameterName, 'Show these kinds of actor: user, service')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'Show these HTTP methods')
            [CompletionResult]::new('--request-url', '--request-url', [CompletionResultType]::ParameterName, 'Show requests to these paths')
            [CompletionResult]::new('--action', '--action', [CompletionResultType]::ParameterName, 'Show these actions, like create')
            [CompletionResult]::new('--query-type', '--query-type', [CompletionResultType]::ParameterName, 'Show these kinds of query, like by-id')
            [CompletionResult]::new('--entity', '--entity', [CompletionResultType]::ParameterName, 'Show events about these entities, like component:default/my-service')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Show events from here on: RFC 3339, 2026-01-31, "2026-01-31 10:00", 7d or 2h30m ago, now, today, yesterday, a weekday')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Show events up to here; a day belongs to it whole. Default: the server''s clock')
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'Show the last 24h, 7d, 2w')
            [CompletionResult]::new('--on', '--on', [CompletionResultType]::ParameterName, 'Show a day, month, quarter or year: 2026-01-31, 2026-01, 2026-Q1, 2026, today, yesterday, a weekday')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Read and show times in this zone, like Europe/Berlin. Default: local')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Show this many matching events')
            [CompletionResult]::new('--offset', '--offset', [CompletionResultType]::ParameterName, 'Skip this many matches; they are read, not shown')
            [CompletionResult]::new('--page-size', '--page-size', [CompletionResultType]::ParameterName, 'Ask for this many events a request, at most')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Send this many requests side by side, at most')
            [CompletionResult]::new('--receipt', '--receipt', [CompletionResultType]::ParameterName, 'Write how the answer was read and how far it is proven complete, as JSON')
            [CompletionResult]::new('--tail', '--tail', [CompletionResultType]::ParameterName, 'Show the newest N events first')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'Ask again after this time')
            [CompletionResult]::new('--overlap', '--overlap', [CompletionResultType]::ParameterName, 'Find events with each request that are recorded this long after they happened; later ones are found within an hour')
            [CompletionResult]::new('--checkpoint', '--checkpoint', [CompletionResultType]::ParameterName, 'Keep in this file what was shown, and go on from there the next time')
            [CompletionResult]::new('--max-events', '--max-events', [CompletionResultType]::ParameterName, 'End after this many events')
            [CompletionResult]::new('--stall-after', '--stall-after', [CompletionResultType]::ParameterName, 'End with code 3 when no event was recorded for this time')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write in this format. Default: the profile''s, else table')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write in this format. Default: the profile''s, else table')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Write these columns, like time,actor,meta.taskId (table, wide, csv)')
            [CompletionResult]::new('--columns', '--columns', [CompletionResultType]::ParameterName, 'Write these columns, like time,actor,meta.taskId (table, wide, csv)')
            [CompletionResult]::new('--output-file', '--output-file', [CompletionResultType]::ParameterName, 'Write to a file, whole or not at all, with --follow appending; - is stdout')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Ask the built-in sample trail')
            [CompletionResult]::new('--failed', '--failed', [CompletionResultType]::ParameterName, 'Show failures, as --status failed')
            [CompletionResult]::new('--utc', '--utc', [CompletionResultType]::ParameterName, 'Read and show times in UTC')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Show every event, and say whether it is proven that none is missing')
            [CompletionResult]::new('--reverse', '--reverse', [CompletionResultType]::ParameterName, 'Show the oldest first; with --limit the oldest N')
            [CompletionResult]::new('--require-complete', '--require-complete', [CompletionResultType]::ParameterName, 'Show every event, and end with code 3 where it is not proven that none is missing; --output-file is then left as it was')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Go on with events as they are recorded, oldest first, late ones too; start now, or at --since. Who read the trail itself is left out, unless --plugin audit-log or --event audit-log-read asks for it')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on with events as they are recorded, oldest first, late ones too; start now, or at --since. Who read the trail itself is left out, unless --plugin audit-log or --event audit-log-read asks for it')
            [CompletionResult]::new('--no-header', '--no-header', [CompletionResultType]::ParameterName, 'Leave out the line that names the columns (table, wide, csv)')
            [CompletionResult]::new('--csv-raw', '--csv-raw', [CompletionResultType]::ParameterName, 'Write values to CSV as they are, also those that a spreadsheet would run as formulas')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Print what is sent, what is applied here, and the first request; ask nothing')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;show' {
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust these PEM certificates beside the system''s [env: AUDITLOG_CA_CERT]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up on a request after this time')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Send no more requests than this, evenly spaced: N/s or N/m')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Show events from here on: RFC 3339, 2026-01-31, "2026-01-31 10:00", 7d or 2h30m ago, now, today, yesterday, a weekday')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Show events up to here; a day belongs to it whole. Default: the server''s clock')
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'Show the last 24h, 7d, 2w')
            [CompletionResult]::new('--on', '--on', [CompletionResultType]::ParameterName, 'Show a day, month, quarter or year: 2026-01-31, 2026-01, 2026-Q1, 2026, today, yesterday, a weekday')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Read and show times in this zone, like Europe/Berlin. Default: local')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write in this format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write in this format')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Ask the built-in sample trail')
            [CompletionResult]::new('--utc', '--utc', [CompletionResultType]::ParameterName, 'Read and show times in UTC')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;ingest' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Store to write to, a file or a postgres:// URL; created if there is none [env: AUDITLOG_STORE]')
            [CompletionResult]::new('--rejects', '--rejects', [CompletionResultType]::ParameterName, 'Append lines that say they are audit events, and cannot be read as such, to this file; and events that the server does not take, as JSON')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'Leave out what these exclusion rules say, too: YAML with excludeRules, as for rules check')
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Send the events to this server instead, an auditlog serve')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Send them to the server of this profile, or write to its store')
            [CompletionResult]::new('--state', '--state', [CompletionResultType]::ParameterName, 'Keep here how far each file was sent, and not in the folder of the configuration')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust these PEM certificates beside the system''s [env: AUDITLOG_CA_CERT]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up on a request after this time')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Send no more requests than this, evenly spaced: N/s or N/m')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Wait for what is written to the files, through rotations, until interrupted')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Wait for what is written to the files, through rotations, until interrupted')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;rules' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say what is wrong with exclusion rules, line by line')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Say what exclusion rules would drop of the events that there are')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'auditlog;rules;check' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;rules;test' {
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust these PEM certificates beside the system''s [env: AUDITLOG_CA_CERT]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up on a request after this time')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Send no more requests than this, evenly spaced: N/s or N/m')
            [CompletionResult]::new('--plugin', '--plugin', [CompletionResultType]::ParameterName, 'Show events of these plugins')
            [CompletionResult]::new('--event', '--event', [CompletionResultType]::ParameterName, 'Show these events, like entity-fetch')
            [CompletionResult]::new('--severity', '--severity', [CompletionResultType]::ParameterName, 'Show these severities: low, medium, high, critical')
            [CompletionResult]::new('--min-severity', '--min-severity', [CompletionResultType]::ParameterName, 'Show this severity and those above it')
            [CompletionResult]::new('--status', '--status', [CompletionResultType]::ParameterName, 'Show these outcomes: succeeded, failed')
            [CompletionResult]::new('--actor', '--actor', [CompletionResultType]::ParameterName, 'Show what these actors did, like user:default/john')
            [CompletionResult]::new('--actor-type', '--actor-type', [CompletionResultType]::ParameterName, 'Show these kinds of actor: user, service')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'Show these HTTP methods')
            [CompletionResult]::new('--request-url', '--request-url', [CompletionResultType]::ParameterName, 'Show requests to these paths')
            [CompletionResult]::new('--action', '--action', [CompletionResultType]::ParameterName, 'Show these actions, like create')
            [CompletionResult]::new('--query-type', '--query-type', [CompletionResultType]::ParameterName, 'Show these kinds of query, like by-id')
            [CompletionResult]::new('--entity', '--entity', [CompletionResultType]::ParameterName, 'Show events about these entities, like component:default/my-service')
            [CompletionResult]::new('--since', '--since', [CompletionResultType]::ParameterName, 'Show events from here on: RFC 3339, 2026-01-31, "2026-01-31 10:00", 7d or 2h30m ago, now, today, yesterday, a weekday')
            [CompletionResult]::new('--until', '--until', [CompletionResultType]::ParameterName, 'Show events up to here; a day belongs to it whole. Default: the server''s clock')
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'Show the last 24h, 7d, 2w')
            [CompletionResult]::new('--on', '--on', [CompletionResultType]::ParameterName, 'Show a day, month, quarter or year: 2026-01-31, 2026-01, 2026-Q1, 2026, today, yesterday, a weekday')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Read and show times in this zone, like Europe/Berlin. Default: local')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write in this format')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write in this format')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Ask the built-in sample trail')
            [CompletionResult]::new('--failed', '--failed', [CompletionResultType]::ParameterName, 'Show failures, as --status failed')
            [CompletionResult]::new('--utc', '--utc', [CompletionResultType]::ParameterName, 'Read and show times in UTC')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;rules;help' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say what is wrong with exclusion rules, line by line')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Say what exclusion rules would drop of the events that there are')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'auditlog;rules;help;check' {
            break
        }
        'auditlog;rules;help;test' {
            break
        }
        'auditlog;rules;help;help' {
            break
        }
        'auditlog;serve' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Serve this store, a file or a postgres:// URL; created where there is none [env: AUDITLOG_STORE]')
            [CompletionResult]::new('--accept-token-file', '--accept-token-file', [CompletionResultType]::ParameterName, 'Accept the tokens in this file, one a line; they may read')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read tokens and settings from this app-config.yaml; may be repeated, the later file wins')
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Listen here; port 0 takes any that is free [default: 127.0.0.1:7017]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Check the configuration and end')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Serve the built-in sample trail with a new token')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;store' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Show what is in a store')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Read all of a store, and say what is wrong with it')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy a store to a new file, while it is in use')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete the events before a time, for good')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'auditlog;store;info' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile''s')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;store;check' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile''s')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;store;backup' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile''s')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;store;prune' {
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'The store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The store of this profile [env: AUDITLOG_PROFILE]. Without either: the default profile''s')
            [CompletionResult]::new('--before', '--before', [CompletionResultType]::ParameterName, 'Delete what happened before: RFC 3339, 2026-01-31, 400d ago as 400d')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Read and show times in this zone, like Europe/Berlin. Default: local')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('--utc', '--utc', [CompletionResultType]::ParameterName, 'Read and show times in UTC')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say how many events there are, and delete none')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;store;help' {
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Show what is in a store')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Read all of a store, and say what is wrong with it')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy a store to a new file, while it is in use')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete the events before a time, for good')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'auditlog;store;help;info' {
            break
        }
        'auditlog;store;help;check' {
            break
        }
        'auditlog;store;help;backup' {
            break
        }
        'auditlog;store;help;prune' {
            break
        }
        'auditlog;store;help;help' {
            break
        }
        'auditlog;token' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Print a new random token')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check that a server can take a token')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Keep the token of a profile')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell where the token comes from, and whether the server takes it')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Forget the stored token of a profile')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'auditlog;token;generate' {
            [CompletionResult]::new('--bytes', '--bytes', [CompletionResultType]::ParameterName, 'Take this many random bytes from the operating system')
            [CompletionResult]::new('--encoding', '--encoding', [CompletionResultType]::ParameterName, 'Write them as text this way')
            [CompletionResult]::new('--save', '--save', [CompletionResultType]::ParameterName, 'Keep the token for this profile too')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('--hash', '--hash', [CompletionResultType]::ParameterName, 'Print its SHA-256 too, in a second line: a server''s configuration takes it in place of the token')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;token;validate' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Check the stored token of this profile')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;token;set' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile. Default: the default profile')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;token;status' {
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'Ask this server; it may have a path prefix [env: AUDITLOG_URL]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Ask the server or store of this profile [env: AUDITLOG_PROFILE]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Ask a store: a file, or a database by its postgres:// URL [env: AUDITLOG_STORE]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the token from a file, or from standard input with - [env: AUDITLOG_TOKEN_FILE, or the token itself in AUDITLOG_TOKEN]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust these PEM certificates beside the system''s [env: AUDITLOG_CA_CERT]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up on a request after this time')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Ask again this often where a failure may pass (429, 502, 503, 504, the network)')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Send no more requests than this, evenly spaced: N/s or N/m')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Ask the built-in sample trail')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;token;remove' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'The profile. Default: the default profile')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;token;help' {
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Print a new random token')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check that a server can take a token')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Keep the token of a profile')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell where the token comes from, and whether the server takes it')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Forget the stored token of a profile')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'auditlog;token;help;generate' {
            break
        }
        'auditlog;token;help;validate' {
            break
        }
        'auditlog;token;help;set' {
            break
        }
        'auditlog;token;help;status' {
            break
        }
        'auditlog;token;help;remove' {
            break
        }
        'auditlog;token;help;help' {
            break
        }
        'auditlog;profile' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Save a source under a name')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles; * marks the default')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a profile''s settings, and where each comes from')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Make a profile the default')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a profile and its stored token')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'auditlog;profile;add' {
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'Address of a server; it may have a path prefix')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'A store instead of a server: a file, or a database by its postgres:// URL')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust these PEM certificates beside the system''s')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write in this format unless asked otherwise')
            [CompletionResult]::new('--tz', '--tz', [CompletionResultType]::ParameterName, 'Read and show times in this zone unless asked otherwise')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Run this program for the token: its name and arguments, without a shell; comes last')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('--allow-plain-http', '--allow-plain-http', [CompletionResultType]::ParameterName, 'Let the token cross a network over plain http')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Replace a profile of the same name')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;profile;list' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;profile;show' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;profile;use' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;profile;remove' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;profile;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Save a source under a name')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles; * marks the default')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a profile''s settings, and where each comes from')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Make a profile the default')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a profile and its stored token')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'auditlog;profile;help;add' {
            break
        }
        'auditlog;profile;help;list' {
            break
        }
        'auditlog;profile;help;show' {
            break
        }
        'auditlog;profile;help;use' {
            break
        }
        'auditlog;profile;help;remove' {
            break
        }
        'auditlog;profile;help;help' {
            break
        }
        'auditlog;completions' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Show colours [env: NO_COLOR]')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing about the answer but errors and warnings')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more: each request and the causes of errors; twice: the headers of answers')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print this help; -h prints less of it')
            break
        }
        'auditlog;help' {
            [CompletionResult]::new('events', 'events', [CompletionResultType]::ParameterValue, 'Find events, newest first')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show one event, every field')
            [CompletionResult]::new('ingest', 'ingest', [CompletionResultType]::ParameterValue, 'Store the audit events that a Backstage wrote to its log')
            [CompletionResult]::new('rules', 'rules', [CompletionResultType]::ParameterValue, 'Check exclusion rules, and try them on history')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Serve the audit-event API over a store')
            [CompletionResult]::new('store', 'store', [CompletionResultType]::ParameterValue, 'Look after a store')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Make, check, keep and try the access token')
            [CompletionResult]::new('profile', 'profile', [CompletionResultType]::ParameterValue, 'Save, list and choose sources')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'auditlog;help;events' {
            break
        }
        'auditlog;help;show' {
            break
        }
        'auditlog;help;ingest' {
            break
        }
        'auditlog;help;rules' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Say what is wrong with exclusion rules, line by line')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Say what exclusion rules would drop of the events that there are')
            break
        }
        'auditlog;help;rules;check' {
            break
        }
        'auditlog;help;rules;test' {
            break
        }
        'auditlog;help;serve' {
            break
        }
        'auditlog;help;store' {
            [CompletionResult]::new('info', 'info', [CompletionResultType]::ParameterValue, 'Show what is in a store')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Read all of a store, and say what is wrong with it')
            [CompletionResult]::new('backup', 'backup', [CompletionResultType]::ParameterValue, 'Copy a store to a new file, while it is in use')
            [CompletionResult]::new('prune', 'prune', [CompletionResultType]::ParameterValue, 'Delete the events before a time, for good')
            break
        }
        'auditlog;help;store;info' {
            break
        }
        'auditlog;help;store;check' {
            break
        }
        'auditlog;help;store;backup' {
            break
        }
        'auditlog;help;store;prune' {
            break
        }
        'auditlog;help;token' {
            [CompletionResult]::new('generate', 'generate', [CompletionResultType]::ParameterValue, 'Print a new random token')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check that a server can take a token')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Keep the token of a profile')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Tell where the token comes from, and whether the server takes it')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Forget the stored token of a profile')
            break
        }
        'auditlog;help;token;generate' {
            break
        }
        'auditlog;help;token;validate' {
            break
        }
        'auditlog;help;token;set' {
            break
        }
        'auditlog;help;token;status' {
            break
        }
        'auditlog;help;token;remove' {
            break
        }
        'auditlog;help;profile' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Save a source under a name')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the profiles; * marks the default')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show a profile''s settings, and where each comes from')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Make a profile the default')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a profile and its stored token')
            break
        }
        'auditlog;help;profile;add' {
            break
        }
        'auditlog;help;profile;list' {
            break
        }
        'auditlog;help;profile;show' {
            break
        }
        'auditlog;help;profile;use' {
            break
        }
        'auditlog;help;profile;remove' {
            break
        }
        'auditlog;help;completions' {
            break
        }
        'auditlog;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
