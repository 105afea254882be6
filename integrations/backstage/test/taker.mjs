// Takes events for ever, and says of each when it is in the spool. To be killed.
import { Sender } from '../dist/sender.js';
import { event, options, Log } from './support.mjs';

const [url, spool] = process.argv.slice(2);
const sender = await Sender.start(options(url, spool), new Log());
for (let n = 0; ; n += 1) {
  await sender.take(event(n));
  process.stdout.write(`${n}\n`);
}
