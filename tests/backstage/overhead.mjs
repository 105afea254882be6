// node overhead.mjs [PAIRS] [REQUESTS]: the median time of an audited request with the module and without it, in
// alternating pairs of runs, and the ratio; once for a route that does nothing but audit, once for the catalog's. Both
// backends are up all the time, so that what else the machine does meets both. Without the module the backend is as
// Backstage made it: it logs each event. The server takes everything at once: what is measured is the module.
import { readFileSync, readdirSync } from 'node:fs';
import { Server } from '../../integrations/backstage/test/support.mjs';
import { ADMIN, installModule, startBackend, until } from './support.mjs';

const [pairs = 200, requests = 40] = process.argv.slice(2).map(Number);
const payments = '/api/catalog/entities/by-name/component/default/payments';
const routes = {
  'a route that only audits': backend => backend.call('POST', '/api/my-plugin/entities', ADMIN, {}),
  'a read of the catalog': backend => backend.call('GET', payments, ADMIN),
};

installModule();
const server = await Server.start();
const backends = {
  without: await startBackend('without'),
  with: await startBackend('with', { url: server.url, token: 'token-of-the-measuring', flushInterval: '1s' }),
};

async function run(call, backend, count) {
  const times = [];
  for (let n = 0; n < count; n += 1) {
    const begin = performance.now();
    await call(backend);
    times.push(performance.now() - begin);
  }
  return median(times);
}

const sorted = numbers => [...numbers].sort((a, b) => a - b);
const median = numbers => sorted(numbers)[Math.floor(numbers.length / 2)];

/** Milliseconds of processor time that a process has taken, all its threads; NaN where there is no /proc. */
function processorTime({ pid }) {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`).map(task => readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8'));
    return tasks.reduce((sum, task) => sum + Number(task.split(' ')[0]) / 1e6, 0);
  } catch {
    return NaN;
  }
}

for (const [what, call] of Object.entries(routes)) {
  for (const backend of Object.values(backends)) {
    await until('the catalog to have its entities', async () => (await backend.call('GET', payments, ADMIN)).status === 200);
    await run(call, backend, 1_500);
  }
  const results = [];
  const spent = { without: 0, with: 0 };
  for (let pair = 0; pair < pairs; pair += 1) {
    const result = {};
    // Each goes first as often as second.
    const names = Object.keys(backends);
    for (const name of pair % 2 ? names.reverse() : names) {
      const before = processorTime(backends[name]);
      result[name] = await run(call, backends[name], requests);
      spent[name] += processorTime(backends[name]) - before;
    }
    results.push({ ...result, ratio: result.with / result.without });
  }
  const of = key => median(results.map(result => result[key])).toFixed(3);
  const ratios = sorted(results.map(result => result.ratio));
  // The median of all such runs lies between these two in 95 of 100 cases.
  const [low, high] = [-1, 1].map(sign => ratios[Math.round(pairs / 2 + sign * 0.98 * Math.sqrt(pairs)) - (sign > 0)]);
  const each = name => (spent[name] / pairs / requests).toFixed(3);
  console.log(`${what}: ${pairs} pairs of ${requests} requests`);
  console.log(`  medians: ${of('without')} ms without the module, ${of('with')} ms with it`);
  console.log(`  with / without: ${of('ratio')} (95 %: ${low?.toFixed(3)} to ${high?.toFixed(3)})`);
  console.log(`  processor time: ${each('without')} ms without, ${each('with')} ms with, ${(spent.with / spent.without).toFixed(3)}`);
}
for (const backend of Object.values(backends)) await backend.stop();
await server.close();
console.log(`${server.stored.size} events arrived`);
