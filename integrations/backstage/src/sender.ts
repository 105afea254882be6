import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { AuditorEvent } from '@backstage/backend-defaults/auditor';
import { lineOf } from './event';
import { Spool, type Segment } from './spool';

export type SenderOptions = {
  url: string;
  token: string;
  spool: string;
  maxSpoolBytes: number;
  batchSize: number;
  flushInterval: number;
  /** Milliseconds; for tests. */
  pauses?: { first: number; longest: number; request: number; log: number };
};

export type Log = { warn(message: string): void; info(message: string): void };

const PAUSES = { first: 1_000, longest: 60_000, request: 30_000, log: 60_000 };
/** How long a request that is audited waits for the disk, and the process for its last events. */
const MAX_WAIT = 1_000;
const MAX_GOODBYE = 5_000;
const MAX_RETRY_AFTER = 3_600_000;
const MAX_ANSWER = 1024 * 1024;
/** Shorter bodies do not gain from it. */
const MIN_GZIP = 1_024;

/** A batch that did not arrive, and may the next time. */
class Postponed extends Error {
  constructor(message: string, readonly after = 0, readonly tooLarge = false) {
    super(message);
  }
}

/** Takes events into the spool, and sends what is in it. */
export class Sender {
  readonly #endpoint: URL;
  readonly #options: SenderOptions;
  readonly #pauses: NonNullable<SenderOptions['pauses']>;
  readonly #spool: Spool;
  readonly #log: Log;
  readonly #dropped: Throttle;
  readonly #failures: Throttle;
  #failing = false;
  #stopping = false;
  #wake = () => {};
  #request?: AbortController;
  #running: Promise<void>;

  private constructor(options: SenderOptions, spool: Spool, log: Log) {
    this.#endpoint = new URL(`${options.url.replace(/\/+$/, '')}/api/audit-log/v1/audit-event`);
    this.#options = options;
    this.#pauses = options.pauses ?? PAUSES;
    this.#spool = spool;
    this.#log = log;
    this.#dropped = new Throttle(this.#pauses.log, reasons => log.warn(`auditlog: dropped ${counted(reasons)}`));
    this.#failures = new Throttle(this.#pauses.log, reasons =>
      log.warn(`auditlog: ${[...reasons.keys()].at(-1)}; ${spool.bytes} bytes of events wait in the spool`),
    );
    this.#running = this.#run();
  }

  /** Opens the spool and begins with what is left in it. */
  static async start(options: SenderOptions, log: Log): Promise<Sender> {
    return new Sender(options, await Spool.open(options.spool, options.maxSpoolBytes, options.batchSize), log);
  }

  /** Resolves when an outcome is in the spool, or dropped and counted. Never rejects, never waits for long. */
  async take(event: AuditorEvent): Promise<void> {
    if (event.status === 'initiated') return;
    try {
      const line = lineOf(event, randomUUID(), new Date());
      if (line === undefined) return this.drop('too large');
      const written = this.#spool.add(line).then(ok => {
        if (!ok) this.drop('no room in the spool');
        if (this.#spool.hasFull) this.#wake();
      });
      await within(MAX_WAIT, written);
    } catch {
      this.drop('not JSON');
    }
  }

  /** Counts events that are lost. */
  drop(reason: string, count = 1): void {
    this.#dropped.add(reason, count);
  }

  /** Sends what it can in a few seconds. The rest stays in the spool, and so does what is taken later. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await within(MAX_GOODBYE, this.#running);
    this.#request?.abort();
  }

  async #run(): Promise<void> {
    let pause = this.#pauses.first;
    for (;;) {
      const segment = await this.#spool.next().catch(() => undefined);
      if (!segment) {
        if (this.#stopping) return;
        await this.#idle(this.#options.flushInterval, true);
        continue;
      }
      try {
        await this.#deliver(segment);
        pause = this.#pauses.first;
        if (this.#failing) this.#log.info('auditlog: sending works again');
        this.#failing = false;
      } catch (error) {
        this.#failing = true;
        this.#failures.add(`cannot send to ${this.#endpoint.host}: ${reasonOf(error)}`, 1);
        if (this.#stopping) return;
        // Apart from each other, so that many backends do not come back at one moment.
        const wait = pause * (0.5 + Math.random() / 2);
        await this.#idle(Math.max(wait, error instanceof Postponed ? error.after : 0), false);
        pause = Math.min(pause * 2, this.#pauses.longest);
        if (this.#stopping) return;
      }
    }
  }

  /** Waits; a full file ends the wait of one who has nothing to send, the end of the process that of everyone. */
  async #idle(time: number, forEvents: boolean): Promise<void> {
    if (this.#stopping) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, time);
      timer.unref();
      this.#wake = () => {
        if (!forEvents && !this.#stopping) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }

  async #deliver(segment: Segment): Promise<void> {
    let found;
    try {
      found = await this.#spool.read(segment);
    } catch (error) {
      this.#spool.forget(segment);
      throw new Postponed(`${segment.path} cannot be read (${reasonOf(error)}) and is left where it is`);
    }
    if (found.broken > 0) this.drop('cut off while they were written', found.broken);
    await this.#send(found.lines);
    await this.#spool.remove(segment);
  }

  /** Sends lines in as many requests as the server, or a proxy before it, wants. Doubles do no harm: ids tell. */
  async #send(lines: string[]): Promise<void> {
    if (lines.length === 0) return;
    try {
      await this.#post(lines);
    } catch (error) {
      if (!(error instanceof Postponed && error.tooLarge)) throw error;
      if (lines.length === 1) return this.drop('too large for the server');
      const half = Math.ceil(lines.length / 2);
      await this.#send(lines.slice(0, half));
      await this.#send(lines.slice(half));
    }
  }

  async #post(lines: string[]): Promise<void> {
    const text = Buffer.from(`${lines.join('\n')}\n`);
    const small = text.length < MIN_GZIP;
    const request = new AbortController();
    this.#request = request;
    const timer = setTimeout(() => request.abort(), this.#pauses.request);
    try {
      const response = await fetch(this.#endpoint, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.#options.token}`,
          'content-type': 'application/x-ndjson',
          ...(small ? {} : { 'content-encoding': 'gzip' }),
        },
        body: small ? text : await promisify(gzip)(text),
        // The token is for this server, and for none that it names.
        redirect: 'error',
        signal: request.signal,
      });
      this.#judge(response, await readAnswer(response));
    } finally {
      clearTimeout(timer);
      this.#request = undefined;
    }
  }

  /** Only the server's own answer counts as arrival: a proxy's sign-in page has status 200, too. */
  #judge(response: Response, body: string): void {
    const answer = parsed(body);
    if (response.status === 200 && Number.isInteger(answer?.stored)) {
      const rejected = Array.isArray(answer?.rejected) ? answer.rejected : [];
      const count = Number.isInteger(answer?.rejectedCount) ? answer.rejectedCount : rejected.length;
      if (count > 0) this.drop(`rejected by the server: ${quoted(rejected[0]?.reason)}`, count);
      return;
    }
    const words = answer?.error?.message ?? 'this is not an answer of auditlog';
    throw new Postponed(
      `status ${response.status}, ${quoted(words)}`,
      retryAfterOf(response.headers.get('retry-after')),
      response.status === 413,
    );
  }
}

/** Says at once what happens first, and then once in a while what came together. */
class Throttle {
  #reasons = new Map<string, number>();
  #timer?: NodeJS.Timeout;

  constructor(readonly interval: number, readonly say: (reasons: Map<string, number>) => void) {}

  add(reason: string, count: number): void {
    const known = this.#reasons.has(reason) || this.#reasons.size < 5 ? reason : 'other reasons';
    this.#reasons.set(known, (this.#reasons.get(known) ?? 0) + count);
    if (!this.#timer) this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#reasons.size === 0) return;
    this.say(this.#reasons);
    this.#reasons = new Map();
    this.#timer = setTimeout(() => this.#flush(), this.interval);
    this.#timer.unref();
  }
}

function counted(reasons: Map<string, number>): string {
  const total = [...reasons.values()].reduce((sum, count) => sum + count, 0);
  return `${total} events (${[...reasons].map(([reason, count]) => `${reason}: ${count}`).join(', ')})`;
}

/** Whole seconds or a date, as HTTP has it. */
function retryAfterOf(header: string | null): number {
  if (!header) return 0;
  const time = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(time) ? Math.min(Math.max(time, 0), MAX_RETRY_AFTER) : 0;
}

async function readAnswer(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_ANSWER) throw new Postponed(`status ${response.status}, and an answer without end`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(body: string): any {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Words from elsewhere, short and harmless in a log. */
function quoted(words: unknown): string {
  return JSON.stringify(String(words).slice(0, 200));
}

function reasonOf(error: unknown): string {
  if (error instanceof Postponed) return error.message;
  const cause = (error as { cause?: { code?: unknown; message?: unknown } })?.cause;
  return quoted(cause?.code ?? cause?.message ?? (error as Error)?.message);
}

/** Waits for the work, and no longer than this; the work goes on. */
function within(time: number, work: Promise<void>): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, time);
    timer.unref();
    void work.finally(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
