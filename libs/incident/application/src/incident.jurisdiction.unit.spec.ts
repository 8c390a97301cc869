import type { Actor } from '@shaoying/event-store';
import type { Place } from '@shaoying/incident-domain';
import { lindongJurisdiction } from '@shaoying/jurisdiction-application/testing';
import { IncidentJurisdiction } from './index.js';

const jurisdiction = new IncidentJurisdiction(lindongJurisdiction());

const NOW = '2026-03-02T01:00:00.000Z';
const of = (orgUnitId: string | null): Actor => ({ id: 'u-1', role: 'grid-worker', orgUnitId });
const nowhere: Place = { gridId: null, estateId: null, communityId: null, streetId: null, districtId: null };
const liuyin: Place = {
  ...nowhere,
  ...{ communityId: 'co-liuyin', streetId: 'st-hepan', districtId: 'di-qinghe' },
};

const codeOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'no error';
};

describe('a place', () => {
  const place = (gridId: string | null, estateId: string | null, orgUnitId: string | null = null): Place =>
    jurisdiction.place({ gridId, estateId, location: null }, of(orgUnitId), NOW).place;

  test('of an estate lies in its community, street and district', () => {
    expect(place(null, 'es-liuyin-garden')).toEqual({ ...liuyin, estateId: 'es-liuyin-garden' });
  });

  test('of a grid lies in the community the grid belongs to', () => {
    expect(place('gr-liuyin', null)).toEqual({ ...liuyin, gridId: 'gr-liuyin' });
  });

  test('of both is that of the estate, within the grid', () => {
    expect(place('gr-liuyin', 'es-liuyin-garden')).toEqual({
      ...liuyin,
      ...{ gridId: 'gr-liuyin', estateId: 'es-liuyin-garden' },
    });
  });

  test('of an estate and a grid apart contradicts itself', () => {
    expect(codeOf(() => place('gr-shuian', 'es-liuyin-garden'))).toBe('PLACE_CONTRADICTS_ITSELF');
  });

  test('unnamed is the reporter’s own area, as fine as it is', () => {
    expect(place(null, null, 'es-liuyin-garden')).toEqual({ ...liuyin, estateId: 'es-liuyin-garden' });
    expect(place(null, null, 'co-liuyin')).toEqual(liuyin);
    expect(place(null, null, 'st-hepan')).toEqual({ ...liuyin, communityId: null });
  });

  test('unnamed by somebody who acts for a grid is that grid', () => {
    const grid = jurisdiction.directory.grids()[0];
    expect(place(null, null, grid?.id ?? null)).toMatchObject({
      gridId: grid?.id,
      communityId: grid?.orgUnitId,
    });
  });

  test('named wins over the reporter’s own area', () => {
    expect(place(null, 'es-liuyin-garden', 'co-shuian')).toMatchObject({ communityId: 'co-liuyin' });
  });

  test.each([null, 'dp-water', 'unknown'])('unnamed by somebody of %s is unknown', (orgUnitId) => {
    expect(place(null, null, orgUnitId)).toEqual(nowhere);
  });

  test('that is not of its kind is refused', () => {
    expect(codeOf(() => place(null, 'co-liuyin'))).toBe('UNKNOWN_ESTATE');
    expect(codeOf(() => place(null, 'es-unknown'))).toBe('UNKNOWN_ESTATE');
    expect(codeOf(() => place('es-liuyin-garden', null))).toBe('UNKNOWN_GRID');
  });
});

describe('a point', () => {
  type Crs = 'WGS84' | 'GCJ02' | 'BD09';
  const at = (
    lon: number,
    lat: number,
    named: { gridId?: string; estateId?: string; crs?: Crs; orgUnitId?: string } = {},
  ) => {
    const { gridId = null, estateId = null, crs = 'WGS84', orgUnitId = null } = named;
    const location = { lon, lat, crs, address: null };
    return jurisdiction.place({ gridId, estateId, location }, of(orgUnitId), NOW);
  };

  test('lies in the grid around it, and in whatever the grid lies in', () => {
    expect(at(120.41, 31.83)).toEqual({
      ...{ place: { ...liuyin, gridId: 'gr-liuyin' }, gridMapId: 'default', gridMapVersion: 1 },
    });
    expect(at(120.41, 31.81).place.gridId).toBe('gr-zhonglou-plaza');
  });

  test('beside a named estate finds its grid; what is named wins over what was measured', () => {
    const estateId = 'es-liuyin-garden';
    expect(at(120.41, 31.83, { estateId }).place).toEqual({ ...liuyin, estateId, gridId: 'gr-liuyin' });
    expect(at(120.45, 31.81, { estateId })).toEqual({
      ...{ place: { ...liuyin, estateId }, gridMapId: null, gridMapVersion: null },
    });
    expect(at(120.45, 31.81, { gridId: 'gr-liuyin' }).place).toEqual({ ...liuyin, gridId: 'gr-liuyin' });
  });

  test('read in another system of coordinates, where that puts it into what is named', () => {
    // As a map of GCJ-02 shows a point just inside the western edge of the grid, but called WGS-84.
    const shifted = { lon: 120.4245, lat: 31.8275 };
    expect(at(shifted.lon, shifted.lat).place.gridId).toBe('gr-shuian');
    expect(at(shifted.lon, shifted.lat, { crs: 'GCJ02' }).place.gridId).toBe('gr-liuyin');
    expect(at(shifted.lon, shifted.lat, { estateId: 'es-liuyin-garden' }).place.gridId).toBe('gr-liuyin');
  });

  test('outside every grid is left to a person: no more is known than whose area the reporter is of', () => {
    expect(at(121.9, 30.9).place).toEqual(nowhere);
    expect(at(121.9, 30.9, { orgUnitId: 'st-hepan' }).place).toEqual({ ...liuyin, communityId: null });
    expect(at(121.9, 30.9, { orgUnitId: 'gr-liuyin' }).place).toEqual(liuyin);
  });
});

describe('a department', () => {
  test('of the district acts at district level', () => {
    expect(jurisdiction.departmentLevel('dp-water', NOW)).toBe('DISTRICT');
  });

  test.each(['co-liuyin', 'dp-unknown'])('is not %s', (id) => {
    expect(codeOf(() => jurisdiction.departmentLevel(id, NOW))).toBe('UNKNOWN_DEPARTMENT');
  });
});

describe('self-handling', () => {
  const at = (estateId: string | null) => ({ place: { ...liuyin, estateId } });
  const inEstate = at('es-liuyin-garden');
  const by = (role: string, orgUnitId: string) => ({ id: 'u-1', role, orgUnitId });
  const said = (level: 'ESTATE' | 'COMMUNITY' | null) => ({ level });

  test('is the estate’s where its own people or its grid worker see to it, else the community’s', () => {
    const gridWorker = by('grid-worker', 'co-liuyin');
    expect(jurisdiction.selfHandlingLevel(inEstate, gridWorker, said(null))).toBe('ESTATE');
    expect(jurisdiction.selfHandlingLevel(inEstate, gridWorker, said('COMMUNITY'))).toBe('COMMUNITY');
    expect(jurisdiction.selfHandlingLevel(at(null), gridWorker, said('ESTATE'))).toBe('COMMUNITY');
    const estate = by('community', 'es-liuyin-garden');
    expect(jurisdiction.selfHandlingLevel(inEstate, estate, said('COMMUNITY'))).toBe('ESTATE');
  });

  test('of a community is not the estate’s by its word alone: the estate’s parties have to be in it', () => {
    const community = by('community', 'co-liuyin');
    for (const level of ['ESTATE', 'COMMUNITY', null] as const) {
      expect(jurisdiction.selfHandlingLevel(inEstate, community, said(level))).toBe('COMMUNITY');
    }
    const together = { level: null, parties: ['OWNERS_COMMITTEE'] as const };
    expect(jurisdiction.selfHandlingLevel(inEstate, community, together)).toBe('ESTATE');
    expect(jurisdiction.selfHandlingLevel(at(null), community, together)).toBe('COMMUNITY');
  });
});

test('whose own unit a checker’s is: the same, what it is part of, and a grid’s community', () => {
  const handlers = ['co-liuyin', 'dp-water'];
  for (const own of ['co-liuyin', 'gr-liuyin', 'es-nowhere', 'es-liuyin-garden']) {
    const expected = own === 'es-nowhere' ? [] : ['co-liuyin'];
    expect(jurisdiction.partOf(own, handlers)).toEqual(expected);
  }
  expect(jurisdiction.partOf('co-liuyin', ['gr-liuyin'])).toEqual(['gr-liuyin']);
  for (const other of ['co-shuian', 'gr-shuian', 'st-hepan', 'di-qinghe', null]) {
    expect(jurisdiction.partOf(other, handlers)).toEqual([]);
  }
});

test('filing starts the time to contact the reporter where somebody is known and has not left it', () => {
  const timersFor = (reporterKnown: boolean, reporterWithdrew: boolean) =>
    jurisdiction
      .filingDeadlines(
        { category: 'gas-leak', severity: 'MINOR', reporterKnown, reporterWithdrew },
        ...([jurisdiction.pins(), NOW, '00000000-0000-5000-8000-000000000001'] as const),
      )
      .map(({ timer }) => timer);
  expect(timersFor(true, false)).toEqual(['INCIDENT_TOTAL', 'DISPATCH', 'CONTACT']);
  expect(timersFor(false, false)).toEqual(['INCIDENT_TOTAL', 'DISPATCH']);
  expect(timersFor(true, true)).toEqual(['INCIDENT_TOTAL', 'DISPATCH']);
});

test('the same attempt gives a deadline the same id, another timer or command another', () => {
  const pins = jurisdiction.pins();
  const matter = {
    category: 'gas-leak',
    severity: 'MINOR',
    reporterKnown: true,
    reporterWithdrew: false,
  } as const;
  const ids = (seed: string) =>
    jurisdiction.filingDeadlines(matter, pins, NOW, seed).map(({ deadlineId }) => deadlineId);
  const [seed, other] = ['00000000-0000-5000-8000-000000000001', '00000000-0000-5000-8000-000000000002'];
  expect(ids(seed)).toEqual(ids(seed));
  expect(ids(seed)).not.toEqual(ids(other));
});
