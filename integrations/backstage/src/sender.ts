import { randomUUID } from 'node:crypto';
import type { AuditorEvent } from '@backstage/backend-defaults/auditor';
import { Client, Postponed, quoted, type Verdict } from './client';
import { lineOf } from './event';
import { Spool, type Failure, type Segment } from './spool';
import { Throttle, counted } from './throttle';

export type SenderOptions = {
  url: string;
  token: string;
  spool: string;
  maxSpoolBytes: number;
  batchSize: number;
  flushInterval: number;
  /** Milliseconds; for tests. */
  pauses?: Partial<typeof PAUSES>;
};

export type Log = { warn(message: string): void; info(message: string): void };

/** Between attempts, of one request, between lines of the log, between looks for dead processes; what a slow write is. */
const PAUSES = { first: 1_000, longest: 60_000, request: 30_000, log: 60_000, look: 60_000, slow: 50 };
/** How long a request that is audited waits for a slow disk, and the process for its last events. */
const MAX_WAIT = 1_000;
const MAX_GOODBYE = 5_000;

/** Takes events into the spool, and sends what is in it. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #pauses: typeof PAUSES;
  readonly #spool: Spool;
  readonly #client: Client;
  readonly #log: Log;
  readonly #dropped: Throttle;
  readonly #outlined: Throttle;
  readonly #aside: Throttle;
  readonly #failures: Throttle;
  /** What is left to send of a file. */
  #begun?: { segment: Segment; parts: Buffer[] };
  #looking?: NodeJS.Timeout;
  #failing = false;
  #stopping = false;
  #wake = () => {};
  #running?: Promise<void>;

  private constructor(options: SenderOptions, pauses: typeof PAUSES, spool: Spool, log: Log) {
    this.#options = options;
    this.#pauses = pauses;
    this.#spool = spool;
    this.#client = new Client(options.url, options.token, pauses.request);
    this.#log = log;
    const throttled = (say: (counts: Map<string, number>) => string) =>
      new Throttle(pauses.log, counts => log.warn(`auditlog: ${say(counts)}`));
    this.#dropped = throttled(counts => `dropped ${counted(counts)}`);
    this.#outlined = throttled(counts => `sent without their meta: ${counted(counts)}`);
    this.#aside = throttled(counts => `put into ${spool.asideFile}: ${counted(counts)}`);
    this.#failures = throttled(counts => `${[...counts.keys()].at(-1)}; ${spool.bytes} bytes of events wait in the spool`);
  }

  /** Opens the spool and begins with what is left in it. */
  static async start(options: SenderOptions, log: Log): Promise<Sender> {
    const pauses = { ...PAUSES, ...options.pauses };
    const { spool: folder, maxSpoolBytes: maxBytes, batchSize: segmentEvents } = options;
    const spool = await Spool.open({ folder, maxBytes, segmentEvents, slow: pauses.slow });
    const sender = new Sender(options, pauses, spool, log);
    const neighbours = await sender.#look();
    if (neighbours > 0) log.info(`auditlog: other processes use ${folder}, too (${neighbours}), each a folder of its own`);
    sender.#looking = setInterval(() => void sender.#look().catch(() => undefined), pauses.look).unref();
    sender.#running = sender.#run();
    return sender;
  }

  /**
   * Puts an outcome into the spool, or drops and counts it; it is there on return, or, where the disk is slow, when the
   * promise resolves. Never fails, never waits for long.
   */
  take(event: AuditorEvent): void | Promise<void> {
    if (event.status === 'initiated') return;
    const { line, removed } = lineOf(event, randomUUID(), new Date());
    if (line === undefined) return this.drop('too large');
    if (removed !== undefined) this.outlined(removed);
    const added = this.#spool.add(line);
    if (added instanceof Promise) return within(MAX_WAIT, added.then(failure => this.#added(failure)));
    this.#added(added);
  }

  /** Counts an event whose meta is left out. */
  outlined(reason: string): void {
    this.#outlined.add(reason);
  }

  /** Counts events that are lost. */
  drop(reason: string, count = 1): void {
    if (count > 0) this.#dropped.add(reason, count);
  }

  /** Sends what it can in a few seconds. The rest stays in the spool, and so does what is taken later. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#looking);
    this.#wake();
    await within(MAX_GOODBYE, this.#running ?? Promise.resolve());
    this.#client.abort();
    for (const throttle of [this.#dropped, this.#outlined, this.#aside]) throttle.flush();
  }

  #added(failure: Failure | undefined): void {
    if (failure !== undefined) this.drop(failure);
    if (this.#spool.hasFull) this.#wake();
  }

  /** Takes over what dead processes left, and gives how many others live. */
  async #look(): Promise<number> {
    const { files, neighbours } = await this.#spool.adopt();
    if (files > 0) this.#log.info(`auditlog: sends what an ended process left in the spool (files: ${files})`);
    if (this.#spool.hasFull) this.#wake();
    return neighbours;
  }

  async #run(): Promise<void> {
    let pause = this.#pauses.first;
    for (;;) {
      const segment = await this.#spool.next(this.#stopping ? 0 : this.#options.flushInterval);
      if (!segment) {
        if (this.#stopping) return;
        await this.#idle(this.#spool.untilOld(this.#options.flushInterval), true);
        continue;
      }
      try {
        await this.#deliver(segment);
        pause = this.#pauses.first;
        if (this.#failing) this.#log.info('auditlog: sending works again');
        this.#failing = false;
      } catch (error) {
        this.#failing = true;
        this.#failures.add(`cannot send to ${this.#client.host}: ${reasonOf(error)}`);
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
    if (this.#stopping || (forEvents && this.#spool.hasFull)) return;
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

  /** Sends a file; where that fails, what is left of it is sent the next time. */
  async #deliver(segment: Segment): Promise<void> {
    if (this.#begun?.segment !== segment) this.#begun = { segment, parts: await this.#read(segment) };
    const { parts } = this.#begun;
    for (let part; (part = parts[0]); ) parts.splice(0, 1, ...(await this.#send(part)));
    this.#begun = undefined;
    await this.#spool.remove(segment);
  }

  async #read(segment: Segment): Promise<Buffer[]> {
    try {
      const { lines, lost } = await this.#spool.read(segment);
      this.drop(segment.events === undefined ? 'cut off while they were written' : 'gone from a file of the spool', lost);
      return lines.length > 0 ? [lines] : [];
    } catch (error) {
      this.#spool.forget(segment);
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw new Postponed(`${segment.path} cannot be read (${reasonOf(error)}) and is left where it is`);
      }
      this.drop('their file was deleted from the spool', segment.events ?? 1);
      return [];
    }
  }

  /** Sends lines; gives those that are left: halves, as long as it is not clear which one is not wanted. */
  async #send(part: Buffer): Promise<Buffer[]> {
    const verdict = await this.#client.post(part);
    if ('rejected' in verdict) {
      await this.#settle(part, verdict.rejected);
      return [];
    }
    const lines = linesOf(part);
    if (lines.length === 1) {
      await this.#putAside(part, 1, verdict.refused);
      return [];
    }
    const half = Math.ceil(lines.length / 2);
    return [Buffer.concat(lines.slice(0, half)), Buffer.concat(lines.slice(half))];
  }

  /** Of what the server rejects, it names the first. */
  async #settle(part: Buffer, { count, reason, indexes }: Extract<Verdict, { rejected: unknown }>['rejected']) {
    if (count === 0) return;
    const lines = linesOf(part);
    const named = indexes.flatMap(index => lines[index] ?? []);
    if (named.length > 0) await this.#putAside(Buffer.concat(named), named.length, reason);
    this.drop(`rejected by the server: ${reason}`, count - named.length);
  }

  async #putAside(lines: Buffer, count: number, reason: string): Promise<void> {
    const failure = await this.#spool.putAside(lines);
    if (failure === undefined) this.#aside.add(`rejected by the server: ${reason}`, count);
    else this.drop(`rejected by the server: ${reason}; ${failure}`, count);
  }
}

/** Lines with their ends. */
function linesOf(part: Buffer): Buffer[] {
  const lines = [];
  for (let begin = 0, end; begin < part.length; begin = end) {
    end = part.indexOf(LINE_FEED, begin) + 1 || part.length;
    lines.push(part.subarray(begin, end));
  }
  return lines;
}

const LINE_FEED = 10;

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
