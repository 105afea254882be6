import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Server, folder } from './support.mjs';

const require = createRequire(import.meta.url);
const { auditorServiceFactory } = require('@backstage/backend-defaults/auditor');
const { ConfigReader } = require('@backstage/config');
const { default: factory } = require('../dist/index.js');
const { auditorOf } = require('../dist/auditor.js');

/** What Backstage hands to a plugin's auditor; `logged` gets what is logged. */
function services(logged, refuse = () => false) {
  const logger = more => ({
    child: m => logger({ ...more, ...m }),
    debug: (message, m) => logged.push([message, { ...more, ...m }]),
    info: (message, m) => logged.push([message, { ...more, ...m }]),
  });
  const user = { principal: { type: 'user', userEntityRef: 'user:default/guest' } };
  return {
    config: new ConfigReader({}),
    logger: logger({}),
    plugin: { getId: () => 'test' },
    auth: {
      getOwnServiceCredentials: async () => ({ principal: { type: 'service', subject: 'plugin:test' } }),
      isPrincipal: (credentials, type) => credentials.principal.type === type,
    },
    httpAuth: {
      credentials: async () => {
        if (refuse()) throw new Error('Illegal token');
        return user;
      },
    },
  };
}

const request = { ip: '::1', hostname: 'h', originalUrl: '/api/test/x', method: 'POST', get: () => 'agent' };

async function root(config) {
  const said = [];
  const hooks = [];
  const sender = await factory.createRootContext({
    rootConfig: new ConfigReader(config),
    rootLogger: { warn: line => said.push(line), info: line => said.push(line) },
    rootLifecycle: { addShutdownHook: hook => hooks.push(hook) },
  });
  return { sender, said, stop: () => Promise.all(hooks.map(hook => hook())) };
}

async function use(auditor) {
  const first = await auditor.createEvent({ eventId: 'a', request, severityLevel: 'high', meta: { actionType: 'create' } });
  await first.success({ meta: { n: 1 } });
  const second = await auditor.createEvent({ eventId: 'b' });
  await second.fail({ error: new Error('no'), meta: { m: 2 } });
}

test('what is logged is what the default logs, and the outcomes are sent', async t => {
  const server = await Server.start();
  t.after(() => server.close());
  const config = { url: server.url, token: 'token-of-the-tests', spool: folder(), flushInterval: { milliseconds: 5 } };
  const { sender, said, stop } = await root({ auditLog: { sender: config } });
  const byDefault = [];
  await use(await auditorServiceFactory.factory(services(byDefault)));
  const logged = [];
  await use(await factory.factory(services(logged), sender));
  await stop();

  const plain = lines => JSON.parse(JSON.stringify(lines));
  assert.deepEqual(plain(logged), plain(byDefault));
  assert.equal(logged.length, 4);
  assert.deepEqual(said, []);
  const sent = [...server.stored.values()].map(({ id, eventTime, error, ...rest }) => ({ ...rest, error: error?.message }));
  assert.deepEqual(plain(sent), [
    {
      plugin: 'test',
      eventId: 'a',
      severityLevel: 'high',
      actor: { actorId: 'user:default/guest', ip: '::1', hostname: 'h', userAgent: 'agent' },
      request: { url: '/api/test/x', method: 'POST' },
      meta: { actionType: 'create', n: 1 },
      status: 'succeeded',
    },
    {
      plugin: 'test',
      eventId: 'b',
      severityLevel: 'low',
      actor: { actorId: 'plugin:test' },
      meta: { m: 2 },
      status: 'failed',
      error: 'no',
    },
  ]);
});

test('a refused caller is refused as by the default', async () => {
  const { sender, stop } = await root({
    auditLog: { sender: { url: 'http://127.0.0.1:1', token: 'token-of-the-tests', spool: folder() } },
  });
  const auditor = await factory.factory(services([], () => true), sender);
  await assert.rejects(auditor.createEvent({ eventId: 'a', request }), /Could not resolve credentials/);
  await stop();
});

test('a meta that cannot be read fails no request', async t => {
  const server = await Server.start();
  t.after(() => server.close());
  const { sender, said, stop } = await root({
    auditLog: { sender: { url: server.url, token: 'token-of-the-tests', spool: folder() } },
  });
  const throwing = { actionType: 'create', get secret() { throw new Error('not for you'); } };
  const logged = [];
  const auditor = await factory.factory(services(logged), sender);
  const first = await auditor.createEvent({ eventId: 'a', request, meta: throwing });
  await first.success();
  const second = await auditor.createEvent({ eventId: 'b', request });
  await second.fail({ error: new Error('no'), meta: throwing });
  const third = await auditor.createEvent({ eventId: 'c', request, meta: { actionType: 'create', throwing } });
  await third.success();
  await stop();
  const removed = 'the meta of this event is left out: it is not JSON';
  const sent = [...server.stored.values()].map(({ eventId, meta }) => [eventId, meta]);
  assert.deepEqual(sent, ['a', 'b', 'c'].map(eventId => [eventId, { actionType: 'create', removed }]));
  assert.deepEqual(said, [
    'auditlog: sent without their meta: 1 events (not JSON: 1)',
    'auditlog: sent without their meta: 2 events (not JSON: 2)',
  ]);
});

test('a log that fails is no reason to refuse a request', async t => {
  const server = await Server.start();
  t.after(() => server.close());
  const { sender, stop } = await root({
    auditLog: { sender: { url: server.url, token: 'token-of-the-tests', spool: folder() } },
  });
  const broken = {};
  const fails = () => { throw new Error('the log is broken'); };
  Object.assign(broken, { debug: fails, info: fails, child: () => broken });
  await use(await factory.factory({ ...services([]), logger: broken }, sender));
  await stop();
  assert.deepEqual([...server.stored.values()].map(e => e.eventId), ['a', 'b']);
});

test('an auditor that is built in another way is refused at the start', () => {
  assert.throws(() => auditorOf({ createEvent() {} }, undefined, services([])), /does not know the auditor/);
});

test('without a configuration events are only logged', async () => {
  const { sender, said } = await root({});
  const logged = [];
  await use(await factory.factory(services(logged), sender));
  assert.equal(logged.length, 4);
  assert.equal(said.length, 1);
});

for (const [key, value] of [['url', 'localhost:7017'], ['url', 'ftp://a'], ['token', 'has space'], ['token', 'short'],
  ['batchSize', 0], ['batchSize', 10_001], ['maxSpoolBytes', -1]]) {
  test(`${key}: ${value} is refused at the start`, async () => {
    const sender = { url: 'http://127.0.0.1:1', token: 'token-of-the-tests', spool: folder(), [key]: value };
    await assert.rejects(root({ auditLog: { sender } }), error => {
      assert.match(error.message, new RegExp(`auditLog.sender.${key}`));
      assert.ok(!error.message.includes('has space'));
      return true;
    });
  });
}

test('plain http to another machine is warned of', async () => {
  const { said, stop } = await root({
    auditLog: { sender: { url: 'http://audit.example.com', token: 'token-of-the-tests', spool: folder() } },
  });
  await stop();
  assert.match(said[0], /plain http to another machine/);
});
