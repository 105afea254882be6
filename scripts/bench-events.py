#!/usr/bin/env python3
"""Writes audit lines of a Backstage: bench-events.py COUNT DAYS [PADDING]

The recorded outcomes of a real one, again and again, spread over the last DAYS days with hours and days that are
busier than others, oldest first. PADDING is added to what each says of itself, in bytes. The same arguments give the
same lines but for the moment at which they end.
"""

import json
import random
import sys
import time

RECORDING = "tests/fixtures/backstage/audit.production.jsonl"


def outcomes():
    with open(RECORDING, encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    return [e for e in events if e.get("isAuditEvent") is True and e.get("status") != "initiated"]


def moments(count, days, dice):
    """Milliseconds since 1970: each hour has a share of its own, and chance does the rest."""
    end = int(time.time()) * 1000
    hours = days * 24
    shares = dice.choices(range(hours), [dice.uniform(0.5, 1.5) for _ in range(hours)], k=count)
    return sorted(end - 3_600_000 * hour - dice.randrange(3_600_000) for hour in shares)


def main():
    count, days = int(sys.argv[1]), int(sys.argv[2])
    padding = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    dice = random.Random(1)
    # The line up to its time is written once for each outcome, and not a million times.
    starts = []
    for event in outcomes():
        event.pop("timestamp", None)
        if padding:
            event["meta"] = {**(event.get("meta") or {}), "note": "x" * padding}
        starts.append(json.dumps(event, separators=(",", ":"), ensure_ascii=False)[:-1])
    write = sys.stdout.write
    for number, moment in enumerate(moments(count, days, dice)):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment // 1000))
        write(f'{starts[number % len(starts)]},"timestamp":"{stamp}.{moment % 1000:03}Z"}}\n')


main()
