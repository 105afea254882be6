// Takes events for ever, or so many, and says of each when it is in the spool. To be killed.
import { setImmediate } from 'node:timers/promises';
import { Sender } from '../dist/sender.js';
import { event, options, Log } from './support.mjs';

const [url, spool, prefix = '', most = Infinity] = process.argv.slice(2);
const log = new Log();
const sender = await Sender.start(options(url, spool, { maxSpoolBytes: 1 << 30 }), log);
for (let n = 0; n < most; n += 1) {
  await sender.take(event(`${prefix}${n}`));
  process.stdout.write(`${n}\n`);
  await setImmediate();
}
setInterval(() => undefined, 1_000);
