// The server is away, comes back and dies again; Backstage is killed meanwhile. What was audited is there, once.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN, READER, SENDER, events, freePort, installModule, scratch, serveAsShipped, startBackend, until } from './support.mjs';

const SECONDS = Number(process.env.AWAY_SECONDS ?? 15);
const WORKERS = 4;
const PAUSE = 20;

/** Requests of a plugin that audits, each with a number: those begun, and those that were answered. */
class Traffic {
  begun = 0;
  answered = new Set();
  backend;
  #isOver = false;
  #workers;

  constructor(backend) {
    this.backend = backend;
    this.#workers = Array.from({ length: WORKERS }, () => this.#work());
  }

  async #work() {
    while (!this.#isOver) {
      const number = this.begun++;
      const answer = await this.backend.call('POST', '/api/my-plugin/entities', ADMIN, { number }).catch(() => undefined);
      // No other answer than this, or none: nothing but a dead backend may be in the way of a request.
      assert.ok(answer === undefined || answer.status === 201, `status ${answer?.status}`);
      if (answer) this.answered.add(number);
      await sleep(PAUSE);
    }
  }

  async end() {
    this.#isOver = true;
    await Promise.all(this.#workers);
  }
}

export async function away() {
  installModule();
  const port = await freePort();
  const spool = join(scratch, 'away.spool');
  const waiting = () => readdirSync(spool, { recursive: true }).filter(name => /\d{15}-/.test(name)).length;
  const sender = { url: `http://127.0.0.1:${port}`, token: SENDER, spool };

  let server = await serveAsShipped('away', port);
  let backend = await startBackend('away-1', sender);
  const traffic = new Traffic(backend);
  await until('some events to arrive', async () => traffic.answered.size > 200);

  await server.kill();
  await sleep((SECONDS * 1_000) / 2);
  await backend.kill();
  const atKill = traffic.answered.size;
  assert.ok(waiting() > 0);
  backend = await startBackend('away-2', sender);
  traffic.backend = backend;
  await sleep((SECONDS * 1_000) / 2);
  const atReturn = waiting();

  // It dies once more, with what it is being sent.
  server = await serveAsShipped('away', port);
  await until('the first files to be sent', async () => waiting() < atReturn);
  await server.kill();
  server = await serveAsShipped('away', port);
  await traffic.end();
  await until('the spool to be empty', async () => waiting() === 0);
  await backend.stop();

  const found = await events(['--url', server.url], { AUDITLOG_TOKEN: READER });
  await server.stop();
  const numbers = found.filter(e => e.plugin_id === 'my-plugin').map(e => e.meta.number);
  const kept = new Set(numbers);
  const lost = [...traffic.answered].filter(number => !kept.has(number));
  assert.deepEqual(lost, []);
  assert.equal(numbers.length, kept.size);
  // Each worker had one request under way when its backend was killed: its event may be there, and need not.
  const unanswered = numbers.filter(number => !traffic.answered.has(number));
  assert.ok(unanswered.length <= WORKERS, `${unanswered.length} events of unanswered requests`);
  console.log(
    `away for ${SECONDS} s: ${traffic.answered.size} requests answered (${atKill} of them before Backstage was killed), ` +
      `${numbers.length} events, ${kept.size} different, ${lost.length} lost, ${unanswered.length} of requests cut off`,
  );
}
