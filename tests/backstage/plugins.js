// A plugin that audits as the guide for plugin authors says, and one that stands where Portal's audit log does.
const { coreServices, createBackendPlugin } = require('@backstage/backend-plugin-api');
const { InputError, NotAllowedError } = require('@backstage/errors');
const { AuthorizeResult, createPermission } = require('@backstage/plugin-permission-common');
const express = require('express');
const Router = require('express-promise-router').default;

exports.myPlugin = createBackendPlugin({
  pluginId: 'my-plugin',
  register(env) {
    env.registerInit({
      deps: { auditor: coreServices.auditor, httpRouter: coreServices.httpRouter },
      async init({ auditor, httpRouter }) {
        const router = Router();
        router.use(express.json());
        router.post('/entities', async (req, res) => {
          const event = await auditor.createEvent({
            eventId: 'entity.created',
            severityLevel: 'high',
            request: req,
            meta: {
              actionType: 'create',
              queryType: 'mutation',
              entityRef: 'component:default/my-service',
              customField: 'custom-value',
              number: req.body.number,
            },
          });
          if (req.body.fail) {
            // An error with fields of its own, as those of HTTP clients are: in a log line they replace the event's.
            const error = Object.assign(new Error('Operation failed'), req.body.fields);
            await event.fail({ error, meta: { additionalContext: 'value' } });
            res.status(500).end();
            return;
          }
          await event.success();
          res.status(201).end();
        });
        httpRouter.use(router);
      },
    });
  },
});

const read = createPermission({ name: 'audit.log.read', attributes: { action: 'read' } });

/** Answers of the right shape behind Backstage's own auth: what it is for is the auth. */
exports.auditLogPlugin = createBackendPlugin({
  pluginId: 'audit-log',
  register(env) {
    env.registerInit({
      deps: {
        httpAuth: coreServices.httpAuth,
        httpRouter: coreServices.httpRouter,
        permissions: coreServices.permissions,
        registry: coreServices.permissionsRegistry,
      },
      async init({ httpAuth, httpRouter, permissions, registry }) {
        registry.addPermissions([read]);
        const router = Router();
        router.get('/v1/audit-event', async (req, res) => {
          const credentials = await httpAuth.credentials(req);
          const [decision] = await permissions.authorize([{ permission: read }], { credentials });
          if (decision.result !== AuthorizeResult.ALLOW) throw new NotAllowedError('Unauthorized');
          res.json(answerTo(req.query));
        });
        httpRouter.use(router);
      },
    });
  },
});

const events = Array.from({ length: 3 }, (_, n) => ({
  id: `00000000-0000-4000-8000-00000000000${9 - n}`,
  event_time: new Date(Date.now() - (n + 1) * 60_000).toISOString(),
  recorded_at: new Date(Date.now() - (n + 1) * 60_000).toISOString(),
  plugin_id: 'catalog',
  event_id: 'entity-mutate',
  severity_level: 'medium',
  status: 'succeeded',
  actor_type: 'user',
  actor_id: 'user:default/guest',
  request_method: 'POST',
  request_url: '/api/catalog/refresh',
  action_type: null,
  query_type: 'refresh',
  entity_ref: 'component:default/payments',
  meta: {},
}));

function answerTo({ start_time = '', end_time = '9', limit = '100', offset = '0' }) {
  if (!(limit >= 1 && limit <= 1000)) throw new InputError('Invalid limit: must be an integer between 1 and 1000');
  const matches = events.filter(e => e.event_time >= start_time && e.event_time <= end_time);
  const data = matches.slice(Number(offset), Number(offset) + Number(limit));
  return { data, total: matches.length, limit: Number(limit), offset: Number(offset) };
}
