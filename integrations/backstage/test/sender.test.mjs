import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Sender } from '../dist/sender.js';
import { Log, Server, event, folder, options, status, waiting } from './support.mjs';

const range = (from, to) => Array.from({ length: to - from }, (_, n) => `n-${n + from}`);

async function setUp(t, more = {}, answers = []) {
  const server = await Server.start();
  server.answers = answers;
  const spool = folder();
  const log = new Log();
  const sender = await Sender.start(options(server.url, spool, more), log);
  t.after(async () => {
    await sender.stop();
    await server.close();
  });
  return { server, spool, log, sender };
}

test('an outcome arrives as it is, with an id and a time, and what began does not', async t => {
  const { server, sender, spool } = await setUp(t);
  await sender.take(event(0, { status: 'initiated' }));
  const request = { url: '/api/x', method: 'POST' };
  await sender.take(event(1, { request, meta: { actionType: 'create' } }));
  await server.until(s => s.stored.size === 1);
  const [seen] = server.requests;
  assert.equal(seen.method, 'POST');
  assert.equal(seen.url, '/api/audit-log/v1/audit-event');
  assert.equal(seen.headers.authorization, 'Bearer token-of-the-tests');
  assert.equal(seen.headers['content-type'], 'application/x-ndjson');
  const { id, eventTime, ...rest } = seen.events[0];
  assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.match(eventTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rest, event(1, { request, meta: { actionType: 'create' } }));
  await sender.stop();
  assert.equal(waiting(spool), 0);
});

test('the fields of an error do not overwrite those of the event', async t => {
  const { server, sender } = await setUp(t);
  const error = Object.assign(new TypeError('no'), { eventId: 'other', status: 404, plugin: 'evil' });
  await sender.take(event(1, { status: 'failed', error }));
  await server.until(s => s.stored.size === 1);
  const [seen] = server.requests[0].events;
  assert.equal(seen.status, 'failed');
  assert.equal(seen.plugin, 'test');
  assert.deepEqual(Object.keys(seen.error), ['name', 'message', 'stack']);
  assert.equal(seen.error.name, 'TypeError');
  assert.equal(seen.error.message, 'no');
});

test('many events go together, compressed', async t => {
  const { server, sender } = await setUp(t, { batchSize: 100, flushInterval: 3_600_000 });
  await Promise.all(range(0, 100).map((_, n) => sender.take(event(n))));
  await server.until(s => s.stored.size === 100);
  assert.equal(server.requests.length, 1);
  assert.equal(server.requests[0].headers['content-encoding'], 'gzip');
  assert.deepEqual(server.names, range(0, 100));
});

test('what happens while the server is away arrives when it is back', async t => {
  const first = await Server.start();
  const { port } = first;
  await first.close();
  const spool = folder();
  const log = new Log();
  const sender = await Sender.start(options(`http://127.0.0.1:${port}`, spool), log);
  for (let n = 0; n < 25; n += 1) await sender.take(event(n));
  const server = await Server.start(port);
  t.after(() => server.close());
  await server.until(s => s.stored.size === 25);
  await sender.stop();
  assert.deepEqual(server.names, range(0, 25));
  assert.equal(waiting(spool), 0);
});

for (const code of [429, 500, 503, 401, 403, 404]) {
  test(`after status ${code} the same events are sent again`, async t => {
    const body = JSON.stringify({ error: { name: 'Error', message: 'not now\u001b[2J' } });
    const { server, sender, log } = await setUp(t, {}, [status(code, body), status(code)]);
    await sender.take(event(1));
    await server.until(s => s.stored.size === 1);
    await sender.stop();
    const ids = server.requests.map(r => r.events[0].id);
    assert.equal(ids.length, 3);
    assert.equal(new Set(ids).size, 1);
    assert.ok(log.lines[0].includes(`: status ${code}, "not now\\u001b[2J"; `), log.lines[0]);
    assert.ok(!log.lines.join().includes('token-of-the-tests'));
    assert.equal(log.lines.at(-1), 'auditlog: sending works again');
  });
}

test('Retry-After is obeyed', async t => {
  const { server, sender, spool } = await setUp(t, {}, [status(429, '', { 'retry-after': '3600' })]);
  await sender.take(event(0));
  await server.until(s => s.requests.length === 1);
  for (let n = 1; n < 200; n += 1) await sender.take(event(n));
  await sender.stop();
  assert.equal(server.requests.length, 1);
  assert.ok(waiting(spool) > 0);
});

test('a page that is not the answer of the server is no receipt', async t => {
  const { server, sender } = await setUp(t, {}, [
    status(200, '<html>Sign in</html>'),
    status(200, '{}'),
    status(302, '', { location: 'http://127.0.0.1:1/' }),
  ]);
  await sender.take(event(1));
  await server.until(s => s.stored.size === 1);
  assert.equal(server.requests.length, 4);
});

test('events that were stored and not acknowledged come again with the same ids', async t => {
  const breakOff = (request, res) => {
    for (const e of request.events) server.stored.set(e.id, e);
    res.socket.destroy();
  };
  const { server, sender } = await setUp(t);
  server.answers = [breakOff];
  await sender.take(event(1));
  await server.until(s => s.requests.length === 2);
  await sender.stop();
  assert.equal(server.stored.size, 1);
});

test('a batch that is too large is halved, and one event that is too large is dropped', async t => {
  const { server, sender, log } = await setUp(t, { batchSize: 4, flushInterval: 3_600_000 });
  const judge = (request, res) => {
    server.answers = [judge];
    if (request.events.length > 1 || request.events[0].eventId === 'n-2') return status(413)(request, res);
    return server.store(request, res);
  };
  server.answers = [judge];
  await Promise.all([0, 1, 2, 3].map(n => sender.take(event(n))));
  await server.until(s => s.stored.size === 3);
  await sender.stop();
  assert.deepEqual(server.names, ['n-0', 'n-1', 'n-3']);
  assert.deepEqual(log.lines, ['auditlog: dropped 1 events (too large for the server: 1)']);
});

test('what the server rejects is counted', async t => {
  const rejected = [{ index: 0, reason: 'no eventId' }];
  const body = JSON.stringify({ stored: 0, excluded: 0, duplicate: 0, initiated: 0, rejected });
  const { sender, spool, log } = await setUp(t, {}, [status(200, body)]);
  await sender.take(event(1));
  await sender.stop();
  assert.equal(waiting(spool), 0);
  assert.deepEqual(log.lines, ['auditlog: dropped 1 events (rejected by the server: "no eventId": 1)']);
});

test('a full spool drops the newest and says so once', async t => {
  const pauses = { first: 3_600_000, longest: 3_600_000, request: 5_000, log: 3_600_000 };
  const { server, sender, spool, log } = await setUp(t, { maxSpoolBytes: 4_000, pauses }, [status(503)]);
  for (let n = 0; n < 100; n += 1) await sender.take(event(n));
  assert.equal(log.lines.filter(line => line.includes('dropped')).length, 1);
  assert.ok(log.lines.includes('auditlog: dropped 1 events (no room in the spool: 1)'));
  await sender.stop();
  const again = await Sender.start(options(server.url, spool), new Log());
  await server.until(s => s.stored.size > 0);
  await again.stop();
  const kept = server.names.length;
  assert.ok(kept > 10 && kept < 100);
  assert.deepEqual(server.names, range(0, kept));
});

test('what cannot be written as JSON, and what is too long, harms nobody', async t => {
  const { server, sender, log } = await setUp(t);
  const circle = {};
  circle.circle = circle;
  await sender.take(event(1, { meta: circle }));
  await sender.take(event(2, { meta: { n: 1n } }));
  await sender.take(event(3, { eventId: 'x'.repeat(300_000) }));
  await sender.take(event(4, { meta: { entityRef: 'component:default/a', big: 'x'.repeat(300_000) } }));
  await server.until(s => s.stored.size === 1);
  const [seen] = server.stored.values();
  assert.equal(seen.eventId, 'n-4');
  assert.equal(seen.meta.entityRef, 'component:default/a');
  assert.match(seen.meta.removed, /^an event of 300\d\d\d bytes; its meta is left out$/);
  assert.deepEqual(log.lines, ['auditlog: dropped 1 events (not JSON: 1)']);
});

test('half a line that a crash left is passed over and counted', async t => {
  const spool = folder();
  const whole = JSON.stringify({ id: 'a', eventTime: '2026-01-31T10:00:00.000Z', ...event(1) });
  writeFileSync(join(spool, '000001234567890-000001.ndjson'), `${whole}\n${whole.slice(0, 40)}`);
  writeFileSync(join(spool, 'notes.txt'), 'of someone else');
  const server = await Server.start();
  t.after(() => server.close());
  const log = new Log();
  const sender = await Sender.start(options(server.url, spool), log);
  await server.until(s => s.stored.size === 1);
  await sender.stop();
  assert.deepEqual(log.lines, ['auditlog: dropped 1 events (cut off while they were written: 1)']);
  assert.deepEqual(readdirSync(spool), ['notes.txt']);
});

test('the spool is for its owner alone', async t => {
  const { sender, spool, server } = await setUp(t, {}, [status(503, '', { 'retry-after': '60' })]);
  await sender.take(event(1));
  await server.until(s => s.requests.length === 1);
  const [name] = readdirSync(spool);
  assert.equal(statSync(join(spool, name)).mode & 0o777, 0o600);
});

test('a spool that vanishes harms nobody', async t => {
  const { sender, spool, log } = await setUp(t, { flushInterval: 3_600_000 });
  rmSync(spool, { recursive: true });
  await sender.take(event(1));
  assert.deepEqual(log.lines, ['auditlog: dropped 1 events (no room in the spool: 1)']);
});

for (const away of [true, false]) {
  test(`every event that was in the spool survives kill -9, the server ${away ? 'away' : 'there'}`, async t => {
    const server = await Server.start();
    t.after(() => server.close());
    const spool = folder();
    const target = away ? 'http://127.0.0.1:1' : server.url;
    let taken = 0;
    for (const most of [3, 57, 200]) {
      const child = spawn(process.execPath, [fileURLToPath(new URL('taker.mjs', import.meta.url)), target, spool]);
      let said = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        said = Number(line) + 1;
        if (said >= most) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      taken += said;
    }
    const sender = await Sender.start(options(server.url, spool), new Log());
    await sender.stop();
    assert.equal(waiting(spool), 0);
    // One event of each run may have been written and not yet said.
    assert.ok(server.stored.size >= taken && server.stored.size <= taken + 3, `${server.stored.size} of ${taken}`);
  });
}
