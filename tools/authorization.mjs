// Writes the policy of who may do what, as the server enforces it, into docs/authorization.md:
//   node tools/authorization.mjs            writes the page
//   node tools/authorization.mjs --check    writes nothing; exit code 1 when the page is not what it would write
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const page = join(root, 'docs/authorization.md');

// The policy is read as it is built: the sources must not lie newer beside it.
execFileSync(process.execPath, [join(root, 'tools/build.mjs'), '--quiet'], { stdio: 'inherit' });
const { ACCESS_POLICY, RELATIONS, SIGHTS, sightOfRole, whoMay } =
  await import('@shaoying/incident-application');

const row = (...cells) => `| ${cells.join(' | ')} |`;
const rows = (heading, lines) => [
  row(...heading),
  row(...heading.map(() => '---')),
  ...lines.map((line) => row(...line)),
];

const text = `# Who may do what

The table below is \`ACCESS_POLICY\` in \`libs/incident/application/src/access/access-policy.ts\`, written out by
\`npm run docs:authorization\`; \`shaoying policy\` prints the same. The guard admits by it, and the server does not start
with a route that is not in it. \`authorization.e2e.spec.ts\` holds a running server against it: every route × every role
× how the caller's unit stands to the matter.

Three questions are asked, in this order, and each only once the one before it is answered with yes:

1. **May this role do it at all?** By the token alone, before the body is read: 401, or 403 \`ROLE_NOT_PERMITTED\`.
2. **Does the caller see it?** Whatever lies outside their sight is told like what does not exist: 404
   \`INCIDENT_NOT_FOUND\`, by the same problem, whatever the revision in \`If-Match\`, the state or the body. Where a receipt
   code is shown it alone decides: 403 \`RECEIPT_CODE_WRONG\`, also for an incident that does not exist. Of an incident
   named in the body (\`into\` of a merge): 422 \`UNKNOWN_INCIDENT\`. A caller's own repeated request gets its first answer.
3. **Does the relation hold?** Of commands the decider judges, on the incident's own state; whoever sees the matter is
   told why not: 403 with its code, such as \`TASK_NOT_YOURS\`.

Somebody with several roles may do what any of them may, and sees by those of them that the operation admits. Only what
is said is the same for what is hidden and what is not there; how long it takes to say it is not: a hidden incident is
read from the log before it is refused. Ids are UUIDs that nobody counts up to.

Oversight reads everything and changes nothing: orders of supervision 督办 are the supervision centre's and the ladder's.

## What a role sees

${rows(
  ['role', 'sees'],
  Object.entries(sightOfRole).map(([role, sight]) => [`\`${role}\``, SIGHTS[sight]]),
).join('\n')}

## Relations

${rows(
  ['relation', 'means'],
  Object.entries(RELATIONS).map(([relation, meaning]) => [relation, meaning]),
).join('\n')}

## Operations

${rows(
  ['operation', 'who, by which relation', 'besides'],
  Object.entries(ACCESS_POLICY).map(([operation, entry]) => [
    `\`${operation}\``,
    whoMay(entry)
      .map(([who, relation]) => `${who}: ${relation}`)
      .join(' · '),
    entry.note ?? '',
  ]),
).join('\n')}

\`/docs\`, \`/docs-json\` and \`/docs-yaml\` are everybody's.
`;

const wanted = await format(text, { ...(await resolveConfig(page)), parser: 'markdown' });
if (!process.argv.includes('--check')) writeFileSync(page, wanted);
else if (readFileSync(page, 'utf8') !== wanted) {
  process.stdout.write('docs/authorization.md is not what the policy says: npm run docs:authorization\n');
  process.exitCode = 1;
}
