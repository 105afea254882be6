// A server with a script, and what the tests ask of a sender.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Sender } from '../dist/sender.js';

export const folder = () => mkdtempSync(join(tmpdir(), 'auditlog-'));
/** The files of events in a spool, of whichever process. */
export const files = spool => readdirSync(spool, { recursive: true }).filter(name => /\/\d{15}-/.test(name));
export const waiting = spool => files(spool).length;
export const event = (n, more = {}) => ({
  plugin: 'test',
  eventId: `n-${n}`,
  severityLevel: 'low',
  actor: { actorId: 'user:default/guest' },
  status: 'succeeded',
  ...more,
});

/** Stores each id once, unless `answers` has something else to say to a request: a function of it and its answer. */
export class Server {
  requests = [];
  stored = new Map();
  answers = [];
  #watchers = [];

  static async start(port = 0) {
    const self = new Server();
    self.http = createServer((req, res) => {
      const chunks = [];
      req.on('data', chunk => chunks.push(chunk));
      req.on('end', () => self.#answer(req, Buffer.concat(chunks), res));
    });
    await new Promise(done => self.http.listen(port, '127.0.0.1', done));
    self.port = self.http.address().port;
    self.url = `http://127.0.0.1:${self.port}`;
    return self;
  }

  #answer(req, raw, res) {
    const gzip = req.headers['content-encoding'] === 'gzip';
    const lines = (gzip ? gunzipSync(raw) : raw).toString().split('\n').filter(Boolean);
    const request = { method: req.method, url: req.url, headers: req.headers, events: lines.map(l => JSON.parse(l)) };
    this.requests.push(request);
    const answer = this.answers.shift();
    if (answer) answer(request, res);
    else this.store(request, res);
    for (const watcher of [...this.#watchers]) watcher();
  }

  store(request, res) {
    const fresh = request.events.filter(e => !this.stored.has(e.id));
    for (const e of fresh) this.stored.set(e.id, e);
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({
      stored: fresh.length, excluded: 0, duplicate: request.events.length - fresh.length, initiated: 0, rejected: [],
    }));
  }

  /** Until what is asked for is true, looked at after each request. */
  until(what) {
    return new Promise(done => {
      const watcher = () => what(this) && done(this);
      this.#watchers.push(watcher);
      watcher();
    });
  }

  get names() {
    return [...this.stored.values()].map(e => e.eventId);
  }

  async close() {
    this.http.closeAllConnections();
    await new Promise(done => this.http.close(done));
  }
}

export const status = (code, body = '', headers = {}) => (_, res) => res.writeHead(code, headers).end(body);

export class Log {
  lines = [];
  warn(line) { this.lines.push(line); }
  info(line) { this.lines.push(line); }
}

export const options = (url, spool, more = {}) => ({
  url,
  token: 'token-of-the-tests',
  spool,
  maxSpoolBytes: 1 << 20,
  batchSize: 10,
  flushInterval: 5,
  pauses: { first: 1, longest: 10, request: 5_000, log: 3_600_000 },
  ...more,
});

const taker = fileURLToPath(new URL('taker.mjs', import.meta.url));

/** A process that takes events into a spool: `said(n)` resolves when n are in it, `kill()` with how many there were. */
export function startTaker(...parameters) {
  const child = spawn(process.execPath, [taker, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
  const watchers = [];
  let count = 0;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', line => {
    count = Number(line) + 1;
    for (const watcher of watchers) watcher();
  });
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]);
  return {
    said: most => new Promise(done => {
      watchers.push(() => count >= most && done());
      if (count >= most) done();
    }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
      return count;
    },
  };
}

export async function setUp(t, more = {}, answers = []) {
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

/** Answers every request so, the server's own way where that gives nothing. */
export function always(server, judge) {
  const answer = (request, res) => {
    server.answers = [answer];
    (judge(request) ?? ((_, r) => server.store(request, r)))(request, res);
  };
  server.answers = [answer];
}

/** What auditlog says of a request that it does not understand. */
export const inputError = status(400, JSON.stringify({
  error: { name: 'InputError', message: 'no' },
  request: { method: 'POST', url: '/api/audit-log/v1/audit-event' },
  response: { statusCode: 400 },
}));

export const range = (from, to) => Array.from({ length: to - from }, (_, n) => `n-${n + from}`);
