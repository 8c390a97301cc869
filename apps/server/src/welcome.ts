import { uuidV5 } from '@shaoying/config';
import { commandContext } from '@shaoying/http';
import type { LocalIssuer, Principal, Role } from '@shaoying/identity';
import { polygonsOf, type Grid, type OrgUnitKind } from '@shaoying/jurisdiction-contracts';
import { randomUUID } from 'node:crypto';
import type { Platform } from './platform.js';

/** The kind of unit each demo token acts for. */
const unitOf: Readonly<Record<Role, OrgUnitKind | null>> = {
  resident: null,
  'grid-worker': 'COMMUNITY',
  community: 'COMMUNITY',
  'street-office': 'SUBDISTRICT',
  department: 'DEPARTMENT',
  'supervision-centre': 'DISTRICT',
  callback: 'DISTRICT',
  arbitrator: 'DISTRICT',
  oversight: 'CITY',
  admin: 'CITY',
};

const tokenDays = 7;

/** What `npm start` prints for a person: the address, a token per role, and three lines that show the main job. */
export async function welcome(platform: Platform, baseUrl: string): Promise<string> {
  const lines = [
    '',
    `  Shaoying 哨应 is listening on ${baseUrl}`,
    `  API documentation  ${baseUrl}/docs`,
    '',
  ];
  if (platform.issuer !== null && platform.config.roles.includes('api')) {
    const tokens = await demoTokens(platform, platform.issuer);
    lines.push(`  One token per role, valid for ${tokenDays} days:`, '');
    for (const { role, principal, token } of tokens) {
      lines.push(`    ${role.padEnd(19)} ${(principal.orgUnitId ?? '—').padEnd(22)} ${token}`);
    }
    lines.push('', '  Report an incident, blow the whistle on it, check a department in:', '');
    lines.push(...threeCalls(platform, baseUrl, tokens).map((line) => `  ${line}\n`));
  }
  lines.push('  Ctrl-C stops everything. Data stays in ' + platform.config.dataDir, '');
  return lines.join('\n');
}

interface DemoToken {
  readonly role: Role;
  readonly principal: Principal;
  readonly token: string;
}

async function demoTokens({ directory }: Platform, issuer: LocalIssuer): Promise<DemoToken[]> {
  const street = directory.orgUnits('SUBDISTRICT')[0];
  const firstOf = (kind: OrgUnitKind): string | null => {
    const units = directory.orgUnits(kind);
    return (units.find(({ id }) => street && directory.isWithin(id, street.id)) ?? units[0])?.id ?? null;
  };
  return Promise.all(
    (Object.keys(unitOf) as Role[]).map(async (role) => {
      const kind = unitOf[role];
      const principal = {
        id: `demo-${role}`,
        roles: [role],
        orgUnitId: kind === null ? null : firstOf(kind),
      };
      const { id: sub, roles, orgUnitId: org } = principal;
      return {
        role,
        principal,
        token: await issuer.issue({ sub, roles, org, ttlSeconds: tokenDays * 86_400 }),
      };
    }),
  );
}

/**
 * Three lines that work as they stand: ids follow from caller, path and Idempotency-Key, so each line can name what the
 * one before it makes.
 */
function threeCalls({ directory }: Platform, baseUrl: string, tokens: readonly DemoToken[]): string[] {
  const street = tokens.find(({ role }) => role === 'street-office');
  const department = tokens.find(({ role }) => role === 'department');
  const category = directory.categories().find(({ active }) => active);
  const estate = directory.orgUnits('ESTATE').find(({ id }) => {
    return street?.principal.orgUnitId != null && directory.isWithin(id, street.principal.orgUnitId);
  });
  if (!street || !department?.principal.orgUnitId || !category || !estate) return [];
  const key = randomUUID();
  const commandId = (principal: Principal, url: string): string =>
    commandContext({ method: 'POST', url, headers: { 'idempotency-key': key }, body: {} }, principal)
      .commandId;
  const incidents = '/v1/incidents';
  const incidentId = uuidV5(commandId(street.principal, incidents), 'incident');
  const whistles = `${incidents}/${incidentId}/whistles`;
  const taskId = uuidV5(commandId(street.principal, whistles), `task:${department.principal.orgUnitId}`);
  const curl = ({ token }: DemoToken, path: string, body: object): string =>
    `curl -sS -X POST ${baseUrl}${path} -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' ` +
    `-H 'Idempotency-Key: ${key}' -d '${JSON.stringify(body)}'`;
  return [
    curl(street, incidents, {
      ...{ category: category.code, severity: 'MINOR', description: `${estate.name}：${category.name}` },
      ...{
        location: { ...middleOf(directory.grids(), estate.parentId), address: estate.name },
        estateId: estate.id,
      },
      ...{ channel: 'PATROL', file: true },
    }),
    curl(street, whistles, {
      kind: 'PUBLIC_DEMAND',
      lead: department.principal.orgUnitId,
      reason: '群众反映，请到场处置',
    }),
    curl(department, `${incidents}/${incidentId}/tasks/${taskId}/check-in`, { note: '已到现场' }),
  ];
}

/** A point in the unit's grid, so that the example does not lie in another city; none in a jurisdiction without grids. */
function middleOf(grids: readonly Grid[], orgUnitId: string | null): object {
  const grid = grids.find((candidate) => candidate.orgUnitId === orgUnitId);
  const corners = grid && polygonsOf(grid.boundary)[0]?.[0];
  if (corners === undefined) return {};
  const middle = (degrees: readonly number[]): number =>
    Number(((Math.min(...degrees) + Math.max(...degrees)) / 2).toFixed(6));
  return {
    lon: middle(corners.map(([lon]) => lon)),
    lat: middle(corners.map(([, lat]) => lat)),
    crs: 'WGS84',
  };
}
