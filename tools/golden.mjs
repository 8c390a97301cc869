// Completes the golden corpora beside the event catalogues and seals what is new (docs/how-to/change-an-event.md):
//   node tools/golden.mjs            writes missing schemas and lifted forms, adds seals for files that have none, and records
//                                    what has been added to the schemas of dispatches, and nothing else of them
//   node tools/golden.mjs --check    writes nothing
// It never touches a sealed file or an existing seal: what a release wrote stays as it was. Exit code 1 when a corpus is
// not whole afterwards.
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const check = process.argv.includes('--check');

// The catalogues are read as they are built: the sources must not lie newer beside them.
execFileSync(process.execPath, [join(root, 'tools/build.mjs'), '--quiet'], { stdio: 'inherit' });
const { corpusProblems, SEALS, sealsOf, sha256, wantedFiles } = await import('@shaoying/testing');
const {
  incidentCatalogue,
  incidentSchemas,
  callCatalogue,
  dispatchCatalogue,
  dispatchNames,
  publishedDispatchSchema,
} = await import('@shaoying/incident-contracts');
const { brokenPromises } = await import('@shaoying/incident-contracts/testing');
const { jurisdictionCatalogue } = await import('@shaoying/jurisdiction-contracts');
const { apiKeyCatalogue } = await import('@shaoying/identity');
const { webhookCatalogue } = await import('@shaoying/webhooks');
const { projectionCatalogue } = await import('@shaoying/projections');
const { checkpointCatalogue, oversightCatalogue } = await import('@shaoying/audit');

const withSchema = (catalogue, schemaOf) =>
  Object.fromEntries(
    Object.entries(catalogue).map(([type, entry]) => [type, { ...entry, schema: schemaOf(type) }]),
  );

const corpora = [
  {
    dir: 'libs/incident/contracts/golden',
    catalogue: withSchema(incidentCatalogue, (type) => incidentSchemas[type]),
    dataOf: (golden) => golden.stored.data,
  },
  {
    dir: 'libs/incident/contracts/calls/golden',
    catalogue: callCatalogue,
    dataOf: (golden) => golden.data,
  },
  {
    dir: 'libs/jurisdiction/contracts/golden',
    catalogue: withSchema(jurisdictionCatalogue, (type) => jurisdictionCatalogue[type].shape.schema),
    dataOf: (golden) => golden.data,
  },
  { dir: 'libs/platform/identity/golden', catalogue: apiKeyCatalogue, dataOf: (golden) => golden.data },
  { dir: 'libs/platform/webhooks/golden', catalogue: webhookCatalogue, dataOf: (golden) => golden.data },
  {
    dir: 'libs/platform/projections/golden',
    catalogue: projectionCatalogue,
    dataOf: (golden) => golden.data,
  },
  { dir: 'libs/audit/oversight/golden', catalogue: oversightCatalogue, dataOf: (golden) => golden.data },
  {
    dir: 'libs/audit/checkpoints/golden',
    catalogue: checkpointCatalogue,
    dataOf: (golden) => golden.data,
  },
];

const parse = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** What can be made from the catalogue and the events kept; null for the events themselves, which a log must give. */
function make(name, { dir, catalogue, dataOf }) {
  const [, type, version, kind] = /^(\w+)\.v(\d+)(?:\.(schema|lifted))?\.json$/.exec(name);
  const entry = catalogue[type];
  if (kind === 'schema') return Number(version) === entry.version ? entry.schema : null;
  const event = join(root, dir, `${type}.v${version}.json`);
  if (kind !== 'lifted' || !existsSync(event)) return null;
  return entry.upcasters[Number(version) - 1](dataOf(parse(event)));
}

function complete(corpus) {
  const goldenDir = join(root, corpus.dir);
  for (const name of wantedFiles(corpus.catalogue)) {
    const path = join(goldenDir, name);
    const content = existsSync(path) ? null : make(name, corpus);
    if (content === null) continue;
    writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
    console.log(`wrote ${corpus.dir}/${name}`);
  }
  const seals = existsSync(join(goldenDir, SEALS)) ? sealsOf(goldenDir) : new Map();
  for (const name of wantedFiles(corpus.catalogue).toSorted()) {
    if (seals.has(name) || !existsSync(join(goldenDir, name))) continue;
    appendFileSync(join(goldenDir, SEALS), `${sha256(goldenDir, name)}  ${name}\n`);
    console.log(`sealed ${corpus.dir}/${name}`);
  }
}

for (const corpus of corpora) {
  if (!check) complete(corpus);
  for (const problem of corpusProblems(join(root, corpus.dir), corpus.catalogue)) {
    console.error(`${corpus.dir}: ${problem}`);
    process.exitCode = 1;
  }
}

/** What departments are sent: within a major version of a schema, fields are only added. */
const dispatches = 'libs/incident/contracts/dispatches';
for (const name of dispatchNames) {
  const file = `${dispatches}/${name}.v${dispatchCatalogue[name].version}.json`;
  const present = `${JSON.stringify(publishedDispatchSchema(name), null, 2)}\n`;
  const recorded = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : null;
  if (recorded === present) continue;
  const broken = recorded === null ? [] : brokenPromises(JSON.parse(recorded), JSON.parse(present));
  if (broken.length > 0)
    console.error(`${file}: no longer as promised at ${broken.join(', ')}: make another version`);
  else if (check) console.error(`${file}: is not as the catalogue has it: run node tools/golden.mjs`);
  if (broken.length > 0 || check) {
    process.exitCode = 1;
    continue;
  }
  mkdirSync(join(root, dispatches), { recursive: true });
  writeFileSync(join(root, file), present);
  console.log(`wrote ${file}`);
}
