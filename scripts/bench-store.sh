#!/usr/bin/env bash
# Times a store beside its database's own shell, the tables of its first version, and a web server: bench-store.sh [COUNT [ROUNDS]]
#
# COUNT events, a million if it is not said, and medians of ROUNDS, five if that is not said. What is made lies in
# $AUDITLOG_BENCH_DIR (target/bench-store), which the user postgres must be able to reach, and what is done is not done
# again: who wants a part anew deletes its file below COUNT/done. Needs cargo, python3, sqlite3, PostgreSQL, curl, nginx
# and wrk, and some four gigabytes for each million events. Prints Markdown, and puts that of ten million events, which is
# the one to be quoted, into benches/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PATH:/usr/sbin
for tool in cargo python3 sqlite3 psql curl nginx wrk; do
  command -v "$tool" >/dev/null || { echo "bench-store: $tool is missing" >&2; exit 2; }
done
cargo build --release --quiet
asker=$(cargo bench --quiet --no-run --bench store --message-format json | grep -F '"kind":["bench"]' | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
export AUDITLOG_BENCH_DIR=${AUDITLOG_BENCH_DIR:-target/bench-store}
count=${1:-1000000}
keep=(cat)
if [ "$count" -ge 10000000 ]; then keep=(scripts/bench-section.py store); fi
scripts/bench-store.py "${CARGO_TARGET_DIR:-target}/release/auditlog" "$asker" "$count" "${2:-5}" | "${keep[@]}"
