import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Sender } from '../dist/sender.js';
import { Log, Server, always, event, folder, inputError, options, range, setUp, status, waiting } from './support.mjs';

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

for (const [host, encoding] of [['127.0.0.1', undefined], ['0.0.0.0', 'gzip']]) {
  test(`many events go together, ${encoding ? 'compressed on the way to' : 'as they are to'} ${host}`, async t => {
    const server = await Server.start();
    const more = { batchSize: 100, flushInterval: 3_600_000 };
    const sender = await Sender.start(options(`http://${host}:${server.port}`, folder(), more), new Log());
    t.after(() => server.close());
    for (let n = 0; n < 100; n += 1) await sender.take(event(n));
    await server.until(s => s.stored.size === 100);
    await sender.stop();
    assert.equal(server.requests.length, 1);
    assert.equal(server.requests[0].headers['content-encoding'], encoding);
    assert.deepEqual(server.names, range(0, 100));
  });
}

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

/** The names of the events that the server will never take. */
const aside = spool => readFileSync(join(spool, 'rejected.ndjson'), 'utf8').trim().split('\n').map(l => JSON.parse(l).eventId);

for (const [words, refusal, reason] of [
  ['too large for a proxy', status(413, '<html>'), 'status 413, "this is not an answer of auditlog"'],
  ['not understood by the server', inputError, 'status 400, "no"'],
]) {
  test(`a batch that is ${words} is halved, and a single event put aside`, async t => {
    const { server, sender, spool, log } = await setUp(t, { batchSize: 5, flushInterval: 3_600_000 });
    always(server, request => (request.events.some(e => e.eventId === 'n-2') ? refusal : undefined));
    for (let n = 0; n < 10; n += 1) await sender.take(event(n));
    await server.until(s => s.stored.size === 9);
    await sender.stop();
    assert.deepEqual(server.names, range(0, 10).filter(name => name !== 'n-2'));
    assert.deepEqual(aside(spool), ['n-2']);
    assert.equal(waiting(spool), 0);
    const place = join(spool, 'rejected.ndjson');
    assert.deepEqual(log.lines, [`auditlog: put into ${place}: 1 events (rejected by the server: ${reason}: 1)`]);
  });
}

test('a failure between two halves puts nothing aside twice', async t => {
  const { server, sender, spool } = await setUp(t, { batchSize: 4, flushInterval: 3_600_000 });
  let failures = 3;
  always(server, ({ events }) => {
    if (events.some(e => e.eventId === 'n-0')) return inputError;
    if (events.some(e => e.eventId === 'n-3') && failures-- > 0) return status(503);
    return undefined;
  });
  for (let n = 0; n < 4; n += 1) await sender.take(event(n));
  await server.until(s => s.stored.size === 3);
  await sender.stop();
  assert.deepEqual(aside(spool), ['n-0']);
});

for (const [whose, answer] of [
  ['the page of a proxy', status(400, '<html>Bad Request</html>')],
  ['an answer of something else', status(400, '{"error":{"name":"BadRequest","message":"no"}}')],
]) {
  test(`status 400 with ${whose} is no judgement of events`, async t => {
    const { server, sender, spool } = await setUp(t, { batchSize: 2 }, [answer, answer, answer]);
    await sender.take(event(0));
    await sender.take(event(1));
    await server.until(s => s.stored.size === 2);
    assert.deepEqual(server.requests.map(r => r.events.length), [2, 2, 2, 2]);
    assert.throws(() => aside(spool), /ENOENT/);
  });
}

test('what is put aside does not fill the disk', async t => {
  const { server, sender, spool, log } = await setUp(t, { batchSize: 1, maxSpoolBytes: 700 });
  always(server, () => inputError);
  for (let n = 0; n < 4; n += 1) {
    await sender.take(event(n));
    await server.until(s => s.requests.length === n + 1);
  }
  await sender.stop();
  assert.equal(waiting(spool), 0);
  assert.deepEqual(aside(spool), ['n-0', 'n-1', 'n-2']);
  const place = join(spool, 'rejected.ndjson');
  const reason = 'rejected by the server: status 400, "no"';
  assert.deepEqual(log.lines, [
    `auditlog: put into ${place}: 1 events (${reason}: 1)`,
    `auditlog: dropped 1 events (${reason}; ${place} is full: 1)`,
    `auditlog: put into ${place}: 2 events (${reason}: 2)`,
  ]);
});

test('what the server rejects of a batch is put aside, as far as it is named', async t => {
  const rejected = [{ index: 1, reason: 'no eventId' }, { index: 3, reason: 'no plugin' }];
  const body = JSON.stringify({ stored: 1, excluded: 0, duplicate: 0, initiated: 0, rejectedCount: 3, rejected });
  const { server, sender, spool, log } = await setUp(t, { batchSize: 4, flushInterval: 3_600_000 }, [status(200, body)]);
  for (let n = 0; n < 4; n += 1) await sender.take(event(n));
  await server.until(s => s.requests.length === 1);
  await sender.stop();
  assert.equal(waiting(spool), 0);
  assert.deepEqual(aside(spool), ['n-1', 'n-3']);
  const place = join(spool, 'rejected.ndjson');
  assert.deepEqual(log.lines, [
    `auditlog: put into ${place}: 2 events (rejected by the server: "no eventId": 2)`,
    'auditlog: dropped 1 events (rejected by the server: "no eventId": 1)',
  ]);
});
