#!/usr/bin/env bash
# Times the reading of everything beside curl and beside the loop that people write, near and far, and its memory.
# Needs cargo, curl, jq, python3 and GNU time. Prints Markdown, and puts it into benches/README.md. Takes minutes; the
# first time it makes a store of a million events below target/, which later runs use again.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in cargo curl jq python3 /usr/bin/time; do
  command -v "$tool" >/dev/null || { echo "bench-walk: $tool is missing" >&2; exit 2; }
done

cargo build --release --quiet
auditlog=$PWD/target/release/auditlog
cache=target/bench-walk/$(cat scripts/bench-events.py src/store/sqlite/migrations/* | cksum | cut -d' ' -f1)
work=$(mktemp -d)
children=()
trap 'kill "${children[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT
export AUDITLOG_CONFIG_DIR=$work
say() { echo "bench-walk: $*" >&2; }

# store NAME COUNT DAYS [PADDING]
store() {
  [ ! -e "$cache/$1.db" ] || return 0
  say "making a store of $2 events"
  mkdir -p "$cache"
  rm -f "$cache/$1".*
  python3 scripts/bench-events.py "${@:2}" > "$cache/$1.jsonl"
  "$auditlog" ingest -q "$cache/$1.jsonl" --store "$cache/$1.new"
  rm "$cache/$1.jsonl"
  mv "$cache/$1.new" "$cache/$1.db"
}
store million 1000000 28
store large 50000 28 1500

(umask 077; "$auditlog" token generate -q > "$work/token"; echo "header = \"Authorization: Bearer $(cat "$work/token")\"" > "$work/curl")
# start NAME COMMAND…: runs a server and sets `url` to what it prints.
start() {
  mkfifo "$work/$1.url"
  "${@:2}" > "$work/$1.url" &
  children+=($!)
  read -r url < "$work/$1.url"
}
serve() { start "$1" "$auditlog" serve -q --store "$cache/$1.db" --accept-token-file "$work/token" --listen 127.0.0.1:0; }
serve large
large=$url
serve million
near=$url
start far python3 scripts/bench-delay.py "${near##*:}" 50
far=$url

# The time of the event so many places behind the newest of the store.
time_of() { "$auditlog" events -q --store "$cache/million.db" --since 2000-01-01 --limit 1 --offset "$1" -o jsonl | jq -r .event_time; }
until=$(time_of 0)
since_all=$(time_of 999999)
since=$(time_of 99999)
# everything URL SINCE [OPTION…]
everything() { "$auditlog" events -q --url "$1" --token-file "$work/token" --since "$2" --until "$until" --all -o jsonl "${@:3}"; }
loop() { scripts/bench-loop.sh "$1" "$work/curl" "$since" "$until"; }

# The windows that are asked for, for curl: all of them at once.
everything "$near" "$since_all" -v 2>&1 >/dev/null | sed -n 's/^> GET \(http[^ ]*\) .*/url = "\1"\noutput = "\/dev\/null"/p' > "$work/windows"
windows=$(grep -c ^url "$work/windows")
same_windows() { curl -sS --no-progress-meter --fail -K "$work/curl" -K "$work/windows" --parallel --parallel-max "$concurrency" --parallel-immediate; }
concurrency=4

say "checking that both sides bring the same"
cmp <(everything "$near" "$since") <(loop "$near") >&2
[ "$(everything "$near" "$since_all" | wc -l)" = 1000000 ]

# rounds COUNT NAME COMMAND NAME COMMAND…: runs them in turn, so that a busy moment meets all, and keeps the times.
rounds() {
  local count=$1 begun round
  shift
  for ((round = 0; round <= count; round++)); do
    local left=("$@")
    while [ ${#left[@]} -gt 0 ]; do
      begun=${EPOCHREALTIME/./}
      eval "${left[1]}" > /dev/null
      # The first round is there to warm up.
      [ "$round" = 0 ] || echo $((${EPOCHREALTIME/./} - begun)) >> "$work/${left[0]}.times"
      left=("${left[@]:2}")
    done
  done
}
say "a million events"
rounds 5 all 'everything "$near" "$since_all"' windows same_windows
say "a hundred thousand, near"
rounds 3 near 'everything "$near" "$since"' near_loop 'loop "$near"'
say "a hundred thousand, far"
rounds 3 far 'everything "$far" "$since"' far16 'everything "$far" "$since" --concurrency 16' far_loop 'loop "$far"'

# Medians in microseconds; the numbers of times are odd.
median() { sort -n "$work/$1.times" | awk '{ all[NR] = $1 } END { print all[(NR + 1) / 2] }'; }
seconds() { awk -v all="$(sort -n "$work/$1.times" | tr '\n' ' ')" 'BEGIN { n = split(all, t); printf "%.2f s | %.2f s | %.2f s", t[(n + 1) / 2] / 1e6, t[1] / 1e6, t[n] / 1e6 }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
peak() {
  /usr/bin/time -o "$work/peak" -f %M "$auditlog" events -q --url "$1" --token-file "$work/token" --since "$2" --all -o jsonl > /dev/null
  awk '{ printf "%.1f MB", $1 * 1024 / 1e6 }' "$work/peak"
}
say "memory"
peak_100k=$(peak "$near" "$since")
peak_million=$(peak "$near" "$since_all")
peak_large=$(peak "$large" 2000-01-01)

scripts/bench-section.py walk <<MARKDOWN
# Reading everything

The last run of \`scripts/bench-walk.sh\`: $(date -u +%F), commit $(git rev-parse --short HEAD), $(nproc) cores,
$(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB of memory, $(rustc --version | cut -d' ' -f1,2), $(curl --version | awk 'NR == 1 { print $1, $2 }'), $(jq --version). \`auditlog serve\` and its
client share the machine. 1,000,000 events of about 500 bytes over 28 days; \`ours\` is
\`auditlog events --all -o jsonl\`, 4 requests side by side unless it says otherwise.

## Beside curl

\`curl --parallel\` fetches the same $windows windows, $concurrency side by side, to /dev/null.

| 1,000,000 events | median | min | max |
|---|---|---|---|
| ours | $(seconds all) |
| curl | $(seconds windows) |

Ratio of the medians: **$(ratio "$(median all)" "$(median windows)")** (to hold: at most 1.3).

## Beside the loop that people write

\`scripts/bench-loop.sh\`: \`curl\` a page of 1000, \`jq -c '.data[]'\`, next offset. Both outputs are the same bytes. Far
away is the same server with 50 ms more for every answer.

| the newest 100,000 events | median | min | max | loop / ours | to hold |
|---|---|---|---|---|---|
| ours | $(seconds near) | **$(ratio "$(median near_loop)" "$(median near)")** | at least 8 |
| the loop | $(seconds near_loop) | | |
| ours, far away | $(seconds far) | **$(ratio "$(median far_loop)" "$(median far)")** | at least 4 |
| ours, far away, \`--concurrency 16\` | $(seconds far16) | **$(ratio "$(median far_loop)" "$(median far16)")** | at least 12 |
| the loop, far away | $(seconds far_loop) | | |

## Cost per event

A million events against a hundred thousand: **$(ratio "$(($(median all) / 10))" "$(median near)")** times the time for each event (to hold: at most 1.2).

## Peak memory

| events | peak |
|---|---|
| 100,000 of 500 bytes | $peak_100k |
| 1,000,000 of 500 bytes | $peak_million |
| 50,000 of 2000 bytes | $peak_large |

To hold: at most 48 MB.
MARKDOWN
