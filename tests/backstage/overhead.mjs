// node overhead.mjs [PAIRS] [REQUESTS]: the median time of an audited request with the module and without it, in
// alternating pairs of runs, and the ratio. Both backends are up all the time, so that what else the machine does meets
// both. The server takes everything at once: what is measured is the module.
import { Server } from '../../integrations/backstage/test/support.mjs';
import { ADMIN, installModule, startBackend } from './support.mjs';

const [pairs = 20, requests = 100] = process.argv.slice(2).map(Number);

installModule();
const server = await Server.start();
const backends = {
  without: await startBackend('without'),
  with: await startBackend('with', { url: server.url, token: 'token-of-the-measuring', flushInterval: '1s' }),
};

async function run(name, count) {
  const times = [];
  for (let n = 0; n < count; n += 1) {
    const begin = performance.now();
    await backends[name].call('POST', '/api/my-plugin/entities', ADMIN, {});
    times.push(performance.now() - begin);
  }
  return median(times);
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

for (const name of Object.keys(backends)) await run(name, 500);
const results = [];
for (let pair = 0; pair < pairs; pair += 1) {
  const result = {};
  // Each goes first as often as second.
  const names = Object.keys(backends);
  for (const name of pair % 2 ? names.reverse() : names) result[name] = await run(name, requests);
  results.push({ ...result, ratio: result.with / result.without });
}
for (const backend of Object.values(backends)) await backend.stop();
await server.close();

const of = key => median(results.map(result => result[key])).toFixed(3);
const ratios = results.map(result => result.ratio).sort((a, b) => a - b);
console.log(`medians: ${of('without')} ms without the module, ${of('with')} ms with it`);
console.log(`with / without: ${of('ratio')} (of ${pairs} pairs, from ${ratios[0].toFixed(3)} to ${ratios.at(-1).toFixed(3)})`);
console.log(`${server.stored.size} events arrived`);
