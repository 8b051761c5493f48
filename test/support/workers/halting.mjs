/**
 * Loaded before the code of a worker process (see `halting.ts`): the first worker holds back its asks of a kind after
 * the first `after` ones, and with them all that it would say later, until it is asked to stop; then the next worker
 * does so at the next place. So a test can be sure that a job is neither at its start nor at its end.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { R2O_HALT_AT: order } = process.env;
if (order !== undefined && process.send && process.argv[1]?.endsWith('worker.js')) {
  const { places, folder } = JSON.parse(order);
  const number = readdirSync(folder).length;
  const place = places[number];
  const send = process.send.bind(process);
  let answered = 0;
  let held;

  const isFirst = () => {
    try {
      writeFileSync(join(folder, String(number)), String(process.pid), { flag: 'wx' });
      return true;
    } catch {
      return false;
    }
  };

  process.send = (message, ...rest) => {
    if (held && message.type !== 'heartbeat') return held.push([message, ...rest]) > 0;
    if (
      message.type !== 'ask' ||
      message.ask.kind !== place?.kind ||
      answered++ !== place.after ||
      !isFirst()
    )
      return send(message, ...rest);
    held = [[message, ...rest]];
    return true;
  };

  process.prependListener('message', ({ type }) => {
    if (!held || (type !== 'pause' && type !== 'cancel')) return;
    const messages = held;
    held = undefined;
    for (const message of messages) send(...message);
  });
}
