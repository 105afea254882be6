#!/usr/bin/env bash
# The loop that people write: a page of 1000 after the other, by offset, until the window's total has been seen.
# bench-loop.sh URL CURL-CONFIG SINCE UNTIL; the configuration has the token.
set -euo pipefail
url="$1/api/audit-log/v1/audit-event?limit=1000&start_time=$3&end_time=$4"
page=$(mktemp)
trap 'rm -f "$page"' EXIT
offset=0
total=1
while [ "$offset" -lt "$total" ]; do
  curl -sS --fail -K "$2" -o "$page" "$url&offset=$offset"
  [ "$offset" != 0 ] || total=$(jq .total "$page")
  jq -c '.data[]' "$page"
  offset=$((offset + 1000))
done
