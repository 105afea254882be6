#!/usr/bin/env bash
# Times one page of 1000 events beside curl and jq, start-up beside a program that does nothing, and peak memory.
# Needs cargo, curl, jq, hyperfine and GNU time. Prints Markdown, and puts it into benches/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in cargo curl jq hyperfine /usr/bin/time; do
  command -v "$tool" >/dev/null || { echo "bench-page: $tool is missing" >&2; exit 2; }
done

cargo build --release --quiet
auditlog=$PWD/target/release/auditlog
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
export AUDITLOG_CONFIG_DIR=$work

# The recorded outcomes of a real Backstage, again and again, a second apart.
events() {
  jq -cn --slurpfile lines tests/fixtures/backstage/audit.production.jsonl --argjson count "$1" '
    [$lines[] | select(.isAuditEvent == true and .status != "initiated")] as $outcomes
    | range($count) | $outcomes[. % ($outcomes | length)] + {timestamp: (now - . | todate)}'
}
for count in 20000 200000; do
  events "$count" > "$work/$count.jsonl"
  "$auditlog" ingest -q "$work/$count.jsonl" --store "$work/$count.db"
done
(umask 077; "$auditlog" token generate -q > "$work/token")

serve() {
  [ -z "$server" ] || { kill "$server"; wait "$server" || true; }
  rm -f "$work/url"
  mkfifo "$work/url"
  "$auditlog" serve -q --store "$work/$1.db" --accept-token-file "$work/token" --listen 127.0.0.1:0 > "$work/url" &
  server=$!
  read -r url < "$work/url"
}
# Sets `mib` to the peak memory of reading all of a store's events through a server.
peak() {
  serve "$1"
  /usr/bin/time -o "$work/peak" -f %M \
    "$auditlog" events -q --url "$url" --token-file "$work/token" --all -o jsonl > "$work/out"
  [ "$(wc -l < "$work/out")" = "$1" ]
  mib=$(awk '{ printf "%.1f", $1 / 1024 }' "$work/peak")
}
peak 20000
small=$mib
peak 200000
large=$mib

serve 20000
mkdir "$work/hello"
echo 'fn main() { println!("hello"); }' > "$work/hello/main.rs"
rustc -O -o "$work/hello/hello" "$work/hello/main.rs"
path=api/audit-log/v1/audit-event
cat > "$work/peer" <<EOF
#!/bin/sh
curl -s -H "Authorization: Bearer $(cat "$work/token")" "$url/$path?limit=1000" | jq -c '.data[]'
EOF
chmod +x "$work/peer"
ours="$auditlog events -q --url $url --token-file $work/token --limit 1000 -o jsonl"
cmp <($ours) <("$work/peer") >&2
hyperfine -N --style none --warmup 5 --runs 60 --export-json "$work/page.json" "$ours" "$work/peer" >&2
hyperfine -N --style none --warmup 5 --runs 100 --export-json "$work/start.json" \
  "$auditlog --version" "$work/hello/hello" >&2

ms() { jq -r ".results[$2].$3 * 1000 * 10 | round / 10" "$work/$1.json"; }
ratio=$(jq -r '.results[0].median / .results[1].median * 100 | round / 100' "$work/page.json")
extra=$(jq -r '(.results[0].median - .results[1].median) * 10000 | round / 10' "$work/start.json")
scripts/bench-section.py page <<EOF
# A page

The last run of \`scripts/bench-page.sh\`: $(date -u +%F), commit $(git rev-parse --short HEAD), $(nproc) cores,
$(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB of memory, $(rustc --version | cut -d' ' -f1,2). Both sides of a ratio come from this one run.

## A page of 1000 events

From \`auditlog serve\` over a store of 20,000 events of a real Backstage to JSON lines; both outputs are the same bytes.

| | median | min | max |
|---|---|---|---|
| \`auditlog events --limit 1000 -o jsonl\` | $(ms page 0 median) ms | $(ms page 0 min) ms | $(ms page 0 max) ms |
| \`curl … \\| jq -c '.data[]'\` | $(ms page 1 median) ms | $(ms page 1 min) ms | $(ms page 1 max) ms |

Ratio of the medians: **$ratio** (to hold: at most 0.5).

## Start-up

| | median | min | max |
|---|---|---|---|
| \`auditlog --version\` | $(ms start 0 median) ms | $(ms start 0 min) ms | $(ms start 0 max) ms |
| a Rust program that prints a line | $(ms start 1 median) ms | $(ms start 1 min) ms | $(ms start 1 max) ms |

Difference of the medians: **$extra ms** (to hold: at most 5 ms).

## Peak memory of \`events --all -o jsonl\`

| events | peak |
|---|---|
| 20,000 | $small MiB |
| 200,000 | $large MiB |

To hold: within 10 MB of each other.
EOF
