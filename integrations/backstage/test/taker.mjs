// Takes events for ever and says of each when it is in the spool. To be killed.
import { setImmediate } from 'node:timers/promises';
import { Sender } from '../dist/sender.js';
import { event, options, Log } from './support.mjs';

const [url, spool, prefix = ''] = process.argv.slice(2);
const sender = await Sender.start(options(url, spool, { maxSpoolBytes: 1 << 30 }), new Log());
for (let n = 0; ; n += 1) {
  await sender.take(event(`${prefix}${n}`));
  await new Promise(done => process.stdout.write(`${n}\n`, done));
  await setImmediate();
}
