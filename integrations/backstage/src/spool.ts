import { type FileHandle, mkdir, open, readFile, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = /^\d{15}-\d{6}\.ndjson$/;
/** What may wait in memory for a slow disk. */
const MAX_WAITING = 8 * 1024 * 1024;
const MAX_SEGMENT = 4 * 1024 * 1024;

/** A file of the spool: the events of one request. */
export type Segment = { path: string; bytes: number };

type Waiting = { line: string; bytes: number; done: (written: boolean) => void };

/**
 * Events on their way, in files of one request each. The files are the queue: nothing but what waits for the disk is
 * in memory, and what was not sent when the process ended is there when it starts again.
 */
export class Spool {
  #sealed: Segment[] = [];
  #current?: Segment & { file: FileHandle; events: number };
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #bytes = 0;
  #made = 0;
  #tail: Promise<unknown> = Promise.resolve();
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #segmentEvents: number;

  private constructor(folder: string, maxBytes: number, segmentEvents: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#segmentEvents = segmentEvents;
  }

  /** Opens a folder, with what an earlier process left in it. */
  static async open(folder: string, maxBytes: number, segmentEvents: number): Promise<Spool> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const spool = new Spool(folder, maxBytes, segmentEvents);
    for (const name of (await readdir(folder)).filter(n => NAME.test(n)).sort()) {
      const path = join(folder, name);
      const { size } = await stat(path);
      spool.#sealed.push({ path, bytes: size });
      spool.#bytes += size;
    }
    return spool;
  }

  /** Bytes that are not sent yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a file is full and can go without waiting for more. */
  get hasFull(): boolean {
    return this.#sealed.length > 0;
  }

  /** Resolves once the line is in a file: false when there is no room, or it could not be written. */
  add(line: string): Promise<boolean> {
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#bytes + bytes > this.#maxBytes || this.#waitingBytes + bytes > MAX_WAITING) {
      return Promise.resolve(false);
    }
    this.#bytes += bytes;
    this.#waitingBytes += bytes;
    return new Promise(done => {
      this.#waiting.push({ line, bytes, done });
      if (this.#waiting.length === 1) void this.#inTurn(() => this.#write());
    });
  }

  /** The oldest file, closed for writing. */
  async next(): Promise<Segment | undefined> {
    if (this.#sealed.length === 0) await this.#inTurn(() => this.#seal());
    return this.#sealed[0];
  }

  /** The whole lines of a file, and how many broken ones were found: a write that was cut off leaves one. */
  async read(segment: Segment): Promise<{ lines: string[]; broken: number }> {
    const all = (await readFile(segment.path, 'utf8')).split('\n').filter(line => line !== '');
    const lines = all.filter(isObject);
    return { lines, broken: all.length - lines.length };
  }

  /** Deletes a file whose events have arrived. One that cannot be deleted is sent again at the next start. */
  async remove(segment: Segment): Promise<void> {
    this.forget(segment);
    await unlink(segment.path).catch(() => undefined);
  }

  /** Leaves a file that cannot be read where it is, for the next start. */
  forget(segment: Segment): void {
    const index = this.#sealed.indexOf(segment);
    if (index >= 0) this.#sealed.splice(index, 1);
    this.#bytes -= segment.bytes;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Writes all that waits, many events at once where the disk is slower than they come. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const room = this.#segmentEvents - (this.#current?.events ?? 0);
      const taken = this.#waiting.splice(0, room);
      const bytes = taken.reduce((sum, waiting) => sum + waiting.bytes, 0);
      const written = await this.#append(taken, bytes);
      this.#waitingBytes -= bytes;
      if (!written) this.#bytes -= bytes;
      for (const waiting of taken) waiting.done(written);
    }
  }

  async #append(taken: Waiting[], bytes: number): Promise<boolean> {
    try {
      const current = (this.#current ??= await this.#create());
      await current.file.appendFile(taken.map(waiting => `${waiting.line}\n`).join(''));
      current.events += taken.length;
      current.bytes += bytes;
      if (current.events >= this.#segmentEvents || current.bytes >= MAX_SEGMENT) await this.#seal();
      return true;
    } catch {
      // Half a line may stand at the end of the file now: the next one belongs into another.
      await this.#giveUp();
      return false;
    }
  }

  /** A full disk gets no heap of empty files. */
  async #giveUp(): Promise<void> {
    const current = this.#current;
    if (!current || current.events > 0) return this.#seal();
    this.#current = undefined;
    await current.file.close().catch(() => undefined);
    await unlink(current.path).catch(() => undefined);
  }

  async #create() {
    this.#made += 1;
    const name = `${String(Date.now()).padStart(15, '0')}-${String(this.#made % 1e6).padStart(6, '0')}.ndjson`;
    const path = join(this.#folder, name);
    return { path, bytes: 0, events: 0, file: await open(path, 'ax', 0o600) };
  }

  async #seal(): Promise<void> {
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    this.#sealed.push({ path: current.path, bytes: current.bytes });
    await current.file.close().catch(() => undefined);
  }
}

function isObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}
