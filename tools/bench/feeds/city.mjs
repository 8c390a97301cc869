// The sample city with more departments: what is measured is how many follow, not what they are called.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const lastDepartment = /^.*id: dp-transport, .*$/m;

export const departmentIds = (count) =>
  Array.from({ length: count }, (_, index) => `dp-bench-${String(index + 1).padStart(4, '0')}`);

/** @returns the file's path */
export function writeCity(root, dir, count) {
  const sample = readFileSync(join(root, 'samples/lindong.yaml'), 'utf8');
  const lines = departmentIds(count).map(
    (id) =>
      `  - { id: ${id}, kind: DEPARTMENT, name: 部门 ${id}, parentId: di-qinghe, effectiveFrom: 2025-01-01 }`,
  );
  if (!lastDepartment.test(sample))
    throw new Error('the sample city has no dp-transport to add departments after');
  const file = join(dir, 'city.yaml');
  writeFileSync(
    file,
    sample.replace(lastDepartment, (line) => [line, ...lines].join('\n')),
  );
  return file;
}
