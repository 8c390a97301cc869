// npm run licenses [-- --lock <file>]
//
// The licence of every package that goes into a running server, read from the lock file, and 1 when one of them is not in
// `licenses.json`: a list of licences that are good for everything, and packages with another one, each with the reason
// why that one is good too.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './npm.mjs';

const { values } = parseArgs({
  options: { lock: { type: 'string', default: join(root, 'package-lock.json') } },
});
const { allowed, exceptions } = JSON.parse(readFileSync(new URL('./licenses.json', import.meta.url), 'utf8'));
const { packages } = JSON.parse(readFileSync(values.lock, 'utf8'));

const marker = 'node_modules/';

/** Production packages of others, one entry per name, version and licence. */
function installed() {
  const found = new Map();
  for (const [path, { version, license = 'none stated', dev, link }] of Object.entries(packages)) {
    if (!path.includes(marker) || dev || link) continue;
    const name = path.slice(path.lastIndexOf(marker) + marker.length);
    found.set(`${name}@${version}`, { name, version, license });
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** SPDX, as far as packages use it: one of several may be chosen, of several together all must be good. */
const isGood = (license) =>
  license
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => allowed.includes(one.trim())));

const isExcepted = ({ name, license }) =>
  exceptions.some((one) => one.license === license && new RegExp(`^(?:${one.packages})$`).test(name));

const all = installed();
const bad = all.filter((one) => !isGood(one.license) && !isExcepted(one));
const counts = Object.entries(Object.groupBy(all, ({ license }) => license)).sort(
  ([, a], [, b]) => b.length - a.length,
);

for (const { name, version, license } of all)
  process.stdout.write(`${license.padEnd(42)} ${name}@${version}\n`);
process.stdout.write(
  `\n${all.length} packages: ${counts.map(([license, { length }]) => `${length} ${license}`).join(', ')}\n`,
);
if (bad.length > 0) {
  process.stderr.write('\nNot allowed by tools/packages/licenses.json:\n');
  for (const { name, version, license } of bad) process.stderr.write(`  ${license}  ${name}@${version}\n`);
  process.exitCode = 1;
}
