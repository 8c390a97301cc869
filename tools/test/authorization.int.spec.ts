import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');

// `npm run docs:authorization` writes it anew; read what changed before you commit it.
test('the page of who may do what is the policy that the server enforces', () => {
  const said = execFileSync(process.execPath, [join(root, 'tools/authorization.mjs'), '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(said).toBe('');
}, 60_000);
