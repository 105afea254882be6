#!/usr/bin/env python3
"""Writes the audit log of a large company's Backstage: bench-trail.py COUNT

The outcomes of the year 2025, oldest first: some three hundred kinds, of which few make up most; thousands of people,
entities and URLs, some far more often than others; hours and days that are busier than others. The same number gives
the same lines.
"""

import random
import sys
import time
from itertools import accumulate

BEGIN = 1_735_689_600_000  # 2025-01-01, in milliseconds since 1970.
HOURS = 365 * 24
USERS, ENTITIES = 20_000, 60_000
CHUNK = 10_000

# Plugin: its events, each with what it says of itself. A reading one knows a query type, a changing one an action.
PLUGINS = {
    "catalog": ("entity-fetch:query", "entity-mutate:action", "entity-facets", "entity-validate", "location-fetch:query",
                "location-mutate:action", "location-analyze"),
    "scaffolder": ("template-parameter-schema", "installed-actions-fetch", "task:action", "task-log:query"),
    "permission": ("decision:query", "policy-read", "policy-write:action", "role-read", "role-write:action"),
    "auth": ("sign-in", "sign-out", "refresh", "token-issue"),
    "search": ("query:query", "index-rebuild"),
    "techdocs": ("page-fetch:query", "build:action", "publish:action"),
    "kubernetes": ("clusters-fetch", "resource-fetch:query", "pod-delete:action", "proxy"),
    "notifications": ("send:action", "read", "settings:action"),
    "events": ("publish:action", "subscription:action"),
    "soundcheck": ("check-run:action", "track-mutate:action", "track-fetch:query"),
    "insights": ("report-fetch:query", "export"),
    "rbac": ("role-mutate:action", "condition-mutate:action"),
    "audit-log": ("audit-log-read:query",),
    "app": ("config-fetch", "page-view"),
}
VERBS = {"query": ("by-ref", "by-query", "all"), "action": ("create", "update", "delete")}
METHODS = {"query": "GET", "action": "POST", "": "GET"}
AGENTS = ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)")


def kinds(dice):
    """The line of each kind in pieces, around what differs from event to event; the rarest last."""
    found = []
    for plugin, events in PLUGINS.items():
        for event in events:
            name, _, of = event.partition(":")
            for verb in VERBS.get(of, ("",)):
                for who in ("user", "service"):
                    for status in ("succeeded", "failed"):
                        found.append(kind(dice, plugin, name, of, verb, who, status))
    dice.shuffle(found)
    # What fails is rare.
    return sorted(found, key=lambda kind: kind[1])


def kind(dice, plugin, name, of, verb, who, status):
    method = {"update": "PUT", "delete": "DELETE"}.get(verb, METHODS[of])
    severity = dice.choices(("low", "medium", "high", "critical"), (70, 20, 8, 2))[0]
    said = f'"{of}Type":"{verb}",' if of else ""
    message, failed = f"{plugin}.{name}", ""
    if status == "failed":
        message += " The request was refused because a policy does not allow it"
        failed = ('"name":"NotAllowedError","stack":"NotAllowedError: The request was refused because a policy does not allow it'
                  f'\\n    at decide (/app/node_modules/@backstage/plugin-{plugin}-backend/dist/service/router.cjs.js:211:13)",')
    has_entity = plugin not in ("auth", "permission", "events", "audit-log", "app")
    return (
        (f'"hostname":"portal-backend.example.com"}},"eventId":"{name}","isAuditEvent":true,"level":"info","message":"{message}",'
         f'{failed}"plugin":"{plugin}","request":{{"method":"{method}","url":"/api/{plugin}/{name}/',
         f'"}},"service":"backstage","severityLevel":"{severity}","status":"{status}","meta":{{{said}'),
        status == "failed",
        who,
        has_entity,
    )


def skewed(count, power):
    """Cumulated weights: the first is the most frequent."""
    return list(accumulate(1 / (rank + 3) ** power for rank in range(count)))


def moments(count, dice):
    """Milliseconds since 1970, in order: office hours are busy, nights and Sundays are not, and each hour is its own."""
    shares = list(accumulate(
        (1 if hour // 24 % 7 < 5 else 0.2) * (1 if 7 <= hour % 24 < 18 else 0.15) * dice.uniform(0.6, 1.4)
        for hour in range(HOURS)))
    step, hour, before = shares[-1] / count, 0, 0.0
    for number in range(count):
        at = (number + dice.random()) * step
        while at >= shares[hour] and hour < HOURS - 1:
            before = shares[hour]
            hour += 1
        yield BEGIN + int((hour + min((at - before) / (shares[hour] - before), 0.9999999)) * 3_600_000)


def main():
    count, dice = int(sys.argv[1]), random.Random(1)
    all_kinds = kinds(dice)
    weights = skewed(len(all_kinds), 1.2)
    people = {
        "user": [f"user:default/{''.join(dice.choices('abcdefghijklmnopqrstuvwxyz', k=6))}.{n:05}" for n in range(USERS)],
        "service": [f"{of}:{n:03}" for of in ("plugin", "external") for n in range(200)],
    }
    who = {name: skewed(len(all), 0.8) for name, all in people.items()}
    entities = [f"{dice.choice(('component', 'api', 'system', 'resource', 'template'))}:default/{n * 7919 % ENTITIES:05}-service" for n in range(ENTITIES)]
    which = skewed(ENTITIES, 0.7)
    times, second, stamp = moments(count, dice), -1, ""
    for begun in range(0, count, CHUNK):
        size = min(CHUNK, count - begun)
        actors = {name: iter(dice.choices(all, cum_weights=who[name], k=size)) for name, all in people.items()}
        chosen = dice.choices(entities, cum_weights=which, k=size)
        noise = dice.getrandbits(128 * size).to_bytes(16 * size, "big").hex()
        lines = []
        for number, (pieces, _, kind_of_actor, has_entity) in enumerate(dice.choices(all_kinds, cum_weights=weights, k=size)):
            entity, hex32 = chosen[number], noise[number * 32:number * 32 + 32]
            moment = next(times)
            if moment // 1000 != second:
                second = moment // 1000
                stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            actor = next(actors[kind_of_actor])
            # Each third URL is asked for once alone.
            tail = entity.replace(":", "/") if number % 3 else f"{entity[-13:]}?cursor={hex32[:12]}"
            known = f'"entityRef":"{entity}",' if has_entity else ""
            lines.append(
                f'{{"actor":{{"actorId":"{actor}","ip":"10.{number % 64}.{ord(hex32[0])}.{ord(hex32[1])}","userAgent":"{AGENTS[number % 3]}",'
                f'{pieces[0]}{tail}{pieces[1]}{known}"requestId":"{hex32}","durationMs":{number % 997},"client":{{"app":"portal","version":"1.34.{number % 9}",'
                f'"locale":"en-GB","session":"{hex32[::-1]}"}},"permissions":["catalog.entity.read","catalog.entity.refresh","scaffolder.task.read"]}},'
                f'"timestamp":"{stamp}.{moment % 1000:03}Z"}}\n')
        sys.stdout.write("".join(lines))


main()
