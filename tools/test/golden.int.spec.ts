import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');

test('the tool that completes the golden corpora finds them whole, and says nothing', () => {
  const said = execFileSync(process.execPath, [join(root, 'tools/golden.mjs'), '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(said).toBe('');
}, 60_000);
