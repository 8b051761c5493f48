/**
 * Campaign runner: `npm run campaign` lists the campaigns, `npm run campaign -- NAME [--seed N] [--count N]
 * [--minutes N] [--only WORK,...] [--record FILE]` runs one.
 *
 * A campaign is a file `NAME.campaign.ts` that exports `campaign` (see `campaign.ts`). The last line printed is its
 * report as one JSON object; with failures, the exit code is 1.
 */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { importSource } from '../support/import-source.mjs';

const SUFFIX = '.campaign.ts';
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));

const whole = (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);

function usage(problem) {
  console.error(
    `${problem} Usage: npm run campaign -- NAME [--seed N] [--count N] [--minutes N] [--only WORK,...] [--record FILE], where NAME is one of: ${names.join(', ')}`,
  );
  process.exit(2);
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string' },
    minutes: { type: 'string' },
    only: { type: 'string' },
    record: { type: 'string' },
  },
});
const [name, ...more] = positionals;
if (!name || !names.includes(name) || more.length > 0) {
  usage(name ? `There is no campaign '${positionals.join(' ')}'.` : 'Choose a campaign.');
}
const seed = whole(values.seed) ?? usage('--seed takes a whole number.');
const optional = (name) =>
  values[name] === undefined ? undefined : (whole(values[name]) ?? usage(`--${name} takes a whole number.`));
const [count, minutes] = [optional('count'), optional('minutes')];

const { campaign } = await importSource(resolve(import.meta.dirname, name + SUFFIX));
const { runCampaign } = await importSource(resolve(import.meta.dirname, 'campaign.ts'));
const report = await runCampaign(name, campaign, {
  seed,
  count: count ?? campaign.count,
  minutes: minutes ?? campaign.minutes,
  only: values.only,
  recordTo: values.record && resolve(values.record),
});
console.table(report.counts);
if (Object.keys(report.measured).length > 0) console.table(report.measured);
for (const failure of report.failures) console.log(`seed ${failure.seed}: ${failure.problem}`);
for (const problem of report.problems) console.log(problem);
console.log(JSON.stringify(report));
// Native libraries keep idle threads alive; the work is done.
process.exit(report.failures.length + report.problems.length > 0 ? 1 : 0);
