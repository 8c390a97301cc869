import { ROLES } from '@shaoying/identity';
import { ACCESS_POLICY, RELATIONS, sightOfRole, SIGHTS, whoMay } from '@shaoying/incident-application';
import { show, table, type Terminal } from '../terminal.js';

/** `policy`: who may do what, as this release has it; asks no database. */
export function printPolicy(json: boolean, terminal: Terminal): void {
  const operations = Object.entries(ACCESS_POLICY).map(([operation, entry]) => {
    const { tokenless, note } = entry;
    const may = whoMay(entry).map(([who, relation]) => ({ who, relation }));
    return { operation, may, token: tokenless ?? 'required', note };
  });
  const sights = Object.fromEntries(ROLES.map((role) => [role, sightOfRole[role]]));
  show(terminal, json, { operations, sights, sightMeanings: SIGHTS, relations: RELATIONS }, () => [
    ...['WHAT A ROLE SEES (whatever lies outside is told like what does not exist)', ''],
    ...table(ROLES.map((role) => [role, sightOfRole[role], SIGHTS[sightOfRole[role]]])),
    ...['', 'RELATIONS OF THE UNIT THAT THE CALLER ACTS FOR', ''],
    ...table(Object.entries(RELATIONS)),
    ...['', 'WHO MAY DO WHAT', ''],
    ...table(
      operations.map(({ operation, may, note }) => [
        operation,
        may.map(({ who, relation }) => `${who}: ${relation}`).join(', ') +
          (note === null ? '' : ` — ${note}`),
      ]),
    ),
  ]);
}
