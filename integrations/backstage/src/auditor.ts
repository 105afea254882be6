import { type AuditorLogFunction, DefaultAuditorService } from '@backstage/backend-defaults/auditor';
import type { AuditorService, AuthService, HttpAuthService, PluginMetadataService } from '@backstage/backend-plugin-api';
import { readableMeta } from './event';
import type { Sender } from './sender';

type Services = { auth: AuthService; httpAuth: HttpAuthService; plugin: PluginMetadataService };

/** Backstage's own auditor, whose events are taken as well as logged. What it refuses, such as a caller, is refused. */
export function auditorOf(logged: AuditorService, sender: Sender, services: Services): AuditorService {
  const log = logFunctionOf(logged);
  const auditor = DefaultAuditorService.create(event => {
    const taken = sender.take(event);
    try {
      // What cannot be logged is no reason to refuse a request: it is taken.
      return log(event)?.then(
        () => taken,
        () => taken,
      ) ?? taken;
    } catch {
      return taken;
    }
  }, services);
  const readable = <T extends { meta?: object }>(given: T): T => {
    const meta = readableMeta(given.meta, reason => sender.outlined(reason));
    return meta === given.meta ? given : { ...given, meta };
  };
  return {
    async createEvent(options) {
      const event = await auditor.createEvent(readable(options));
      return {
        success: params => event.success(params && readable(params)),
        fail: params => event.fail(readable(params)),
      };
    },
  };
}

/** What Backstage's auditor hands its events to. A second auditor beside it would cost each request its work again. */
function logFunctionOf(auditor: AuditorService): AuditorLogFunction {
  const { logFn } = auditor as unknown as { logFn?: unknown };
  if (typeof logFn === 'function') return logFn as AuditorLogFunction;
  throw new Error('backstage-module-auditlog does not know the auditor of this version of @backstage/backend-defaults');
}
