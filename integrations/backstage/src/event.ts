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
  const whole = jsonOf(sentOf(event, id, time, event.meta, MAX_LINE));
  if ('json' in whole) return { line: whole.json };
  const outline = jsonOf(sentOf(event, id, time, outlineOf(event.meta, whole.reason), MAX_TEXT));
  return 'json' in outline ? { line: outline.json, removed: whole.reason } : {};
}

/** One literal: objects that are spread into others cost more than all the rest. */
function sentOf(event: AuditorEvent, id: string, time: Date, meta: object | undefined, cut: number) {
  const { plugin, eventId, severityLevel, actor, request, status } = event;
  const eventTime = time.toISOString();
  return { id, eventTime, plugin, eventId, severityLevel, actor, request, meta, status, error: errorOf(event, cut) };
}

/** A meta that can be taken apart without throwing: this one, or its outline, of which `removed` is told. */
export function readableMeta<T extends object>(meta: T | undefined, removed: (reason: string) => void): T | undefined {
  try {
    for (const key in meta) void meta[key];
    return meta;
  } catch {
    removed(UNREADABLE);
    return outlineOf(meta, UNREADABLE) as unknown as T;
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

/** What queries ask for, and why the rest is left out. */
function outlineOf(meta: object | undefined, reason: string): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const key of ['actionType', 'queryType', 'entityRef']) {
    try {
      const value: unknown = (meta as Record<string, unknown> | undefined)?.[key];
      if (typeof value === 'string' && value.length <= MAX_TEXT) kept[key] = value;
    } catch {
      // It is left out as the rest is.
    }
  }
  return { ...kept, removed: `the meta of this event is left out: it is ${reason}` };
}

function jsonOf(value: object): { json: string } | { reason: string } {
  try {
    // Before it is made: what is huge would hold up every request.
    const room = roomAfter(value, MAX_LINE, 0);
    if (room === TOO_DEEP) return { reason: 'nested too deeply, or circular' };
    if (room < 0) return { reason: 'too large' };
    const json = JSON.stringify(value);
    return Buffer.byteLength(json) < MAX_LINE ? { json } : { reason: 'too large' };
  } catch {
    return { reason: UNREADABLE };
  }
}

const TOO_DEEP = -Infinity;

/** How many characters are left of so many after a value's JSON, or more; negative where it is certain that none are. */
function roomAfter(value: unknown, room: number, depth: number): number {
  if (typeof value === 'string') return room - value.length;
  if (typeof value !== 'object' || value === null) return room - 1;
  if (depth > MAX_DEPTH) return TOO_DEEP;
  if (ArrayBuffer.isView(value)) return room - value.byteLength;
  let left = room - 2;
  if (Array.isArray(value)) {
    if (value.length > left) return -1;
    for (let at = 0; at < value.length && left >= 0; at += 1) left = roomAfter(value[at], left, depth + 1);
    return left;
  }
  const members = value as Record<string, unknown>;
  for (const key in members) {
    left = roomAfter(members[key], left - key.length, depth + 1);
    if (left < 0) return left;
  }
  return left;
}
