// A server with a script, and what the tests ask of a sender.
import { createServer } from 'node:http';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export const folder = () => mkdtempSync(join(tmpdir(), 'auditlog-'));
export const waiting = spool => readdirSync(spool).length;
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
