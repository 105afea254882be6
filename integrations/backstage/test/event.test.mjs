import assert from 'node:assert/strict';
import { test } from 'node:test';
import { event, setUp } from './support.mjs';

const circle = { name: 'circle' };
circle.self = { circle };
const wide = Array.from({ length: 10 });
wide.fill(wide);
const throwing = { get secret() { throw new Error('not for you'); } };
const nested = Array.from({ length: 95 }).reduce(inner => ({ inner }), {});
const huge = {};
for (let n = 0; n < 100_000; n += 1) huge[`key-${n}`] = n;

for (const [what, meta, reason] of [
  ['circular', circle, 'nested too deeply, or circular'],
  ['circular in many ways', { wide }, 'nested too deeply, or circular'],
  ['deep', nested, 'nested too deeply, or circular'],
  ['with a BigInt', { n: 1n }, 'not JSON'],
  ['with a getter that throws', { throwing }, 'not JSON'],
  ['of long text', { big: 'x'.repeat(300_000) }, 'too large'],
  ['of long text, once it is escaped', { big: '\0'.repeat(100_000) }, 'too large'],
  ['of many members', huge, 'too large'],
  ['of an endless array', { array: new Array(2 ** 32 - 1) }, 'too large'],
  ['of bytes', { bytes: new Uint8Array(2 ** 28) }, 'too large'],
]) {
  test(`an event whose meta is ${what} arrives as an outline, and is counted`, async t => {
    const { server, sender, log } = await setUp(t);
    const named = { actionType: 'create', entityRef: 'component:default/a', queryType: 7 };
    const request = { url: '/api/x', method: 'POST' };
    await sender.take(event(1, { request, meta: { ...named, more: meta } }));
    await server.until(s => s.stored.size === 1);
    const [{ id, eventTime, ...seen }] = server.stored.values();
    const removed = `the meta of this event is left out: it is ${reason}`;
    assert.deepEqual(seen, event(1, { request, meta: { actionType: 'create', entityRef: 'component:default/a', removed } }));
    assert.deepEqual(log.lines, [`auditlog: sent without their meta: 1 events (${reason}: 1)`]);
  });
}

test('of an error only its name, message and stack are kept, cut where they are long', async t => {
  const { server, sender } = await setUp(t);
  const error = Object.assign(new TypeError('x'.repeat(300_000)), { config: circle });
  await sender.take(event(1, { status: 'failed', error }));
  await server.until(s => s.stored.size === 1);
  const [seen] = server.stored.values();
  assert.deepEqual(Object.keys(seen.error), ['name', 'message', 'stack']);
  assert.equal(seen.error.message, 'x'.repeat(8 * 1024));
});

for (const [what, error, message] of [
  ['a text', 'no', 'no'],
  ['nothing', undefined, 'undefined'],
  ['an object without a prototype', Object.create(null), 'this error cannot be read'],
  ['an error that throws', Object.defineProperty(new Error('x'), 'stack', { get() { throw circle; } }), 'this error cannot be read'],
]) {
  test(`a failure with ${what} for its error arrives`, async t => {
    const { server, sender } = await setUp(t);
    await sender.take(event(1, { status: 'failed', error }));
    await server.until(s => s.stored.size === 1);
    const [seen] = server.stored.values();
    assert.deepEqual(seen.error, { message });
  });
}

test('an event whose outline is too long is dropped and counted', async t => {
  const { sender, log } = await setUp(t);
  await sender.take(event('x'.repeat(300_000)));
  assert.deepEqual(log.lines, ['auditlog: dropped 1 events (too large: 1)']);
});
