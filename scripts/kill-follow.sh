#!/bin/sh
# Kills `events --follow --checkpoint` at random moments while events arrive, 200 times into a file and 200 times into
# stdout: no event may be lost, and a file may have none twice. Another number: scripts/kill-follow.sh 1000
set -eu
cd "$(dirname "$0")/.."
AUDITLOG_KILLS="${1:-200}" cargo test --test it follow_killed -- --nocapture
