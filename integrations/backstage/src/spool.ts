import { close, open, openSync, unlink as unlinkLater, write, writeSync } from 'node:fs';
import { appendFile, readFile, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { Home } from './home';

const NAME = /^\d{15}-\d{6}-[0-9a-f-]+\.ndjson$/;
const MODE = 0o600;
/** What may wait in memory for a slow disk. */
const MAX_WAITING = 8 * 1024 * 1024;
const MAX_SEGMENT = 4 * 1024 * 1024;
/** After a write that took longer, in milliseconds, others are written beside the main thread for a while. */
const SLOW = 50;
const SLOW_FOR = 10_000;

const LINE_FEED = 10;

const openLater = promisify(open);
const writeLater = promisify(write);

/** A file of the spool: the events of one request. Their number is known of what this process wrote. */
export type Segment = { path: string; bytes: number; events?: number };

/** Why an event is not in the spool. */
export type Failure = string;

export type SpoolOptions = {
  folder: string;
  maxBytes: number;
  segmentEvents: number;
  /** Milliseconds; for tests. */
  slow?: number;
};

type Current = { path: string; fd: number; bytes: number; events: number; since: number };
type Waiting = { bytes: Buffer; done: (failure?: Failure) => void };

/**
 * Events on their way, in files of one request each. The files are the queue: nothing but what waits for a slow disk is
 * in memory, and what was not sent when the process ended is there when another starts.
 */
export class Spool {
  #sealed: Segment[] = [];
  #current?: Current;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #writing?: Promise<void>;
  #isSealAsked = false;
  #slowUntil = -Infinity;
  #fileBytes = 0;
  #made = 0;

  private constructor(readonly home: Home, readonly options: SpoolOptions) {}

  static async open(options: SpoolOptions): Promise<Spool> {
    return new Spool(await Home.open(options.folder), options);
  }

  /** Bytes that are not sent yet. */
  get bytes(): number {
    return this.#fileBytes + this.#waitingBytes;
  }

  /** Whether a file is full and can go without waiting for more. */
  get hasFull(): boolean {
    return this.#sealed.length > 0;
  }

  /** Where events go that the server does not take. */
  get asideFile(): string {
    return join(this.home.root, 'rejected.ndjson');
  }

  /** Queues what dead processes left: how many files, and how many other processes live. */
  async adopt(): Promise<{ files: number; neighbours: number }> {
    const { files, neighbours } = await this.home.adopt(name => NAME.test(name));
    for (const path of files) {
      const bytes = await sizeOf(path);
      this.#sealed.push({ path, bytes });
      this.#fileBytes += bytes;
    }
    // Names begin with the time.
    if (files.length > 0) this.#sealed.sort((a, b) => (basename(a.path) < basename(b.path) ? -1 : 1));
    return { files: files.length, neighbours };
  }

  /** Puts a line into a file, at once unless the disk has been slow; gives why it is not there, if it is not. */
  add(line: string): Failure | undefined | Promise<Failure | undefined> {
    const text = `${line}\n`;
    const bytes = Buffer.byteLength(text);
    if (this.bytes + bytes > this.options.maxBytes) return 'the spool is full';
    const begin = performance.now();
    if (this.#writing || begin < this.#slowUntil) return this.#addLater(Buffer.from(text));
    const failure = this.#write(text, bytes);
    const end = performance.now();
    if (end - begin > (this.options.slow ?? SLOW)) this.#slowUntil = end + SLOW_FOR;
    return failure;
  }

  /** How many milliseconds are left until what is written to now is as old as that. */
  untilOld(age: number): number {
    return this.#current ? Math.max(this.#current.since + age - performance.now(), 0) : age;
  }

  /** The oldest closed file. Where there is none, what is written to now is closed, if it is as old as that. */
  async next(age: number): Promise<Segment | undefined> {
    if (this.#sealed.length === 0 && this.untilOld(age) <= 0) {
      this.#isSealAsked = true;
      if (this.#writing) await this.#writing;
      else this.#seal();
    }
    return this.#sealed[0];
  }

  /**
   * The lines of a file, and how many are lost: to a crash while they were written, or to who meddled with the file. One
   * that looks whole is not looked through: the server does that.
   */
  async read(segment: Segment): Promise<{ lines: Buffer; lost: number }> {
    const all = await readFile(segment.path);
    if (all.length === segment.bytes && all.at(-1) === LINE_FEED) return { lines: all, lost: 0 };
    const found = all.toString().split('\n').filter(line => line !== '');
    const lines = found.filter(isObject);
    const lost = Math.max((segment.events ?? found.length) - lines.length, 0);
    return { lines: Buffer.from(lines.map(line => `${line}\n`).join('')), lost };
  }

  /** Deletes a file whose events have arrived. One that cannot be deleted is sent again by another process. */
  async remove(segment: Segment): Promise<void> {
    this.forget(segment);
    await unlink(segment.path).catch(() => undefined);
  }

  /** Leaves a file that cannot be read where it is, for another process. */
  forget(segment: Segment): void {
    const index = this.#sealed.indexOf(segment);
    if (index < 0) return;
    this.#sealed.splice(index, 1);
    this.#fileBytes -= segment.bytes;
  }

  /** Keeps lines that the server does not take where a person can look at them. */
  async putAside(lines: Buffer): Promise<Failure | undefined> {
    try {
      if ((await sizeOf(this.asideFile)) + lines.length > this.options.maxBytes) return `${this.asideFile} is full`;
      await appendFile(this.asideFile, lines, { mode: MODE });
      return undefined;
    } catch (error) {
      return failureOf(error);
    }
  }

  #write(text: string, bytes: number): Failure | undefined {
    try {
      const current = (this.#current ??= this.#createNow());
      return this.#wrote(current, writeSync(current.fd, text), bytes, 1);
    } catch (error) {
      return this.#failed(error);
    }
  }

  #addLater(bytes: Buffer): Failure | Promise<Failure | undefined> {
    if (this.#waitingBytes + bytes.length > MAX_WAITING) return 'the disk is too slow';
    this.#waitingBytes += bytes.length;
    return new Promise(done => {
      this.#waiting.push({ bytes, done });
      if (!this.#writing) void this.#writeAll();
    });
  }

  /** Writes all that waits, many events at once. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const taken = this.#waiting.splice(0, this.options.segmentEvents - (this.#current?.events ?? 0));
      const bytes = Buffer.concat(taken.map(waiting => waiting.bytes));
      this.#writing = this.#writeLater(bytes, taken.length).then(failure => {
        this.#waitingBytes -= bytes.length;
        if (this.#isSealAsked) this.#seal();
        for (const waiting of taken) waiting.done(failure);
      });
      await this.#writing;
    }
    this.#writing = undefined;
  }

  async #writeLater(bytes: Buffer, events: number): Promise<Failure | undefined> {
    try {
      const current = (this.#current ??= await this.#createLater());
      const { bytesWritten } = await writeLater(current.fd, bytes);
      return this.#wrote(current, bytesWritten, bytes.length, events);
    } catch (error) {
      return this.#failed(error);
    }
  }

  #wrote(current: Current, written: number, wanted: number, events: number): Failure | undefined {
    current.bytes += written;
    this.#fileBytes += written;
    if (written < wanted) return this.#failed(new Error('there is no more space'));
    current.events += events;
    if (current.events >= this.options.segmentEvents || current.bytes >= MAX_SEGMENT) this.#seal();
    return undefined;
  }

  /** Half a line may stand at the end of the file now: the next one belongs into another. */
  #failed(error: unknown): Failure {
    const current = this.#current;
    if (current?.events === 0) {
      // A full disk gets no heap of empty files.
      this.#current = undefined;
      this.#fileBytes -= current.bytes;
      close(current.fd, () => unlinkLater(current.path, () => undefined));
    } else {
      this.#seal();
    }
    return failureOf(error);
  }

  #seal(): void {
    this.#isSealAsked = false;
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    close(current.fd, () => undefined);
    this.#sealed.push({ path: current.path, bytes: current.bytes, events: current.events });
  }

  #createNow(): Current {
    const path = this.#newPath();
    return currentOf(path, openSync(path, 'ax', MODE));
  }

  async #createLater(): Promise<Current> {
    const path = this.#newPath();
    return currentOf(path, await openLater(path, 'ax', MODE));
  }

  #newPath(): string {
    const [time, number] = [String(Date.now()).padStart(15, '0'), String(this.#made % 1e6).padStart(6, '0')];
    this.#made += 1;
    return join(this.home.folder, `${time}-${number}-${this.home.name}.ndjson`);
  }
}

function currentOf(path: string, fd: number): Current {
  return { path, fd, bytes: 0, events: 0, since: performance.now() };
}

/** 0 where there is no file. */
function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    stats => stats.size,
    () => 0,
  );
}

function failureOf(error: unknown): Failure {
  const { code, message } = error as NodeJS.ErrnoException;
  return `the spool cannot be written: ${code ?? message}`;
}

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}
