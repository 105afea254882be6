import { type AuditorLogFunction, DefaultAuditorService } from '@backstage/backend-defaults/auditor';
import type { AuditorService, AuthService, HttpAuthService, PluginMetadataService } from '@backstage/backend-plugin-api';
import { readableMeta } from './event';
import type { Sender } from './sender';

type Services = { auth: AuthService; httpAuth: HttpAuthService; plugin: PluginMetadataService };

/** Backstage's own auditor, whose events are taken as well as logged. What it refuses, such as a caller, is refused. */
export function auditorOf(logged: AuditorService, sender: Sender, services: Services): AuditorService {
  const log = logFunctionOf(logged);
  const auditor = DefaultAuditorService.create(async event => {
    const taken = sender.take(event);
    try {
      await log(event);
    } catch {
      // What cannot be logged is no reason to refuse a request: it is taken, and was counted if something is left out.
    }
    await taken;
  }, services);
  const readable = <T extends object>(meta: T | undefined) => readableMeta(meta, reason => sender.outlined(reason));
  return {
    async createEvent(options) {
      const event = await auditor.createEvent({ ...options, meta: readable(options.meta) });
      return {
        success: params => event.success({ ...params, meta: readable(params?.meta) }),
        fail: params => event.fail({ ...params, meta: readable(params.meta) }),
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
