import { ReportIncidentCommand } from '../../index.js';
import type { DistrictYear } from './district-year.js';

const SEVERITIES = ['MINOR', 'MINOR', 'MINOR', 'MAJOR', 'GROUP'] as const;

/** Somebody reports something somewhere: a resident with a name or without, the hotline, or a grid worker. */
export function report(year: DistrictYear): ReportIncidentCommand {
  const { dice, office } = year;
  const estate = dice.pick(office.directory.orgUnits('ESTATE'));
  const grid = office.directory.grids().find(({ orgUnitId }) => orgUnitId === estate.parentId);
  const byWorker = dice.chance(0.3) && grid !== undefined;
  const anonymous = !byWorker && dice.chance(0.2);
  const named = !byWorker && !anonymous;
  const context = byWorker ? year.as('grid-worker', grid.id) : year.as('resident', null);
  return new ReportIncidentCommand(context, {
    category: dice.pick(office.directory.categories()).code,
    severity: dice.pick(SEVERITIES),
    description: '如图',
    location: null,
    ...{
      gridId: grid?.id ?? null,
      estateId: estate.id,
      occurredAt: null,
      channel: byWorker ? 'GRID' : 'APP',
    },
    reporter: named ? { name: '居民', phone: '00000000000' } : null,
    anonymous,
    // What is found on patrol needs no verification.
    file: byWorker && dice.chance(0.6),
  });
}
