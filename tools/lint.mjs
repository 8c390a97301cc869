// eslint over everything (`npm run lint`), with the graph that the rule of module boundaries reads. Without one the rule
// is skipped with a warning that fails nothing, and a fresh clone has none.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const graph = join(root, '.nx/workspace-data/project-graph.json');

function run(script, args, stdio) {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], {
    ...{ cwd: root, stdio },
    env: { ...process.env, NX_DAEMON: 'false' },
  });
  return status ?? 1;
}

run('nx/dist/bin/nx.js', ['show', 'projects'], 'ignore');
if (!existsSync(graph)) {
  console.error('lint: there is no project graph, so module boundaries cannot be checked');
  process.exit(1);
}
process.exit(run('eslint/bin/eslint.js', ['--max-warnings', '0', '.', ...process.argv.slice(2)], 'inherit'));
