import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

const MAX_RETRY_AFTER = 3_600_000;
const MAX_ANSWER = 1024 * 1024;
/** Shorter bodies do not gain from it. */
const MIN_GZIP = 1_024;

const packed = promisify(gzip);

/** A batch that did not arrive, and may the next time; not before `after` milliseconds have passed. */
export class Postponed extends Error {
  constructor(message: string, readonly after = 0) {
    super(message);
  }
}

/** What became of a batch: it arrived, but for some of its lines, or will not arrive as it is. */
export type Verdict = { rejected: Rejected } | { refused: string };

/** Lines that the server does not take: how many, why, and those that it named, counted from 0. */
export type Rejected = { count: number; reason: string; indexes: number[] };

/** Posts batches to one server. */
export class Client {
  readonly #endpoint: URL;
  readonly #isNear: boolean;
  #request?: AbortController;

  /** `timeout` is in milliseconds. */
  constructor(url: string, readonly token: string, readonly timeout: number) {
    this.#endpoint = new URL(`${url.replace(/\/+$/, '')}/api/audit-log/v1/audit-event`);
    this.#isNear = isLoopback(this.#endpoint);
  }

  get host(): string {
    return this.#endpoint.host;
  }

  /** Sends lines; fails with `Postponed`, or as the network does, where they have to be sent again. */
  async post(lines: Buffer): Promise<Verdict> {
    // What does not leave the machine gains nothing from being smaller.
    const isPacked = !this.#isNear && lines.length >= MIN_GZIP;
    const request = new AbortController();
    this.#request = request;
    const timer = setTimeout(() => request.abort(), this.timeout);
    try {
      const response = await fetch(this.#endpoint, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.token}`,
          'content-type': 'application/x-ndjson',
          ...(isPacked && { 'content-encoding': 'gzip' }),
        },
        body: isPacked ? await packed(lines, { level: constants.Z_BEST_SPEED }) : lines,
        // The token is for this server, and for none that it names.
        redirect: 'error',
        signal: request.signal,
      });
      return verdictOf(response, await readAnswer(response));
    } finally {
      clearTimeout(timer);
      this.#request = undefined;
    }
  }

  /** Ends the request that is under way. */
  abort(): void {
    this.#request?.abort();
  }
}

export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}

/** Words from elsewhere, short and harmless in a log. */
export function quoted(words: unknown): string {
  return JSON.stringify(String(words).slice(0, 200));
}

/** Only the server's own answer counts as arrival, or as a refusal: a proxy's sign-in page has status 200, too. */
function verdictOf(response: Response, body: string): Verdict {
  const { status } = response;
  const answer = parsed(body);
  if (status === 200 && Number.isInteger(answer?.stored)) {
    const named: any[] = Array.isArray(answer.rejected) ? answer.rejected : [];
    const count = Number.isInteger(answer.rejectedCount) ? answer.rejectedCount : named.length;
    const indexes = named.map(one => one?.index).filter(Number.isInteger);
    return { rejected: { count, reason: quoted(named[0]?.reason), indexes } };
  }
  const words = quoted(answer?.error?.message ?? 'this is not an answer of auditlog');
  const isOwn = answer?.error?.name === 'InputError' && answer?.response?.statusCode === 400;
  // A proxy may take less at a time than the server does.
  if (status === 413 || (status === 400 && isOwn)) return { refused: `status ${status}, ${words}` };
  throw new Postponed(`status ${status}, ${words}`, retryAfterOf(response.headers.get('retry-after')));
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
