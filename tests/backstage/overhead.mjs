// node overhead.mjs [PAIRS] [REQUESTS]: the median time of an audited request with the module and without it, in
// alternating pairs of runs, and their ratio. The server takes everything at once: what is measured is the module.
import { Server } from '../../integrations/backstage/test/support.mjs';
import { ADMIN, installModule, startBackend } from './support.mjs';

const [pairs = 5, requests = 1000] = process.argv.slice(2).map(Number);
const WARM_UP = 300;

installModule();
const server = await Server.start();

async function medianOf(name, sender) {
  const backend = await startBackend(name, sender);
  const times = [];
  for (let n = 0; n < WARM_UP + requests; n += 1) {
    const begin = performance.now();
    await backend.call('POST', '/api/my-plugin/entities', ADMIN, {});
    if (n >= WARM_UP) times.push(performance.now() - begin);
  }
  await backend.stop();
  return median(times);
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

const ratios = [];
for (let pair = 0; pair < pairs; pair += 1) {
  const runs = [
    ['without', () => medianOf(`without-${pair}`)],
    ['with', () => medianOf(`with-${pair}`, { url: server.url, token: 'token-of-the-measuring' })],
  ];
  const result = {};
  // Each goes first as often as second: the machine is not the same at both times.
  for (const [name, run] of pair % 2 ? runs.reverse() : runs) result[name] = await run();
  ratios.push(result.with / result.without);
  console.log(`pair ${pair + 1}: ${result.without.toFixed(3)} ms without, ${result.with.toFixed(3)} ms with`);
}
await server.close();
const sent = server.stored.size;
console.log(`with / without: ${median(ratios).toFixed(3)} (${ratios.map(r => r.toFixed(3)).join(', ')}); ${sent} events sent`);
