import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');

// The page that says how incidents, whistles and tasks move is drawn from the deciders: a domain that moves otherwise
// makes it stale. `npm run docs:state-machines` draws it anew; read what changed before you commit it.
test('the drawn state machines are what the deciders do', () => {
  const said = execFileSync(process.execPath, [join(root, 'tools/state-machines.mjs'), '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(said).toBe('');
}, 300_000);
