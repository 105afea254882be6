// Starts a backend, uses it as people and services do, and runs auditlog.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const here = fileURLToPath(new URL('.', import.meta.url));
export const scratch = mkdtempSync(join(tmpdir(), 'auditlog-backstage-'));
export const ADMIN = 'test-token-of-the-admin';

/** Puts the module where an installed one stands, with its dependencies beside it. */
export function installModule() {
  const from = join(here, '../../integrations/backstage');
  const to = join(here, 'node_modules/backstage-module-auditlog');
  for (const name of ['package.json', 'config.d.ts', 'dist']) {
    cpSync(join(from, name), join(to, name), { recursive: true });
  }
}

export async function freePort() {
  const socket = createSocket().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** A running backend: its URL, its log, `call`, `stop` and `kill`. `sender` is `{url, token}` where the module is wanted. */
export async function startBackend(name, sender) {
  const files = createServer((_, res) => res.end(COMPONENT)).listen(0, '127.0.0.1');
  await once(files, 'listening');
  const port = await freePort();
  const log = join(scratch, `${name}.log`);
  const out = openSync(log, 'w');
  const env = { ...process.env, NODE_ENV: 'production', BACKEND_PORT: String(port) };
  env.FIXTURE_HOST = `127.0.0.1:${files.address().port}`;
  const configs = ['--config', 'app-config.yaml'];
  if (sender) {
    env.SENDER_URL = sender.url;
    env.SENDER_TOKEN = sender.token;
    env.SENDER_SPOOL = sender.spool ?? join(scratch, `${name}.spool`);
    env.SENDER_FLUSH_INTERVAL = sender.flushInterval ?? '200ms';
    configs.push('--config', 'app-config.sender.yaml');
  }
  const child = spawn(process.execPath, ['backend.js', ...configs], { cwd: here, env, stdio: ['ignore', out, out] });
  process.once('exit', () => child.kill());
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await until(`the backend to be ready (see ${log})`, async () => {
    assert.equal(child.exitCode, null, `the backend ended, see ${log}`);
    const answer = await fetch(`${url}/.backstage/health/v1/readiness`).catch(() => undefined);
    return answer?.ok;
  });
  return {
    url,
    log,
    pid: child.pid,
    target: `http://${env.FIXTURE_HOST}/catalog-info.yaml`,
    async call(method, path, token, body) {
      const answer = await fetch(url + path, {
        method,
        headers: {
          ...(token && { authorization: `Bearer ${token}` }),
          ...(body && { 'content-type': 'application/json' }),
          'user-agent': 'driver/1.0',
        },
        body: body && JSON.stringify(body),
      });
      const text = await answer.text();
      return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      files.close();
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
      files.close();
    },
  };
}

const COMPONENT = `apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: registered }
spec: { type: service, lifecycle: production, owner: guests }
`;

/** Asks again until it is so; gives up where nothing more is to be hoped for. */
export async function until(what, condition) {
  for (let turn = 0; turn < 600; turn += 1) {
    if (await condition()) return;
    await sleep(200);
  }
  throw new Error(`waited in vain for ${what}`);
}

/** What a user, a service and a plugin do in a day. */
export async function drive(backend) {
  const guest = (await backend.call('GET', '/api/auth/guest/refresh')).body.backstageIdentity.token;
  const payments = '/api/catalog/entities/by-name/component/default/payments';
  await until('the catalog to have its entities', async () => (await backend.call('GET', payments, guest)).status === 200);
  await until('the template', async () => {
    const path = '/api/catalog/entities/by-name/template/default/hello';
    return (await backend.call('GET', path, guest)).status === 200;
  });
  const expect = async (status, ...call) => {
    const answer = await backend.call(...call);
    assert.equal(answer.status, status, `${call[0]} ${call[1]}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await expect(404, 'GET', '/api/catalog/entities/by-name/component/default/none', ADMIN);
  await expect(200, 'POST', '/api/catalog/refresh', guest, { entityRef: 'component:default/payments' });
  const location = { type: 'url', target: backend.target };
  await expect(201, 'POST', '/api/catalog/locations', ADMIN, location);
  await expect(409, 'POST', '/api/catalog/locations', ADMIN, location);

  const task = { templateRef: 'template:default/hello', values: { name: 'World' } };
  const { id } = await expect(201, 'POST', '/api/scaffolder/v2/tasks', guest, task);
  await until('the task', async () => {
    const answer = await backend.call('GET', `/api/scaffolder/v2/tasks/${id}`, guest);
    return answer.body.status === 'completed';
  });

  await expect(201, 'POST', '/api/my-plugin/entities', guest, {});
  await expect(500, 'POST', '/api/my-plugin/entities', guest, { fail: true });
  const fields = { status: 502, eventId: 'other', plugin: 'evil', code: 'E_UPSTREAM' };
  await expect(500, 'POST', '/api/my-plugin/entities', ADMIN, { fail: true, fields });
}

const BIN = process.env.AUDITLOG_BIN;

/** Runs auditlog: its exit code and what it said. It is told everything here, and finds no one's settings. */
export async function auditlog(arguments_, env = {}) {
  assert.ok(BIN, 'AUDITLOG_BIN names no program');
  const all = { PATH: process.env.PATH, AUDITLOG_CONFIG_DIR: join(scratch, 'config'), ...env };
  const { stdout, stderr, code = 0 } = await promisify(execFile)(BIN, arguments_, {
    env: all,
    maxBuffer: 1 << 28,
  }).catch(error => error);
  return { stdout, stderr, code };
}

export async function events(arguments_, env) {
  const { stdout, stderr, code } = await auditlog(['events', '--all', '-o', 'jsonl', ...arguments_], env);
  assert.equal(code, 0, stderr);
  return stdout.split('\n').filter(Boolean).map(line => JSON.parse(line));
}

/** A running `auditlog serve`, and its URL, which is its first line. */
async function serve(arguments_, env) {
  const child = spawn(BIN, ['serve', ...arguments_], { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill());
  const ended = once(child, 'exit');
  const [url] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(([code]) => assert.fail(`auditlog serve ended with ${code}`)),
  ]);
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export const READER = 'reading-token-of-the-test-run';
export const SENDER = 'sending-token-of-the-test-run';

/** `auditlog serve` with the configuration that is shipped, and a store of that name. */
export function serveAsShipped(name, port = 0) {
  const own = join(scratch, `${name}.yaml`);
  writeFileSync(own, `auditLog: { listen: '127.0.0.1:${port}', store: '${join(scratch, `${name}.db`)}' }\n`);
  const config = join(here, '../../dist/app-config.auditlog.yaml');
  const tokens = { AUDITLOG_READ_TOKEN: READER, AUDITLOG_SENDER_TOKEN: SENDER };
  return serve(['--config', config, '--config', own], tokens);
}

/** The audit events in a log, as Backstage wrote them. */
export function auditLines(log) {
  return readFileSync(log, 'utf8').split('\n').filter(line => line.includes('"isAuditEvent":true')).map(l => JSON.parse(l));
}
