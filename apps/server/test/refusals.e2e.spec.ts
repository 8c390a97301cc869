import type { EventStore } from '@shaoying/event-store';
import { anyText, propertyParameters } from '@shaoying/event-store/testing';
import fc from 'fast-check';
import { City, people, type Answer, type PersonName, type Problem } from './kit/city.js';
import {
  act,
  blowWhistle,
  expected,
  fileIncident,
  report,
  whistle,
  type Reported,
} from './kit/incident-steps.js';
import { live } from './kit/lives.js';
import { expectProblem } from './kit/problems.js';
import { inOneProcess, useServerHomes, type ServerHome } from './kit/server-home.js';

const newHome = useServerHomes(inOneProcess);
let home: ServerHome;
let city: City;
let log: EventStore;

beforeAll(async () => {
  home = await newHome();
  city = await City.of(home, await home.start());
  log = await home.openLog();
  for (const stage of stages) incidents[stage] = await bringTo(stage);
});

const stages = [
  ...(['REPORTED', 'FILED', 'SELF_HANDLING', 'NOTIFIED', 'ACKNOWLEDGED', 'CHECKED_IN'] as const),
  ...(['CHECKING', 'FEEDBACK', 'RATED', 'CLOSED'] as const),
];
type Stage = (typeof stages)[number];

interface Fixture {
  readonly id: string;
  readonly taskId: string;
  readonly receiptCode: string;
}

const incidents = {} as Record<Stage, Fixture>;
const nowhere = '00000000-0000-5000-8000-000000000000';

const explain = '/v1/workload/explain';
const cursorOf = (place: object): string => Buffer.from(JSON.stringify(place)).toString('base64url');

/** An incident in each stage of its path. Self-handled ones have no task. */
async function bringTo(stage: Stage): Promise<Fixture> {
  if (stage === 'REPORTED') {
    const { id, receiptCode } = expected(
      201,
      await city.as('resident').post<Reported>('/v1/incidents', report),
    );
    return { id, receiptCode, taskId: nowhere };
  }
  if (stage === 'FILED' || stage === 'SELF_HANDLING') {
    const { id, receiptCode } = await fileIncident(city);
    if (stage === 'SELF_HANDLING') await act(city, 'gridWorker', id, 'self-handling');
    return { id, receiptCode, taskId: nowhere };
  }
  const filed = await fileIncident(city);
  const { id, receiptCode } = filed;
  const blown = await city
    .as('street')
    .post<{ tasks: { taskId: string }[] }>(`/v1/incidents/${id}/whistles`, whistle);
  const taskId = expected(201, blown).tasks[0]?.taskId ?? '';
  const way: [Stage, PersonName, string, object][] = [
    ['ACKNOWLEDGED', 'urbanManagement', `tasks/${taskId}/acknowledge`, {}],
    ['CHECKED_IN', 'urbanManagement', `tasks/${taskId}/check-in`, {}],
    ['CHECKING', 'urbanManagement', `tasks/${taskId}/complete`, {}],
    ['FEEDBACK', 'supervision', 'check', { result: 'PASS', note: '合格' }],
    ['RATED', 'callback', 'feedback', { solved: 'SOLVED', satisfaction: 'SATISFIED' }],
    ['CLOSED', 'supervision', 'close', {}],
  ];
  for (const [reached, who, command, body] of stage === 'NOTIFIED' ? [] : way) {
    await act(city, who, id, command, body);
    if (reached === stage) break;
  }
  return { id, receiptCode, taskId };
}

interface CommandUnderTest {
  readonly who: PersonName;
  readonly path: (incident: Fixture) => string;
  readonly body: object;
  /** Stages in which it is allowed. */
  readonly allowedIn: readonly Stage[];
  readonly roles: readonly string[];
}

const of = (command: string) => (incident: Fixture) => `/v1/incidents/${incident.id}/${command}`;
const ofTask = (command: string) => (incident: Fixture) =>
  `/v1/incidents/${incident.id}/tasks/${incident.taskId}/${command}`;

const commands = {
  file: {
    ...{ who: 'street', path: of('file'), body: {}, allowedIn: ['REPORTED'] },
    roles: ['street-office', 'grid-worker', 'community', 'supervision-centre'],
  },
  'self-handling': {
    ...{ who: 'gridWorker', path: of('self-handling'), body: {}, allowedIn: ['FILED'] },
    roles: ['grid-worker', 'community'],
  },
  'self-handling/complete': {
    ...{ who: 'gridWorker', path: of('self-handling/complete'), body: {}, allowedIn: ['SELF_HANDLING'] },
    roles: ['grid-worker', 'community'],
  },
  whistles: {
    ...{ who: 'street', path: of('whistles'), body: whistle },
    allowedIn: ['FILED', 'SELF_HANDLING'],
    roles: ['street-office', 'community', 'grid-worker', 'department'],
  },
  acknowledge: {
    ...{ who: 'urbanManagement', path: ofTask('acknowledge'), body: {}, allowedIn: ['NOTIFIED'] },
    roles: ['department', 'street-office'],
  },
  'check-in': {
    ...{ who: 'urbanManagement', path: ofTask('check-in'), body: {} },
    allowedIn: ['NOTIFIED', 'ACKNOWLEDGED'],
    roles: ['department', 'street-office'],
  },
  complete: {
    ...{ who: 'urbanManagement', path: ofTask('complete'), body: {}, allowedIn: ['CHECKED_IN'] },
    roles: ['department', 'street-office'],
  },
  check: {
    ...{ who: 'supervision', path: of('check'), body: { result: 'PASS', note: '合格' } },
    ...{ allowedIn: ['CHECKING'], roles: ['supervision-centre', 'grid-worker'] },
  },
  feedback: {
    ...{ who: 'callback', path: of('feedback'), body: { solved: 'SOLVED', satisfaction: 'SATISFIED' } },
    ...{ allowedIn: ['FEEDBACK'], roles: ['callback', 'resident'] },
  },
  close: {
    ...{ who: 'supervision', path: of('close'), body: {}, allowedIn: ['RATED'] },
    roles: ['supervision-centre'],
  },
} as const satisfies Record<string, CommandUnderTest>;
type CommandName = keyof typeof commands;
const names = Object.keys(commands) as CommandName[];

const send = (
  name: CommandName,
  incident: Fixture,
  who: PersonName = commands[name].who,
  body: object = commands[name].body,
): Promise<Answer<Problem>> => city.as(who).post<Problem>(commands[name].path(incident), body);

/** Runs what must be refused, and sees that the log has not grown by it. */
async function addsNothing(refused: () => Promise<unknown>): Promise<void> {
  const before = await log.head();
  await refused();
  expect(await log.head()).toBe(before);
}

/** The incident on which this command would be allowed. */
const fitting = (name: CommandName): Fixture => incidents[commands[name].allowedIn[0]];

describe.each(names)('%s', (name) => {
  const command: CommandUnderTest = commands[name];

  test('is refused in every state that does not allow it', () =>
    addsNothing(async () => {
      for (const stage of stages.filter((one) => !command.allowedIn.includes(one))) {
        const incident = incidents[stage];
        const answer = await send(name, incident);
        const noTask = command.path(incident).includes(nowhere);
        // A department sees no incident in which it has no task.
        if (noTask) expectProblem(answer, 404, 'INCIDENT_NOT_FOUND');
        else
          expectProblem(answer, 409, [
            ...['INCIDENT_STATE', 'TASK_STATE', 'FEEDBACK_RECORDED', 'FEEDBACK_OUTSTANDING'],
          ]);
      }
    }));

  test('is refused to every role that may not send it', () =>
    addsNothing(async () => {
      for (const [who, { role }] of Object.entries(people)) {
        if (command.roles.includes(role)) continue;
        expectProblem(await send(name, fitting(name), who as PersonName), 403, 'ROLE_NOT_PERMITTED');
      }
    }));

  test('is refused for an incident that does not exist, whatever the id looks like', () =>
    addsNothing(async () => {
      for (const id of [nowhere, 'x', '1', 'incident-1', '%E5%93%A8', "'; drop table events;--", '..%2F..']) {
        const answer = await send(name, {
          ...fitting(name),
          id: id.startsWith('%') ? id : encodeURIComponent(id),
        });
        expectProblem(answer, 404, ['INCIDENT_NOT_FOUND', 'ROUTE_NOT_FOUND']);
      }
    }));

  test('is refused without a token, with a forged one and with an expired one', () =>
    addsNothing(async () => {
      const path = command.path(fitting(name));
      const [header, payload] = city.as(command.who).token?.split('.') ?? [];
      if (name !== 'feedback') {
        const nobody = await city.anonymous.post<Problem>(path, command.body);
        expectProblem(nobody, 401, 'TOKEN_MISSING');
        expect(nobody.headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
      for (const token of ['nonsense', `${header}.${payload}.`, `${header}.${payload}.AAAA`]) {
        expectProblem(await city.withToken(token).post<Problem>(path, command.body), 401, 'TOKEN_INVALID');
      }
    }));

  test('is refused with a body that is no JSON object, a field it does not know, or another media type', () =>
    addsNothing(async () => {
      const path = command.path(fitting(name));
      const caller = city.as(command.who);
      const raw = (rawBody: string, headers = {}): Promise<Answer<Problem>> =>
        caller.post<Problem>(path, {}, { rawBody, headers });
      for (const broken of ['{', '{"a":1}}', 'null x', '\u0000']) {
        expectProblem(await raw(broken), 400, 'MALFORMED_JSON');
      }
      for (const text of ['[]', '7', '"text"', 'null']) {
        expectProblem(await raw(text), 400, ['BODY_NOT_AN_OBJECT', 'MALFORMED_JSON', 'VALIDATION_FAILED']);
      }
      expectProblem(await raw('{"__proto__": {"role": "admin"}}'), 400, 'FORBIDDEN_KEY');
      const unknown = await caller.post<Problem>(path, { ...command.body, colour: 'red' });
      expect(expectProblem(unknown, 400, 'VALIDATION_FAILED').errors).toContainEqual(
        expect.objectContaining({ field: 'colour', code: 'UNKNOWN_FIELD' }),
      );
      const json = JSON.stringify(command.body);
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
        expectProblem(await raw(json, { 'Content-Type': type }), 415, 'UNSUPPORTED_MEDIA_TYPE');
      }
      const large = JSON.stringify({ ...command.body, padding: 'x'.repeat(300 * 1024) });
      expectProblem(await raw(large), 413, 'BODY_TOO_LARGE');
    }));

  test('is refused with a header that is not valid', () =>
    addsNothing(async () => {
      const path = command.path(fitting(name));
      const caller = city.as(command.who);
      const withHeaders = (headers: Record<string, string>): Promise<Answer<Problem>> =>
        caller.post<Problem>(path, command.body, { headers });
      const long = await withHeaders({ 'Idempotency-Key': 'k'.repeat(256) });
      expectProblem(long, 400, 'INVALID_IDEMPOTENCY_KEY');
      for (const tag of ['7', 'W/"1"', '"1", "2"', '"x"']) {
        expectProblem(await withHeaders({ 'If-Match': tag }), 400, 'INVALID_IF_MATCH');
      }
    }));
});

describe('whose it is', () => {
  test.each<[CommandName, PersonName, number, string]>([
    ['file', 'otherStreet', 404, 'INCIDENT_NOT_FOUND'],
    ['file', 'otherGridWorker', 404, 'INCIDENT_NOT_FOUND'],
    ['self-handling', 'otherGridWorker', 404, 'INCIDENT_NOT_FOUND'],
    ['self-handling/complete', 'otherGridWorker', 404, 'INCIDENT_NOT_FOUND'],
    ['whistles', 'otherStreet', 404, 'INCIDENT_NOT_FOUND'],
    ['check', 'otherGridWorker', 404, 'INCIDENT_NOT_FOUND'],
    ['acknowledge', 'water', 404, 'INCIDENT_NOT_FOUND'],
    ['check-in', 'water', 404, 'INCIDENT_NOT_FOUND'],
    ['complete', 'water', 404, 'INCIDENT_NOT_FOUND'],
    ['feedback', 'partialCallback', 403, 'CALLBACK_BY_SCORED_UNIT'],
  ])('%s by %s is refused: %i %s', (name, who, status, code) =>
    addsNothing(async () => {
      expectProblem(await send(name, fitting(name), who), status, code);
    }),
  );

  test('a department does not act on the task of another in the same incident', async () => {
    const { id, tasks } = await blowWhistle(city, { assists: ['dp-water'] });
    await addsNothing(async () => {
      for (const command of ['acknowledge', 'check-in', 'complete']) {
        const path = `/v1/incidents/${id}/tasks/${tasks[0]?.taskId}/${command}`;
        expectProblem(await city.as('water').post<Problem>(path), 403, 'TASK_NOT_YOURS');
      }
    });
  });

  test('a person of several roles acts as the one that is allowed it, and the event says which', async () => {
    const { id } = await fileIncident(city);
    const roles = ['community', 'street-office'] as const;
    const path = `/v1/incidents/${id}/escalate`;
    const up = { to: 'SUBDISTRICT', reason: '社区无力处置' };
    await addsNothing(async () => {
      const elsewhere = await city.withRoles(roles, 'st-gulou');
      expectProblem(await elsewhere.post<Problem>(path, up), 404, 'INCIDENT_NOT_FOUND');
    });
    expected(200, await (await city.withRoles(roles, 'st-hepan')).post(path, up));
    const last = (await log.readStream(`incident-${id}`)).at(-1);
    expect(last).toMatchObject({ type: 'IncidentEscalated', actor: { role: 'street-office' } });
  });

  test('an office of another street does not reopen as the reporter that it also is', async () => {
    const { id } = await live(city, 'CLOSED');
    await addsNothing(async () => {
      const both = await city.withRoles(['street-office', 'resident'], 'st-gulou');
      const answer = await both.post<Problem>(`/v1/incidents/${id}/reopen`, { reason: '问题反弹' });
      expectProblem(answer, 404, 'INCIDENT_NOT_FOUND');
    });
  });

  test('whoever handled it does not check it', async () => {
    const { id } = await fileIncident(city);
    await act(city, 'gridWorker', id, 'self-handling');
    await act(city, 'gridWorker', id, 'self-handling/complete');
    await addsNothing(async () => {
      const path = `/v1/incidents/${id}/check`;
      const passed = await city.as('gridWorker').post<Problem>(path, { result: 'PASS', note: '我修好了' });
      expectProblem(passed, 403, 'CHECKER_IS_HANDLER');
    });
  });

  test('a task that the incident does not have is not found', () =>
    addsNothing(async () => {
      for (const name of ['acknowledge', 'check-in', 'complete'] as const) {
        for (const taskId of [nowhere, 'x', incidents.CHECKED_IN.taskId.toUpperCase()]) {
          const answer = await send(name, { ...incidents.NOTIFIED, taskId });
          expectProblem(answer, 404, 'TASK_NOT_FOUND');
        }
      }
    }));

  test('feedback of a resident needs the receipt code of this very incident', () =>
    addsNothing(async () => {
      const path = `/v1/incidents/${incidents.FEEDBACK.id}/feedback`;
      const told = { solved: 'SOLVED', satisfaction: 'SATISFIED' };
      for (const caller of [city.as('resident'), city.anonymous]) {
        expectProblem(await caller.post<Problem>(path, told), 403, 'RECEIPT_CODE_REQUIRED');
        const without = { ...told, receiptCode: null };
        expectProblem(await caller.post<Problem>(path, without), 403, 'RECEIPT_CODE_REQUIRED');
        for (const receiptCode of ['', 'AAAA-BBBB-CCCC-DDDD', incidents.RATED.receiptCode]) {
          const answer = await caller.post<Problem>(path, { ...told, receiptCode });
          expectProblem(answer, 403, 'RECEIPT_CODE_WRONG');
        }
      }
    }));
});

const longText = (length: number): string => '长'.repeat(length);

/** Bodies that are refused, with the field that is to blame. */
const invalidBodies: Readonly<Record<string, readonly (readonly [object, string])[]>> = {
  report: [
    [{ category: undefined }, 'category'],
    [{ category: 7 }, 'category'],
    [{ category: 'a b' }, 'category'],
    [{ severity: 'HUGE' }, 'severity'],
    [{ severity: undefined }, 'severity'],
    [{ description: '' }, 'description'],
    [{ description: ' \n\u3000' }, 'description'],
    [{ description: longText(5_001) }, 'description'],
    [{ description: ['x'] }, 'description'],
    [{ location: undefined }, 'location'],
    [{ location: { address: null } }, 'location.lon'],
    [{ location: null }, 'location'],
    [{ location: [] }, 'location'],
    [{ location: 'here' }, 'location'],
    [{ location: {} }, 'location.lon'],
    [{ location: { lon: 181, lat: 0 } }, 'location.lon'],
    [{ location: { lon: 1, lat: -91 } }, 'location.lat'],
    [{ location: { lon: 120 } }, 'location.lat'],
    [{ location: { lat: 30, address: 'x' } }, 'location.lon'],
    [{ location: { lon: '120', lat: 30 } }, 'location.lon'],
    [{ location: { address: '' } }, 'location.address'],
    [{ location: { address: longText(501) } }, 'location.address'],
    [{ location: { lon: 1, lat: 1, crs: 'EPSG:4326' } }, 'location.crs'],
    [{ location: { lon: 1, lat: 1, altitude: 3 } }, 'location.altitude'],
    [{ gridId: 'x'.repeat(101) }, 'gridId'],
    [{ estateId: '../etc' }, 'estateId'],
    [{ occurredAt: 'yesterday' }, 'occurredAt'],
    [{ occurredAt: '2026-02-30T10:00:00+08:00' }, 'occurredAt'],
    [{ occurredAt: '2026-02-13T16:00:00' }, 'occurredAt'],
    [{ occurredAt: 1_700_000_000 }, 'occurredAt'],
    [{ channel: undefined }, 'channel'],
    [{ channel: 'by phone' }, 'channel'],
    [{ channel: 'C'.repeat(41) }, 'channel'],
    [{ reporter: 'me' }, 'reporter'],
    [{ reporter: { name: 'x'.repeat(101) } }, 'reporter.name'],
    [{ reporter: { phone: 'call me' } }, 'reporter.phone'],
    [{ reporter: { idNumber: '1' } }, 'reporter.idNumber'],
    [{ anonymous: 'yes' }, 'anonymous'],
    [{ file: 1 }, 'file'],
    [{ state: 'CLOSED' }, 'state'],
  ],
  'self-handling': [
    [{ level: 'DISTRICT' }, 'level'],
    [{ note: longText(2_001) }, 'note'],
    [{ note: 7 }, 'note'],
  ],
  'self-handling/complete': [
    [{ evidence: 'a' }, 'evidence'],
    [{ evidence: ['short'] }, 'evidence'],
    [{ evidence: Array(21).fill('a'.repeat(64)) }, 'evidence'],
  ],
  whistles: [
    [{ kind: 'LOUD' }, 'kind'],
    [{ kind: undefined }, 'kind'],
    [{ lead: undefined }, 'lead'],
    [{ lead: ['dp-water'] }, 'lead'],
    [{ assists: 'dp-water' }, 'assists'],
    [{ assists: ['dp-water', 'dp-water'] }, 'assists'],
    [{ assists: [{}] }, 'assists'],
    [{ assists: Array.from({ length: 21 }, (_, n) => `dp-${n}`) }, 'assists'],
    [{ reason: '' }, 'reason'],
    [{ reason: ' ' }, 'reason'],
    [{ reason: longText(2_001) }, 'reason'],
  ],
  'check-in': [
    [{ occurredAt: 'soon' }, 'occurredAt'],
    [{ location: { lon: 500, lat: 1 } }, 'location.lon'],
    [{ note: longText(2_001) }, 'note'],
    [{ evidence: ['A'.repeat(64)] }, 'evidence'],
  ],
  complete: [[{ evidence: [7] }, 'evidence']],
  check: [
    [{ result: 'MAYBE' }, 'result'],
    [{ result: undefined }, 'result'],
    [{ note: '' }, 'note'],
    [{ note: '\u3000' }, 'note'],
    [{ note: undefined }, 'note'],
    [{ evidence: {} }, 'evidence'],
  ],
  feedback: [
    [{ solved: 'YES' }, 'solved'],
    [{ satisfaction: 5 }, 'satisfaction'],
    [{ satisfaction: undefined }, 'satisfaction'],
    [{ comment: longText(2_001) }, 'comment'],
    [{ receiptCode: 'x'.repeat(41) }, 'receiptCode'],
  ],
};

describe('what it says', () => {
  test.each(Object.keys(invalidBodies))('%s: each invalid field is named', (name) =>
    addsNothing(async () => {
      for (const [changes, field] of invalidBodies[name] ?? []) {
        const answer =
          name === 'report'
            ? await city.as('street').post<Problem>('/v1/incidents', { ...report, ...changes })
            : await send(name as CommandName, fitting(name as CommandName), undefined, {
                ...commands[name as CommandName].body,
                ...changes,
              });
        const { errors = [] } = expectProblem(answer, 400, 'VALIDATION_FAILED');
        expect({ changes, field: errors[0]?.field }).toEqual({ changes, field });
        const [root = ''] = field.split('.');
        for (const error of errors) expect(error.field.startsWith(root)).toBe(true);
      }
    }),
  );

  test.each([
    ['an unknown category', { category: 'no-such-thing' }, 'UNKNOWN_CATEGORY'],
    ['an unknown estate', { estateId: 'es-nowhere' }, 'UNKNOWN_ESTATE'],
    ['a community for an estate', { estateId: 'co-liuyin' }, 'UNKNOWN_ESTATE'],
    ['an unknown grid', { gridId: 'gr-nowhere' }, 'UNKNOWN_GRID'],
    ['an estate outside its grid', { gridId: 'gr-zhonglou' }, 'PLACE_CONTRADICTS_ITSELF'],
    ['a time in the future', { occurredAt: '2150-01-01T00:00:00+08:00' }, 'OCCURRED_AT_IN_FUTURE'],
  ])('a report of %s is refused', (_what, changes, code) =>
    addsNothing(async () => {
      const answer = await city.as('street').post<Problem>('/v1/incidents', { ...report, ...changes });
      expectProblem(answer, 422, code);
    }),
  );

  test.each([
    ['an unknown lead', { lead: 'dp-nowhere' }, 'UNKNOWN_DEPARTMENT'],
    ['an unknown assistant', { assists: ['dp-nowhere'] }, 'UNKNOWN_DEPARTMENT'],
    ['a street office as lead', { lead: 'st-hepan' }, 'UNKNOWN_DEPARTMENT'],
    ['the lead as its own assistant', { assists: [whistle.lead] }, 'DEPARTMENT_TWICE'],
  ])('a whistle for %s is refused', (_what, changes, code) =>
    addsNothing(async () => {
      const answer = await send('whistles', incidents.FILED, 'street', { ...whistle, ...changes });
      expectProblem(answer, 422, code);
    }),
  );

  test('a report that cannot be recorded as text is refused', () =>
    addsNothing(async () => {
      const post = (text: string): Promise<Answer<Problem>> =>
        city.as('street').post<Problem>('/v1/incidents', {}, { rawBody: text });
      const json = JSON.stringify(report);
      expectProblem(await post(json.replace('3 号楼', 'a\\u0000b')), 400, 'INVALID_CHARACTERS');
      expectProblem(await post(json.replace('3 号楼', '\\ud800')), 400, 'INVALID_CHARACTERS');
      const gbk = new Uint8Array([0x7b, 0x22, 0xb9, 0xfe, 0x22, 0x3a, 0x31, 0x7d]);
      const answer = await city.as('street').post<Problem>('/v1/incidents', {}, { rawBody: gbk });
      expectProblem(answer, 400, 'MALFORMED_JSON');
    }));

  test('a resident does not file by reporting', () =>
    addsNothing(async () => {
      const answer = await city.as('resident').post<Problem>('/v1/incidents', { ...report, file: true });
      expectProblem(answer, 403, 'ROLE_NOT_PERMITTED');
    }));

  test('a refusal is told in Chinese when asked for', () =>
    addsNothing(async () => {
      const zh = { headers: { 'Accept-Language': 'zh-CN,zh;q=0.9,en;q=0.8' } };
      const path = commands.close.path(incidents.REPORTED);
      const answer = await city.as('supervision').post<Problem>(path, {}, zh);
      const problem = expectProblem(answer, 409, 'INCIDENT_STATE');
      expect(answer.headers.get('content-language')).toBe('zh-CN');
      expect(problem.title).toBe('事件当前状态不允许此操作');
      expect(problem.detail).toBe('当前状态为“已上报”（REPORTED），此操作要求“待评价”（FEEDBACK）。');
      const invalid = await city
        .as('street')
        .post<Problem>('/v1/incidents', { ...report, severity: 'X', description: '' }, zh);
      for (const { message } of expectProblem(invalid, 400, 'VALIDATION_FAILED').errors ?? []) {
        expect(message).toMatch(/\p{Script=Han}/u);
      }
    }));

  test('checking a report beforehand refuses what reporting would, and records nothing', () =>
    addsNothing(async () => {
      const validate = '/v1/incidents/validate';
      expect(expected(200, await city.as('street').post(validate, report))).toEqual({ valid: true });
      const invalid = await city.as('street').post<Problem>(validate, { ...report, severity: 'HUGE' });
      expectProblem(invalid, 400, 'VALIDATION_FAILED');
    }));
});

describe('reading', () => {
  test.each<[string, PersonName, string, number, string]>([
    ['an unknown incident', 'oversight', `/v1/incidents/${nowhere}`, 404, 'INCIDENT_NOT_FOUND'],
    ['an id that is none', 'oversight', '/v1/incidents/x', 404, 'INCIDENT_NOT_FOUND'],
    [
      'events of an unknown incident',
      'oversight',
      `/v1/incidents/${nowhere}/events`,
      404,
      'INCIDENT_NOT_FOUND',
    ],
    [
      'replay of an unknown incident',
      'oversight',
      `/v1/incidents/${nowhere}/replay?at=0`,
      404,
      'INCIDENT_NOT_FOUND',
    ],
    ['an unknown schema', 'oversight', '/v1/schemas/dispatch/dispatched/v9', 404, 'SCHEMA_NOT_FOUND'],
    ['an unknown department', 'oversight', '/v1/departments/dp-x/queue', 404, 'DEPARTMENT_NOT_FOUND'],
    [
      'workload of a community',
      'oversight',
      '/v1/departments/co-liuyin/workload',
      404,
      'DEPARTMENT_NOT_FOUND',
    ],
    [
      "another street's workload",
      'otherStreet',
      '/v1/departments/st-hepan/workload',
      403,
      'DEPARTMENT_NOT_YOURS',
    ],
    ["another street's queue", 'otherStreet', '/v1/departments/st-hepan/queue', 403, 'DEPARTMENT_NOT_YOURS'],
    [
      "a street's feed",
      'urbanManagement',
      '/v1/departments/st-hepan/dispatches',
      403,
      'DEPARTMENT_NOT_YOURS',
    ],
    [
      'an unknown figure',
      'oversight',
      `${explain}?figure=mood&departmentId=dp-gas`,
      400,
      'VALIDATION_FAILED',
    ],
    ["nobody's figure", 'oversight', `${explain}?figure=open`, 400, 'VALIDATION_FAILED'],
    [
      'a figure by a formula of a version to come',
      'oversight',
      `${explain}?figure=open&departmentId=dp-gas&version=2`,
      404,
      'METRIC_VERSION_NOT_FOUND',
    ],
    [
      'workload by a formula of a version to come',
      'oversight',
      '/v1/workload?formulas=open@1,weighted@3',
      404,
      'METRIC_VERSION_NOT_FOUND',
    ],
    [
      "a department's workload by one",
      'oversight',
      '/v1/departments/dp-gas/workload?formulas=open@2',
      404,
      'METRIC_VERSION_NOT_FOUND',
    ],
    [
      'a figure by two formulas at once',
      'oversight',
      '/v1/workload?formulas=weighted@1,weighted@2',
      400,
      'VALIDATION_FAILED',
    ],
    ['a formula of no figure', 'oversight', '/v1/workload?formulas=mood@1', 400, 'VALIDATION_FAILED'],
    ['a figure without its version', 'oversight', '/v1/workload?formulas=open', 400, 'VALIDATION_FAILED'],
    [
      'a figure of two rows',
      'oversight',
      `${explain}?figure=open&departmentId=dp-gas&streetId=st-hepan`,
      400,
      'VALIDATION_FAILED',
    ],
    [
      "an unknown department's figure",
      'oversight',
      `${explain}?figure=open&departmentId=dp-x`,
      404,
      'DEPARTMENT_NOT_FOUND',
    ],
    [
      "another department's figure",
      'water',
      `${explain}?figure=open&departmentId=dp-gas`,
      403,
      'DEPARTMENT_NOT_YOURS',
    ],
    [
      'a place in a figure without its moment',
      'oversight',
      `${explain}?figure=open&departmentId=dp-gas&cursor=${cursorOf({ at: '2026-01-01T00:00:00.000Z', key: 'x' })}`,
      400,
      'INVALID_CURSOR',
    ],
    ["another department's queue", 'water', '/v1/departments/dp-gas/queue', 403, 'DEPARTMENT_NOT_YOURS'],
    ["another department's feed", 'water', '/v1/departments/dp-gas/dispatches', 403, 'DEPARTMENT_NOT_YOURS'],
    [
      "a department's feed, to a street",
      'street',
      '/v1/departments/dp-gas/dispatches',
      403,
      'DEPARTMENT_NOT_YOURS',
    ],
    [
      'its stream, to a street',
      'street',
      '/v1/departments/dp-gas/dispatches/stream',
      403,
      'DEPARTMENT_NOT_YOURS',
    ],
    [
      "another department's workload",
      'water',
      '/v1/departments/dp-gas/workload',
      403,
      'DEPARTMENT_NOT_YOURS',
    ],
    ['an unknown metric', 'oversight', '/v1/metrics/happiness', 404, 'METRIC_NOT_FOUND'],
    [
      'an unknown metric by a version',
      'oversight',
      '/v1/metrics/happiness?version=1',
      404,
      'METRIC_NOT_FOUND',
    ],
    [
      'a formula of a version to come',
      'oversight',
      '/v1/metrics/whistle-rate?version=9999',
      404,
      'METRIC_VERSION_NOT_FOUND',
    ],
    [
      'an explanation by a formula that was never recorded',
      'oversight',
      '/v1/metrics/acknowledge-on-time/explain?version=3',
      404,
      'METRIC_VERSION_NOT_FOUND',
    ],
    ['a formula of no version', 'oversight', '/v1/metrics/whistle-rate?version=0', 400, 'VALIDATION_FAILED'],
    ['a formula of a half', 'oversight', '/v1/metrics/whistle-rate?version=1.5', 400, 'VALIDATION_FAILED'],
    ['a formula of a word', 'oversight', '/v1/metrics/whistle-rate?version=old', 400, 'VALIDATION_FAILED'],
    [
      'a metric by a foreign dimension',
      'oversight',
      '/v1/metrics/containment-estate?by=department',
      422,
      'METRIC_DIMENSION',
    ],
    ['a metric by nonsense', 'oversight', '/v1/metrics/containment-estate?by=mood', 400, 'VALIDATION_FAILED'],
    ['a limit too high', 'oversight', '/v1/incidents?limit=201', 400, 'VALIDATION_FAILED'],
    ['a limit of nothing', 'oversight', '/v1/incidents?limit=0', 400, 'VALIDATION_FAILED'],
    ['a cursor of ours that is none', 'oversight', '/v1/incidents?cursor=e30', 400, 'INVALID_CURSOR'],
    [
      'a cursor with a NUL in it',
      'oversight',
      `/v1/incidents?cursor=${cursorOf({ reportedAt: '2026-01-01T00:00:00.000Z', id: 'a\u0000b' })}`,
      400,
      'INVALID_CURSOR',
    ],
    [
      'a cursor with an offset no database knows',
      'oversight',
      `/v1/departments/dp-gas/queue?cursor=${cursorOf({ notifiedAt: '2026-01-01T00:00+18:59', taskId: 'x' })}`,
      400,
      'INVALID_CURSOR',
    ],
    ['an unknown filter', 'oversight', '/v1/incidents?colour=red', 400, 'VALIDATION_FAILED'],
    ['an unknown state', 'oversight', '/v1/incidents?state=LOST', 400, 'VALIDATION_FAILED'],
    [
      'a moment without an offset',
      'oversight',
      `/v1/incidents/${nowhere}?asOf=2026-01-01T00:00:00`,
      400,
      'VALIDATION_FAILED',
    ],
    ['a replay at nonsense', 'oversight', '/v1/incidents/{NOTIFIED}/replay?at=soon', 400, 'INVALID_INSTANT'],
    ['a replay at no point', 'oversight', '/v1/incidents/{NOTIFIED}/replay', 400, 'VALIDATION_FAILED'],
    ['a feed after nonsense', 'gas', '/v1/departments/dp-gas/dispatches?after=x', 400, 'INVALID_POSITION'],
    ['an address that is none', 'oversight', '/v1/nothing', 404, 'ROUTE_NOT_FOUND'],
    ["another street's incident", 'otherStreet', '/v1/incidents/{NOTIFIED}', 404, 'INCIDENT_NOT_FOUND'],
    ["an incident without a task of one's own", 'gas', '/v1/incidents/{NOTIFIED}', 404, 'INCIDENT_NOT_FOUND'],
    ["another street's history", 'otherStreet', '/v1/incidents/{NOTIFIED}/events', 404, 'INCIDENT_NOT_FOUND'],
    ['history as a resident', 'resident', '/v1/incidents/{NOTIFIED}/events', 403, 'ROLE_NOT_PERMITTED'],
  ])('%s is refused', async (_what, who, path, status, code) => {
    const resolved = path.replace('{NOTIFIED}', incidents.NOTIFIED.id);
    expectProblem(await city.as(who).get<Problem>(resolved), status, code);
  });

  interface Explained {
    readonly numerator: number;
    readonly denominator: number;
    readonly cases: readonly { readonly incidentId: string; readonly inNumerator: boolean }[];
    readonly excluded: readonly { readonly incidentId: string }[];
    readonly withheld: {
      readonly numerator: number;
      readonly denominator: number;
      readonly excluded: number;
    };
  }

  describe.each(['acknowledge-on-time', 'handling-on-time', 'containment-estate'])('behind %s', (metric) => {
    const explainedTo = async (who: PersonName, query = ''): Promise<Explained> =>
      expected(200, await city.as(who).get<Explained>(`/v1/metrics/${metric}/explain${query}`));
    const namedIn = ({ cases, excluded }: Explained): string[] =>
      [...cases, ...excluded].map(({ incidentId }) => incidentId);

    test('oversight and the street whose they are see every incident', async () => {
      const all = await explainedTo('oversight');
      expect(namedIn(all)).toContain(incidents.CLOSED.id);
      expect(all.cases).toHaveLength(all.denominator);
      expect(all.withheld).toEqual({ numerator: 0, denominator: 0, excluded: 0 });
      expect(await explainedTo('street')).toMatchObject({ cases: all.cases, excluded: all.excluded });
      expect(namedIn(await explainedTo('urbanManagement'))).toContain(incidents.CLOSED.id);
    });

    test.each(['otherStreet', 'gas'] as const)(
      '%s is told how many there are, and not which',
      async (who) => {
        const all = await explainedTo('oversight');
        for (const query of ['', '?by=street&key=st-hepan', '?by=category&key=sewer-blockage']) {
          const { numerator, denominator, withheld, ...named } = await explainedTo(who, query);
          expect(JSON.stringify(named)).not.toContain(incidents.CLOSED.id);
          expect(namedIn({ numerator, denominator, withheld, ...named })).toEqual([]);
          expect(withheld).toMatchObject({ numerator, denominator });
        }
        expect((await explainedTo(who)).withheld.denominator).toBe(all.denominator);
      },
    );
  });

  test('behind a figure of workload others are told how many there are, and not which', async () => {
    interface Explained {
      readonly value: number;
      readonly counted: number;
      readonly items: readonly {
        readonly incidentId: string | null;
        readonly counts: boolean;
        contribution: number;
      }[];
    }
    const path = `${explain}?figure=open&departmentId=dp-urban-management&limit=200`;
    const explainedTo = async (who: PersonName): Promise<Explained> =>
      expected(200, await city.as(who).get<Explained>(path));
    const all = await explainedTo('oversight');
    expect(all.items.map(({ incidentId }) => incidentId)).toContain(incidents.NOTIFIED.id);
    expect((await explainedTo('street')).items).toEqual(all.items);
    const others = await explainedTo('otherStreet');
    expect([others.value, others.items.length]).toEqual([all.value, all.items.length]);
    for (const item of others.items)
      expect(item).toMatchObject({ incidentId: null, taskId: null, events: [], dueAt: null });
    expect(others.items.filter(({ counts }) => counts)).toHaveLength(others.value);
  });

  test('of the queue of a department a street sees its own', async () => {
    const path = '/v1/departments/dp-urban-management/queue?limit=200';
    const queueOf = async (who: PersonName): Promise<string[]> => {
      const page = await city.as(who).get<{ items: { incidentId: string }[] }>(path);
      return expected(200, page).items.map(({ incidentId }) => incidentId);
    };
    for (const who of ['street', 'oversight', 'urbanManagement'] as const)
      expect(await queueOf(who)).toEqual(
        expect.arrayContaining([incidents.NOTIFIED.id, incidents.CHECKED_IN.id]),
      );
    expect(await queueOf('otherStreet')).toEqual([]);
  });

  test('nobody without a token reads more than a receipt', async () => {
    const { id } = incidents.NOTIFIED;
    for (const path of [
      ...[
        `/v1/incidents/${id}`,
        '/v1/incidents',
        `/v1/incidents/${id}/events`,
        '/v1/workload',
        '/v1/metrics',
      ],
      ...['/v1/departments/dp-gas/queue', '/v1/departments/dp-gas/dispatches/stream', '/v1/org-units'],
    ]) {
      expectProblem(await city.anonymous.get<Problem>(path), 401, 'TOKEN_MISSING');
    }
  });

  test.each([
    ['too long', { start: '2026-01-01T00:00:00Z', amount: 100_000, unit: 'WORKING_DAY' }, 'DURATION_INVALID'],
    [
      'part of a day',
      { start: '2026-01-01T00:00:00Z', amount: 0.5, unit: 'WORKING_DAY' },
      'DURATION_INVALID',
    ],
    ['beyond 2099', { start: '2150-01-01T00:00:00Z', amount: 1, unit: 'CLOCK_HOUR' }, 'INSTANT_OUT_OF_RANGE'],
  ])('a due time is not calculated for what is %s', async (_what, body, code) => {
    const answer = await city.as('oversight').post<Problem>('/v1/calendars/default/due', body);
    expectProblem(answer, 422, code);
  });

  test('an address answers a method it does not have with 405 and those it has', async () => {
    const response = await fetch(`${city.url}/v1/incidents`, { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toContain('POST');
  });
});

test('an expired token is refused', async () => {
  const shortLived = await city.withRole('street-office', 'st-hepan', 1);
  // The verifier allows for clocks that differ a little.
  const answer = await pollUntil401(() => shortLived.post<Problem>('/v1/incidents/validate', report));
  expectProblem(answer, 401, 'TOKEN_EXPIRED');
});

async function pollUntil401(ask: () => Promise<Answer<Problem>>): Promise<Answer<Problem>> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 200) return answer;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const anyId = fc.oneof(
  fc.constantFrom(...stages).map((stage) => ({ stage })),
  anyText({ maxLength: 30 }).map((text) => ({ text })),
);
const anyValue = fc.jsonValue({ maxDepth: 3 });

/** Whatever is sent, by whomever: an answer of the 200s or 400s, never an error of the server's own. */
test('no body, id or header makes the server fail', async () => {
  const anyRequest = fc.record({
    name: fc.constantFrom('report' as const, ...names),
    who: fc.constantFrom(...(Object.keys(people) as PersonName[])),
    id: anyId,
    body: fc.oneof(
      anyValue,
      fc.dictionary(
        fc.constantFrom(
          'category',
          'severity',
          'location',
          'occurredAt',
          'lead',
          'assists',
          'evidence',
          'note',
          'kind',
          'reporter',
        ),
        anyValue,
      ),
    ),
    merge: fc.boolean(),
    key: fc.option(fc.stringMatching(/^[\x20-\x7e]{1,300}$/), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(anyRequest, async ({ name, who, id, body, merge, key }) => {
      const fixture = 'stage' in id ? incidents[id.stage] : { ...incidents.CLOSED, id: encoded(id.text) };
      const path = name === 'report' ? '/v1/incidents' : commands[name].path(fixture);
      const valid = name === 'report' ? report : commands[name].body;
      const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
      const sent = merge && isObject ? { ...valid, ...body } : body;
      const answer = await city.as(who).post<Problem>(path, sent, key?.trim() ? { key: key.trim() } : {});
      expect(answer.status).toBeGreaterThanOrEqual(200);
      expect(answer.status).toBeLessThan(500);
    }),
    propertyParameters({ numRuns: 400 }),
  );
});

function encoded(text: string): string {
  try {
    return encodeURIComponent(text) || '-';
  } catch {
    return '%F0%9F';
  }
}

test('in all of this the server logged no error', async () => {
  const errors = server()
    .log()
    .filter(({ level }) => level === 'error' || level === 'fatal');
  expect(errors).toEqual([]);
});

const server = () => {
  const [process] = home.servers;
  if (process === undefined) throw new Error('no server was started');
  return process;
};
