import { auditorServiceFactory } from '@backstage/backend-defaults/auditor';
import {
  type AuditorService,
  type RootConfigService,
  type ServiceRef,
  coreServices,
  createServiceFactory,
} from '@backstage/backend-plugin-api';
import { readDurationFromConfig } from '@backstage/config';
import { durationToMilliseconds } from '@backstage/types';
import { auditorOf } from './auditor';
import { isLoopback } from './client';
import { Sender, type SenderOptions } from './sender';

/** What a service factory is made of, which its public type hides. */
const logging = auditorServiceFactory as unknown as {
  deps: Record<string, ServiceRef<any, any>>;
  factory(deps: Record<string, unknown>): Promise<AuditorService>;
};

/** Backstage's auditor, which logs as before, and sends the outcomes to auditlog. */
export const auditlogAuditorServiceFactory = createServiceFactory({
  service: coreServices.auditor,
  deps: {
    ...logging.deps,
    auth: coreServices.auth,
    httpAuth: coreServices.httpAuth,
    plugin: coreServices.pluginMetadata,
    rootConfig: coreServices.rootConfig,
    rootLogger: coreServices.rootLogger,
    rootLifecycle: coreServices.rootLifecycle,
  },
  async createRootContext({ rootConfig, rootLogger, rootLifecycle }) {
    const options = optionsOf(rootConfig);
    if (!options) {
      rootLogger.warn('auditlog: there is no auditLog.sender in the configuration; audit events are only logged');
      return undefined;
    }
    const url = new URL(options.url);
    if (url.protocol === 'http:' && !isLoopback(url)) {
      rootLogger.warn('auditlog: auditLog.sender.url is plain http to another machine; the token can be read on the way');
    }
    const sender = await Sender.start(options, rootLogger);
    rootLifecycle.addShutdownHook(() => sender.stop());
    return sender;
  },
  async factory(deps, sender) {
    const logged = await logging.factory(deps);
    return sender ? auditorOf(logged, sender, deps) : logged;
  },
});

export default auditlogAuditorServiceFactory;

function optionsOf(config: RootConfigService): SenderOptions | undefined {
  const sender = config.getOptionalConfig('auditLog.sender');
  if (!sender) return undefined;
  const url = sender.getString('url');
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new Error('auditLog.sender.url is not an http(s) URL');
  const token = sender.getString('token');
  if (!/^[\x21-\x7e]{8,}$/.test(token)) {
    throw new Error('auditLog.sender.token is not 8 or more visible ASCII characters');
  }
  return {
    url,
    token,
    spool: sender.getString('spool'),
    maxSpoolBytes: positive(sender.getOptionalNumber('maxSpoolBytes') ?? 64 * 1024 * 1024, 'maxSpoolBytes', 2 ** 40),
    batchSize: positive(sender.getOptionalNumber('batchSize') ?? 500, 'batchSize', 10_000),
    flushInterval: sender.has('flushInterval')
      ? positive(durationToMilliseconds(readDurationFromConfig(sender, { key: 'flushInterval' })), 'flushInterval', 3_600_000)
      : 1_000,
  };
}

function positive(value: number, key: string, most: number): number {
  if (value >= 1 && value <= most) return Math.floor(value);
  throw new Error(`auditLog.sender.${key} is not between 1 and ${most}`);
}
