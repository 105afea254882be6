#!/bin/sh
# Kills `serve` at random moments while six send events to it, 300 times: nothing that was acknowledged may be lost,
# nothing may be there twice, and no request may be stored in part. The program is built as it is released. Another
# number: scripts/kill-serve.sh 1000
set -eu
cd "$(dirname "$0")/.."
AUDITLOG_KILLS="${1:-300}" cargo test --release --test it \
    server_post_killed::kills_lose_nothing_that_was_acknowledged -- --exact --nocapture
