import {
  INCIDENT_TIMERS,
  RETURN_REASONS,
  RESPONSIBILITY_LEVELS,
  TASK_TIMERS,
} from '@shaoying/incident-domain';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const docs = join(__dirname, '../../docs');
const page = readFileSync(join(docs, 'domain.md'), 'utf8');

test('every link of the domain’s page leads somewhere', () => {
  const links = [...page.matchAll(/\]\(([^)#]+)|^\[[\w-]+\]: (\S+)$/gm)].map(
    ([, one, other]) => one ?? other,
  );
  expect(links.length).toBeGreaterThan(15);
  expect(links.filter((link) => !existsSync(join(docs, link!)))).toEqual([]);
});

test('every test that a rule names is one of the links', () => {
  const named = [...page.matchAll(/\[([a-z-]+)\](?![(:])/g)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(50);
  expect([...new Set(named)].filter((name) => !page.includes(`\n[${name}]: `))).toEqual([]);
});

test('every timer, level and reason of a return is told there', () => {
  const words = [...INCIDENT_TIMERS, ...TASK_TIMERS, ...RESPONSIBILITY_LEVELS, ...RETURN_REASONS];
  expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
});
