import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sender } from '../dist/sender.js';
import { Log, Server, always, event, files, folder, options, range, setUp, startTaker, status, waiting } from './support.mjs';

const NOWHERE = 'http://127.0.0.1:1';
const HOUR = 3_600_000;

test('a full spool drops the newest, counts them and says so', async t => {
  const pauses = { first: 1, longest: 1, log: HOUR };
  const { server, sender, log } = await setUp(t, { maxSpoolBytes: 4_000, pauses });
  let isAway = true;
  always(server, () => (isAway ? status(503) : undefined));
  for (let n = 0; n < 100; n += 1) await sender.take(event(n));
  isAway = false;
  await server.until(s => s.stored.size > 0 && s.requests.at(-1).events.length < 10);
  await sender.stop();
  const kept = server.names.length;
  assert.ok(kept > 10 && kept < 100);
  assert.deepEqual(server.names, range(0, kept));
  const dropped = log.lines.filter(line => line.includes('dropped'));
  assert.deepEqual(dropped, [
    'auditlog: dropped 1 events (the spool is full: 1)',
    `auditlog: dropped ${99 - kept} events (the spool is full: ${99 - kept})`,
  ]);
});

test('what cannot be written is counted with the reason', async t => {
  const { sender, spool, log } = await setUp(t, { flushInterval: HOUR });
  rmSync(spool, { recursive: true });
  await sender.take(event(1));
  assert.deepEqual(log.lines, ['auditlog: dropped 1 events (the spool cannot be written: ENOENT: 1)']);
});

test('half a line where the disk ended costs one event', async t => {
  const server = await Server.start();
  t.after(() => server.close());
  const spool = folder();
  const script = `
    import { Sender } from '${new URL('../dist/sender.js', import.meta.url)}';
    import { Log, event, options } from '${new URL('support.mjs', import.meta.url)}';
    const log = new Log();
    const sender = await Sender.start(options('${server.url}', '${spool}', { batchSize: 100, flushInterval: ${HOUR} }), log);
    for (let n = 0; n < 100; n += 1) await sender.take(event(n));
    await sender.stop();
    console.log(JSON.stringify(log.lines));`;
  // No file may have more than 8 KiB.
  const limited = ['-c', 'ulimit -f 8; exec "$@"', 'bash', process.execPath, '--input-type=module', '-e', script];
  const said = await new Promise((done, fail) => execFile('bash', limited, (error, out) => (error ? fail(error) : done(out))));
  const lost = range(0, 100).filter(name => !server.names.includes(name));
  assert.ok(lost.length >= 1 && lost.length < 4, `lost: ${lost}`);
  const lines = JSON.parse(said).map(line => Number(/^auditlog: dropped (\d+) events \(the spool cannot/.exec(line)[1]));
  assert.equal(lines.reduce((sum, count) => sum + count), lost.length);
  assert.equal(waiting(spool), 0);
});

test('after a slow write events are written beside the main thread, in order', async t => {
  // Every write is slow.
  const pauses = { first: 1, longest: 10, log: HOUR, slow: -1 };
  const { server, sender, spool } = await setUp(t, { batchSize: 7, flushInterval: 1, pauses });
  const first = sender.take(event(0));
  assert.equal(first, undefined);
  const later = [];
  for (let n = 1; n < 500; n += 1) later.push(sender.take(event(n)));
  assert.ok(later.every(one => one instanceof Promise));
  await Promise.all(later);
  await server.until(s => s.stored.size === 500);
  await sender.stop();
  assert.deepEqual(server.names, range(0, 500));
  assert.equal(waiting(spool), 0);
});

test('what still waits for a slow disk is sent at the end of the process', async t => {
  const { server, sender } = await setUp(t, { flushInterval: HOUR, pauses: { slow: -1 } });
  for (let n = 0; n < 25; n += 1) void sender.take(event(n));
  await sender.stop();
  assert.deepEqual(server.names, range(0, 25));
});

test('events whose file was deleted are counted', async t => {
  const { server, sender, spool, log } = await setUp(t, { batchSize: 5, flushInterval: HOUR });
  for (let n = 0; n < 3; n += 1) await sender.take(event(n));
  for (const name of files(spool)) unlinkSync(join(spool, name));
  for (let n = 3; n < 10; n += 1) await sender.take(event(n));
  await server.until(s => s.stored.size === 5);
  await sender.stop();
  assert.deepEqual(server.names, range(5, 10));
  assert.deepEqual(log.lines, ['auditlog: dropped 5 events (their file was deleted from the spool: 5)']);
});

test('events that were cut out of a file are counted', async t => {
  const { server, sender, spool, log } = await setUp(t, { batchSize: 3, flushInterval: HOUR });
  for (let n = 0; n < 2; n += 1) await sender.take(event(n));
  for (const name of files(spool)) writeFileSync(join(spool, name), '');
  await sender.take(event(2));
  await server.until(s => s.stored.size === 1);
  await sender.stop();
  assert.deepEqual(server.names, ['n-2']);
  assert.deepEqual(log.lines, ['auditlog: dropped 2 events (gone from a file of the spool: 2)']);
});

/** The folder of a process on another machine, which was last seen so long ago. */
function foreign(spool, text, age) {
  const home = join(spool, '00000000-00000001');
  mkdirSync(home);
  writeFileSync(join(home, '000001234567890-000001-00000000-00000001.ndjson'), text);
  const time = (Date.now() - age) / 1_000;
  utimesSync(home, time, time);
  return home;
}

const line = JSON.stringify({ id: 'a', eventTime: '2026-01-31T10:00:00.000Z', ...event(1) });

test('half a line that a crash left is passed over and counted', async t => {
  const spool = folder();
  writeFileSync(join(spool, 'notes.txt'), 'of someone else');
  foreign(spool, `${line}\n${line.slice(0, 40)}`, HOUR);
  const server = await Server.start();
  t.after(() => server.close());
  const log = new Log();
  const sender = await Sender.start(options(server.url, spool), log);
  await server.until(s => s.stored.size === 1);
  await sender.stop();
  assert.deepEqual(log.lines, [
    'auditlog: sends what an ended process left in the spool (files: 1)',
    'auditlog: dropped 1 events (cut off while they were written: 1)',
  ]);
  assert.deepEqual(readdirSync(spool).filter(name => !/^[0-9a-f]{8}-/.test(name)), ['notes.txt']);
  assert.equal(waiting(spool), 0);
});

test('a process on another machine that was seen lately keeps its files', async t => {
  const spool = folder();
  const home = foreign(spool, `${line}\n`, 300_000);
  const server = await Server.start();
  t.after(() => server.close());
  const log = new Log();
  const sender = await Sender.start(options(server.url, spool, { pauses: { look: 1 } }), log);
  await sleep(50);
  await sender.stop();
  assert.equal(server.stored.size, 0);
  assert.equal(readdirSync(home).length, 1);
  assert.deepEqual(log.lines, [`auditlog: other processes use ${spool}, too (1), each a folder of its own`]);
});

test('the spool is for its owner alone', async t => {
  const { sender, spool } = await setUp(t, { flushInterval: HOUR });
  await sender.take(event(1));
  const [name] = files(spool);
  assert.equal(statSync(join(spool, name)).mode & 0o777, 0o600);
  assert.equal(statSync(join(spool, name, '..')).mode & 0o777, 0o700);
});

test('a folder whose path is too long for a socket is refused', async () => {
  const spool = join(folder(), 'x'.repeat(100));
  await assert.rejects(Sender.start(options(NOWHERE, spool), new Log()), /too long a path for a socket in it, by \d+ bytes$/);
});

test('two processes with one spool lose nothing, and neither sends what is of the other', async t => {
  const server = await Server.start();
  t.after(() => server.close());
  const spool = folder();
  const first = startTaker(NOWHERE, spool, 'a-');
  await first.said(50);
  const second = startTaker(server.url, spool, 'b-');
  await second.said(50);
  await server.until(s => s.stored.size > 50);
  assert.ok(server.names.every(name => name.startsWith('n-b-')));

  // What the dead one left goes to the one that lives, which looks for it once in a while.
  const third = await Sender.start(options(server.url, spool, { pauses: { look: 5 } }), new Log());
  const taken = { a: await first.kill(), b: await second.kill() };
  const count = prefix => server.names.filter(name => name.startsWith(`n-${prefix}-`)).length;
  await server.until(() => count('a') >= taken.a && count('b') >= taken.b);
  await third.stop();
  // One event of each may have been written and not yet said.
  assert.ok(count('a') <= taken.a + 1 && count('b') <= taken.b + 1);
  assert.equal(waiting(spool), 0);
});

for (const away of [true, false]) {
  test(`every event that was in the spool survives kill -9, the server ${away ? 'away' : 'there'}`, async t => {
    const server = await Server.start();
    t.after(() => server.close());
    const spool = folder();
    let taken = 0;
    for (const most of [3, 57, 200]) {
      const taker = startTaker(away ? NOWHERE : server.url, spool);
      await taker.said(most);
      taken += await taker.kill();
    }
    const sender = await Sender.start(options(server.url, spool), new Log());
    await sender.stop();
    assert.equal(waiting(spool), 0);
    // One event of each run may have been written and not yet said.
    assert.ok(server.stored.size >= taken && server.stored.size <= taken + 3, `${server.stored.size} of ${taken}`);
  });
}
