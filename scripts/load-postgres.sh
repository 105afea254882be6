#!/bin/sh
# Four servers and two followed logs over one PostgreSQL for 300 seconds. Another time: scripts/load-postgres.sh 60
set -eu
cd "$(dirname "$0")/.."
AUDITLOG_LOAD_SECONDS="${1:-300}" cargo test --release --test it -- postgres_load --include-ignored --nocapture
