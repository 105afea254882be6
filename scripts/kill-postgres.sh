#!/bin/sh
# Kills PostgreSQL, servers and readers of a log at random moments, 300 times, while six send events: nothing that was
# acknowledged may be lost, nothing may be there twice, and counts must be right. Another number: scripts/kill-postgres.sh 20
set -eu
cd "$(dirname "$0")/.."
AUDITLOG_KILLS="${1:-300}" cargo test --release --test it -- postgres_killed --include-ignored --nocapture
