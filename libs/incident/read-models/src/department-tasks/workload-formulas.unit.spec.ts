import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORKLOAD_FIGURES, type WorkloadFigureName } from './workload-figures.js';
import { workloadDefinition, workloadDefinitions, workloadFigure } from './workload-formulas.js';

const file = join(__dirname, '../../golden/workload-figures.json');
const recorded = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>;

/** Of what a figure says of itself: its SQL may become cheaper, and agrees with a plain calculation all the same. */
function hashOf(name: WorkloadFigureName, version: number): string {
  const { versions: _, ...said } = workloadDefinition(name, version);
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

/**
 * The newest version of each whose first is no longer in force. A second list, kept by hand: nothing is ever lowered or taken out, so
 * that no line vanishes together with its formula.
 */
const newest: Readonly<Partial<Record<WorkloadFigureName, number>>> = {
  ...{ weighted: 2, acknowledgeOnTimeRate: 2, checkInOnTimeRate: 2, handlingOnTimeRate: 2 },
};

describe('the figures of workload', () => {
  it('mean what was recorded under their version: whoever changes one keeps it, and adds another with a line of its own', () => {
    const lines = WORKLOAD_FIGURES.flatMap((name) =>
      workloadDefinition(name).versions.map((version) => [`${name}@${version}`, hashOf(name, version)]),
    );
    expect(Object.fromEntries(lines)).toEqual(recorded);
  });

  it('are kept from the first version on, the newest in force', () => {
    for (const { name, version, versions } of workloadDefinitions()) {
      const last = newest[name] ?? 1;
      expect([name, version, versions]).toEqual([
        ...[name, last],
        Array.from({ length: last }, (_, index) => last - index),
      ]);
      expect([0, last + 1].map((none) => workloadFigure(name, none))).toEqual([undefined, undefined]);
    }
  });

  it('are told by the version that they are asked for by', () => {
    const told = workloadDefinitions({ weighted: 1 });
    expect(told.find(({ name }) => name === 'weighted')).toMatchObject({ version: 1, versions: [2, 1] });
    expect(told.filter(({ name }) => name !== 'weighted')).toEqual(
      workloadDefinitions().filter(({ name }) => name !== 'weighted'),
    );
    expect(() => workloadDefinition('weighted', 3)).toThrow('version 3 of weighted is not kept');
  });
});
