// node run.mjs logs|module|fake|auth|away …: each way from a real backend to auditlog. AUDITLOG_BIN names the program;
// `fake` (the module against a server that only listens) needs none.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Server } from '../../integrations/backstage/test/support.mjs';
import { away } from './away.mjs';
import {
  READER, SENDER, auditLines, auditlog, drive, events, installModule, scratch, serveAsShipped, startBackend,
} from './support.mjs';

const parts = { logs, module, fake, auth, away };

/** The log file of a backend without the module, read by `ingest`. */
async function logs() {
  const backend = await startBackend('logs');
  await drive(backend);
  await backend.stop();
  const store = join(scratch, 'logs.db');
  const { stderr, code } = await auditlog(['ingest', backend.log, '--store', store]);
  assert.equal(code, 0, stderr);
  const found = await events(['--store', store]);
  check(found);

  // Where a log line has lost the event's id and status, what can be told is repaired.
  const failures = found.filter(e => e.event_id === 'entity.created' && e.status === 'failed');
  assert.equal(failures.length, 2);
  checkExclusion(found);
  const kept = auditLines(backend.log).filter(e => e.status !== 'initiated' && !isExcluded(e.actor.actorId, e.eventId));
  assert.equal(found.length, kept.length);
}

/** The module and a real server, with the configuration that is shipped. */
async function module() {
  installModule();
  const server = await serveAsShipped('module');
  const backend = await startBackend('module', { url: server.url, token: SENDER });
  await drive(backend);
  await backend.stop();
  const found = await events(['--url', server.url], { AUDITLOG_TOKEN: READER });
  await server.stop();
  check(found);
  checkWhole(found);
  checkExclusion(found);
  // The log has each of them, too, as without the module.
  const logged = auditLines(backend.log).filter(e => e.status !== 'initiated');
  const kept = logged.filter(e => !isExcluded(e.actor.actorId, e.eventId));
  assert.equal(found.length, kept.length);
}

/** The module alone: what it sends, mapped here as the server maps it. */
async function fake() {
  installModule();
  const server = await Server.start();
  const backend = await startBackend('fake', { url: server.url, token: SENDER });
  await drive(backend);
  await backend.stop();
  await server.close();
  for (const request of server.requests) assert.equal(request.headers.authorization, `Bearer ${SENDER}`);
  const found = [...server.stored.values()].map(stored);
  check(found);
  checkWhole(found);
  assert.equal(found.length, auditLines(backend.log).filter(e => e.status !== 'initiated').length);
}

/** What auditlog makes of Backstage's own auth: 200, 401 and both kinds of 403. */
async function auth() {
  const backend = await startBackend('auth');
  const status = token => auditlog(['token', 'status', '--url', backend.url], { AUDITLOG_TOKEN: token });
  const ask = token => auditlog(['events', '--url', backend.url, '-o', 'jsonl'], { AUDITLOG_TOKEN: token });

  const good = await ask('test-token-of-the-reader');
  assert.equal(good.code, 0, good.stderr);
  assert.equal(good.stdout.trim().split('\n').length, 3);
  assert.equal((await status('test-token-of-the-reader')).code, 0);
  assert.equal((await events(['--url', backend.url], { AUDITLOG_TOKEN: 'test-token-of-the-admin' })).length, 3);

  for (const [token, words] of [
    ['test-token-of-nobody', /401|Illegal token/],
    ['test-token-of-the-catalog', /restricted to plugin\(s\) 'catalog'/],
    ['test-token-of-a-writer', /Unauthorized/],
  ]) {
    for (const run of [status, ask]) {
      const { code, stdout, stderr } = await run(token);
      assert.equal(code, 4, `${token}: ${stdout}${stderr}`);
      assert.match(stdout + stderr, words);
      assert.ok(!(stdout + stderr).includes(token));
    }
  }
  await backend.stop();
}

const PROMOTED = ['actionType', 'queryType', 'entityRef'];

/** What both ways must give. */
function check(found) {
  const one = (what, wanted) => {
    const matches = found.filter(e => Object.entries(wanted).every(([key, value]) => e[key] === value));
    assert.ok(matches.length > 0, `${what}: none of ${found.length} events`);
    return matches[0];
  };
  const created = one('the success of the custom plugin', {
    plugin_id: 'my-plugin', event_id: 'entity.created', severity_level: 'high', status: 'succeeded',
    actor_type: 'user', actor_id: 'user:default/guest', request_method: 'POST',
    request_url: '/api/my-plugin/entities', action_type: 'create', query_type: 'mutation',
    entity_ref: 'component:default/my-service',
  });
  const { actor, ...rest } = created.meta;
  assert.deepEqual(rest, { customField: 'custom-value' });
  assert.equal(actor.userAgent, 'driver/1.0');
  const failed = one('its failure', { plugin_id: 'my-plugin', status: 'failed', actor_id: 'user:default/guest' });
  assert.equal(failed.meta.additionalContext, 'value');
  assert.match(JSON.stringify(failed.meta.error), /Operation failed/);

  one('a refresh', { event_id: 'entity-mutate', query_type: 'refresh', entity_ref: 'component:default/payments' });
  const read = { event_id: 'entity-fetch', query_type: 'by-name', entity_ref: 'component:default/none' };
  one('a read that failed', { ...read, status: 'failed', actor_type: 'service', actor_id: 'admin' });
  one('and succeeded before, as the catalog has it', { ...read, status: 'succeeded' });
  for (const status of ['succeeded', 'failed']) {
    one(`a location that ${status}`, { event_id: 'location-mutate', action_type: 'create', actor_id: 'admin', status });
  }
  one('a task', { plugin_id: 'scaffolder', event_id: 'task', action_type: 'create', actor_id: 'user:default/guest' });
  one('its execution', {
    plugin_id: 'scaffolder', action_type: 'execution', actor_id: 'plugin:scaffolder', status: 'succeeded',
    request_method: null, request_url: null,
  });
  for (const e of found) for (const key of PROMOTED) assert.ok(!(key in e.meta), `${key} is left in meta: ${e.id}`);
  assert.equal(new Set(found.map(e => e.id)).size, found.length);
}

/** What only the module keeps: an event whose error has fields named as the event's. */
function checkWhole(found) {
  const [clash] = found.filter(e => e.plugin_id === 'my-plugin' && e.actor_id === 'admin');
  assert.equal(clash.event_id, 'entity.created');
  assert.equal(clash.status, 'failed');
  assert.equal(clash.meta.error.message, 'Operation failed');
  assert.ok(!found.some(e => e.plugin_id === 'evil' || e.event_id === 'other'));
}

function checkExclusion(found) {
  assert.deepEqual(found.filter(e => isExcluded(e.actor_id, e.event_id)).map(e => e.id), []);
}

function isExcluded(actor, event) {
  return /^plugin:/.test(actor) && ['entity-fetch', 'entity-facets'].includes(event);
}

/** An event as a server stores it. */
function stored({ id, eventTime, plugin, eventId, severityLevel, actor, request, meta = {}, status, error }) {
  const { actorId, ...details } = actor;
  const { actionType = null, queryType = null, entityRef = null, ...rest } = meta;
  return {
    id, event_time: eventTime, plugin_id: plugin, event_id: eventId, severity_level: severityLevel, status,
    actor_type: actorId?.startsWith('user:') ? 'user' : 'service', actor_id: actorId ?? null,
    request_method: request?.method ?? null, request_url: request?.url ?? null,
    action_type: actionType, query_type: queryType, entity_ref: entityRef,
    meta: { ...rest, actor: details, ...(error && { error }) },
  };
}

const wanted = process.argv.slice(2);
if (wanted.length === 0 || !wanted.every(name => Object.hasOwn(parts, name))) {
  console.error('usage: node run.mjs logs|module|fake|auth|away …');
  process.exit(2);
}
for (const name of wanted) {
  await parts[name]();
  console.log(`${name}: passed`);
}
