import type { AuditorEvent } from '@backstage/backend-defaults/auditor';

/** The server takes no longer string; a longer event goes without its details. */
const MAX_LINE = 256 * 1024;
const MAX_TEXT = 8 * 1024;

/** The line that is sent for an outcome, or undefined where even its outline is too long. */
export function lineOf(event: AuditorEvent, id: string, time: Date): string | undefined {
  const head = { id, eventTime: time.toISOString() };
  const whole = JSON.stringify({ ...head, ...event, ...errorOf(event) });
  if (fits(whole)) return whole;

  const { meta, ...rest } = event;
  const outline = JSON.stringify({ ...head, ...rest, ...errorOf(event, MAX_TEXT), meta: outlineOf(meta, whole) });
  return fits(outline) ? outline : undefined;
}

function fits(line: string): boolean {
  return Buffer.byteLength(line) < MAX_LINE;
}

/** An error under a key of its own: spread over the event, its fields would replace the event's. */
function errorOf(event: AuditorEvent, cut?: number) {
  if (event.status !== 'failed') return {};
  const error: unknown = event.error;
  if (!(error instanceof Error)) return { error: { message: String(error).slice(0, cut) } };
  const { name, message, stack } = error;
  return { error: { name: name?.slice(0, cut), message: message?.slice(0, cut), stack: stack?.slice(0, cut) } };
}

/** What queries ask for is kept; what was left out is said. */
function outlineOf(meta: AuditorEvent['meta'], whole: string) {
  const kept: Record<string, unknown> = {};
  for (const key of ['actionType', 'queryType', 'entityRef']) {
    const value = meta?.[key];
    if (typeof value === 'string' && value.length <= MAX_TEXT) kept[key] = value;
  }
  return { ...kept, removed: `an event of ${Buffer.byteLength(whole)} bytes; its meta is left out` };
}
