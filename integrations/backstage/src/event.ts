import type { AuditorEvent } from '@backstage/backend-defaults/auditor';

/** The server takes no longer string; a longer event goes without its details. */
const MAX_LINE = 256 * 1024;
const MAX_TEXT = 8 * 1024;
/** The server takes 100 levels. */
const MAX_DEPTH = 90;

/** What is sent for an outcome: nothing where even its outline is too long. `removed` says why its meta is left out. */
export type Line = { line?: string; removed?: string };

/** Never throws, whatever plugins put into an event, and takes no long time over it. */
export function lineOf(event: AuditorEvent, id: string, time: Date): Line {
  const { plugin, eventId, severityLevel, actor, request, status } = event;
  const head = { id, eventTime: time.toISOString(), plugin, eventId, severityLevel, actor, request, status };
  const whole = jsonOf({ ...head, meta: event.meta, error: errorOf(event, MAX_LINE) });
  if ('json' in whole) return { line: whole.json };

  const meta = { ...outlineOf(event.meta), removed: `the meta of this event is left out: it is ${whole.reason}` };
  const outline = jsonOf({ ...head, meta, error: errorOf(event, MAX_TEXT) });
  return 'json' in outline ? { line: outline.json, removed: whole.reason } : {};
}

/** What can be read of a meta, so that taking it apart throws nothing; `removed` is called where that is not all. */
export function readableMeta<T extends object>(meta: T | undefined, removed: (reason: string) => void): T | undefined {
  try {
    return meta && { ...meta };
  } catch {
    removed(UNREADABLE);
    return { ...outlineOf(meta), removed: `the meta of this event is left out: it is ${UNREADABLE}` } as unknown as T;
  }
}

const UNREADABLE = 'not JSON';

/** An error under a key of its own: spread over the event, its fields would replace the event's. */
function errorOf(event: AuditorEvent, cut: number) {
  if (event.status !== 'failed') return undefined;
  try {
    const error: unknown = event.error;
    if (!(error instanceof Error)) return { message: String(error).slice(0, cut) };
    const text = (value: unknown) => (value === undefined ? undefined : String(value).slice(0, cut));
    return { name: text(error.name), message: text(error.message), stack: text(error.stack) };
  } catch {
    return { message: 'this error cannot be read' };
  }
}

/** What queries ask for. */
function outlineOf(meta: object | undefined): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const key of ['actionType', 'queryType', 'entityRef']) {
    try {
      const value: unknown = (meta as Record<string, unknown> | undefined)?.[key];
      if (typeof value === 'string' && value.length <= MAX_TEXT) kept[key] = value;
    } catch {
      // It is left out as the rest is.
    }
  }
  return kept;
}

function jsonOf(value: object): { json: string } | { reason: string } {
  try {
    // Before it is made: what is huge would hold up every request.
    const size = new Size();
    size.add(value, 0);
    if (size.left < 0) return { reason: 'too large' };
    if (size.deep) return { reason: 'nested too deeply, or circular' };
    const json = JSON.stringify(value);
    return Buffer.byteLength(json) < MAX_LINE ? { json } : { reason: 'too large' };
  } catch {
    return { reason: UNREADABLE };
  }
}

/** Counts characters that JSON has at least, and stops where they are too many. */
class Size {
  left = MAX_LINE;
  deep = false;

  add(value: unknown, depth: number): void {
    if (typeof value === 'string') this.left -= value.length;
    this.left -= 2;
    if (typeof value !== 'object' || value === null || this.left < 0) return;
    if (depth > MAX_DEPTH) this.deep = true;
    else if (ArrayBuffer.isView(value)) this.left -= value.byteLength;
    else if (Array.isArray(value)) this.#addElements(value, depth);
    else this.#addMembers(value as Record<string, unknown>, depth);
  }

  #addElements(array: unknown[], depth: number): void {
    if (array.length > this.left) this.left = -1;
    for (let at = 0; at < array.length && this.left >= 0 && !this.deep; at += 1) this.add(array[at], depth + 1);
  }

  #addMembers(object: Record<string, unknown>, depth: number): void {
    for (const key in object) {
      this.left -= key.length;
      this.add(object[key], depth + 1);
      if (this.left < 0 || this.deep) return;
    }
  }
}
