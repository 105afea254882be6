#!/bin/sh
# Kills `serve` at random moments while six send events to it, 200 times: nothing that was acknowledged may be lost,
# nothing may be there twice, and no request may be stored in part. Another number: scripts/kill-serve.sh 1000
set -eu
cd "$(dirname "$0")/.."
AUDITLOG_KILLS="${1:-200}" cargo test --test it server_post_killed -- --nocapture
