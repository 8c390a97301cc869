import { SimulatedClock } from '@shaoying/config';
import { RevisionConflict, UnknownOutcome, type EventStore } from '@shaoying/event-store';
import { incidentCatalogue } from '@shaoying/incident-contracts';
import type { IncidentEventType } from '@shaoying/incident-domain';
import {
  AcknowledgeTaskCommand,
  BlowWhistleCommand,
  FileIncidentCommand,
  incidentCommandHandlers,
  MarkOverdueCommand,
  ReportIncidentCommand,
  StartSelfHandlingCommand,
  type CommandContext,
  type CommandOutcome,
} from './index.js';
import { OPENING, reportRequest, SampleOffice, whistleRequest } from './testing/index.js';

let office: SampleOffice;
beforeEach(async () => {
  office = await SampleOffice.open();
});
afterEach(() => office.close());

const street = (key?: string): CommandContext => office.as('street-office', 'st-hepan', key);

async function reported(file = false): Promise<string> {
  const command = new ReportIncidentCommand(office.as('resident', null), { ...reportRequest, file });
  return (await office.handlers().report.execute(command)).incidentId;
}

async function whistled(): Promise<{ incidentId: string; taskId: string }> {
  const incidentId = await reported(true);
  const blown = await office
    .handlers()
    .blowWhistle.execute(new BlowWhistleCommand(street(), incidentId, whistleRequest));
  return { incidentId, taskId: blown.state.tasks[0]?.taskId ?? '' };
}

const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'no error',
    (error: { code?: unknown }) => error.code,
  );

const answerOf = ({ incidentId, state, revision, position, events }: CommandOutcome) => ({
  ...{ incidentId, state, revision, position },
  events: events.map(({ type, occurredAt, data }) => ({ type, occurredAt, data })),
});

/** A store in whose place something happens at the next append. */
function appending(instead: EventStore['append']): EventStore {
  return Object.assign(Object.create(office.store) as EventStore, { append: instead });
}

describe('a retry', () => {
  test('of a report gets the first answer, and writes nothing', async () => {
    const { report } = office.handlers();
    const command = new ReportIncidentCommand(office.as('resident', null, 'k'), reportRequest);
    const first = await report.execute(command);
    office.clock.advanceMs(60_000);
    const again = await report.execute(command);
    expect([first.replayed, again.replayed]).toEqual([false, true]);
    expect(answerOf(again)).toEqual(answerOf(first));
    expect(again.receiptCode).toBe(first.receiptCode);
    expect(await office.incidentEvents()).toHaveLength(1);
  });

  test('gets the first answer also when the incident has moved on', async () => {
    const { file, blowWhistle } = office.handlers();
    const incidentId = await reported();
    const filing = new FileIncidentCommand(street('file'), incidentId);
    const first = await file.execute(filing);
    await blowWhistle.execute(new BlowWhistleCommand(street(), incidentId, whistleRequest));
    const again = await file.execute(filing);
    expect(again.replayed).toBe(true);
    expect(answerOf(again)).toEqual(answerOf(first));
    expect(again.state.lifecycle).toBe('FILED');
    expect(await office.incidentEvents()).toHaveLength(3);
  });

  test('with a stale If-Match gets the first answer', async () => {
    const incidentId = await reported();
    const context = { ...street('file'), ifMatch: 0 };
    const filing = new FileIncidentCommand(context, incidentId);
    await office.handlers().file.execute(filing);
    expect(await office.handlers().file.execute(filing)).toMatchObject({ replayed: true, revision: 1 });
  });

  test.each([
    ['filed then reported only', true, false],
    ['reported only then filed', false, true],
  ])('with another body is refused: %s', async (_, first, second) => {
    const { report } = office.handlers();
    const context = office.as('resident', null, 'k');
    const body = (file: boolean, requestHash: string) =>
      new ReportIncidentCommand({ ...context, requestHash }, { ...reportRequest, file });
    await report.execute(body(first, 'a'.repeat(64)));
    expect(await codeOf(report.execute(body(second, 'b'.repeat(64))))).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await office.incidentEvents()).toHaveLength(first ? 2 : 1);
  });

  test('of a command on an incident with another body is refused', async () => {
    const { incidentId } = await whistled();
    const before = await office.incidentEvents();
    const { commandId } = before.at(-1) ?? {};
    const context = { ...street(), commandId: String(commandId), requestHash: 'c'.repeat(64) };
    const reuse = office.handlers().file.execute(new FileIncidentCommand(context, incidentId));
    expect(await codeOf(reuse)).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await office.incidentEvents()).toEqual(before);
  });
});

describe('If-Match', () => {
  test('fitting lets the command pass, stale refuses it and says the revision', async () => {
    const incidentId = await reported();
    const { file } = office.handlers();
    const stale = file.execute(new FileIncidentCommand({ ...street(), ifMatch: 7 }, incidentId));
    await expect(stale).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', actualRevision: 0 });
    const fitting = await file.execute(new FileIncidentCommand({ ...street(), ifMatch: 0 }, incidentId));
    expect(fitting.revision).toBe(1);
  });
});

describe('If-Match of a report', () => {
  const matter = (ifMatch?: number) => {
    const context = office.as('resident', null, 'key of a report');
    return new ReportIncidentCommand(
      { ...context, ...(ifMatch === undefined ? {} : { ifMatch }) },
      reportRequest,
    );
  };

  test('is refused, whatever it says: there is no revision yet; nothing is recorded', async () => {
    const { report } = office.handlers();
    for (const ifMatch of [0, 7])
      expect(await codeOf(report.execute(matter(ifMatch)))).toBe('NOTHING_TO_MATCH');
    expect(await office.incidentEvents()).toEqual([]);
  });

  test('of one that has been made is answered as the first time', async () => {
    const { report } = office.handlers();
    const first = await report.execute(matter());
    expect(await report.execute(matter(7))).toMatchObject({ incidentId: first.incidentId, replayed: true });
    expect(await office.incidentEvents()).toHaveLength(1);
  });
});

describe('at once', () => {
  test('the same command 20 times has one effect and one answer', async () => {
    const incidentId = await reported();
    const filing = new FileIncidentCommand(street('file'), incidentId);
    const { file } = office.handlers();
    const answers = await Promise.all(Array.from({ length: 20 }, () => file.execute(filing)));
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(answers.map((answer) => JSON.stringify(answerOf(answer)))).size).toBe(1);
    expect(await office.incidentEvents()).toHaveLength(2);
  });

  test('the same report 20 times opens one incident', async () => {
    const { report } = office.handlers();
    const command = new ReportIncidentCommand(office.as('resident', null, 'k'), {
      ...reportRequest,
      file: true,
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => report.execute(command)));
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(answers.map(({ incidentId, receiptCode }) => incidentId + receiptCode)).size).toBe(1);
    expect(await office.incidentEvents()).toHaveLength(2);
  });

  // A retry may be decided on the other side of a due instant, by another process, with other events.
  test.each([
    ['before it', 'after it', 59, 61],
    ['after it', 'before it', 61, 59],
  ])('one command decided %s and %s has the first effect', async (_, __, oneMinute, otherMinute) => {
    const { incidentId, taskId } = await whistled();
    const context = office.as('department', 'dp-water', 'ack');
    const attempts = [oneMinute, otherMinute].map((minute) => {
      const clock = new SimulatedClock(new Date(Date.parse(OPENING) + minute * 60_000));
      const { acknowledge } = office.handlers(office.service(office.store, clock));
      return acknowledge.execute(new AcknowledgeTaskCommand(context, incidentId, taskId));
    });
    const [one, other] = (await Promise.all(attempts)).map(answerOf);
    expect(other).toEqual(one);
    const events = (await office.incidentEvents()).filter(({ commandId }) => commandId === context.commandId);
    expect(events.map(({ type }) => type)).toEqual(one?.events.map(({ type }) => type));
    expect(one?.revision).toBe(events.at(-1)?.revision);
  });

  test('two dispatchers blow one whistle; the other is told that it is handled', async () => {
    const incidentId = await reported(true);
    const { blowWhistle, startSelfHandling } = office.handlers();
    const blow = (lead: string) =>
      blowWhistle.execute(
        new BlowWhistleCommand(street(), incidentId, { ...whistleRequest, lead, assists: [] }),
      );
    const selfHandle = startSelfHandling.execute(
      new StartSelfHandlingCommand(office.as('community', 'co-liuyin'), incidentId, {
        level: null,
        note: null,
      }),
    );
    const [water, fire] = await Promise.all([
      codeOf(blow('dp-water')),
      codeOf(blow('dp-fire')),
      codeOf(selfHandle),
    ]);
    expect([water, fire].toSorted()).toEqual(['INCIDENT_STATE', 'no error']);
    const blown = (await office.incidentEvents()).filter(({ type }) => type === 'WhistleBlown');
    expect(blown).toHaveLength(1);
  });

  test('two departments acknowledge their own tasks, one of them deciding again', async () => {
    const { incidentId } = await whistled();
    const { acknowledge } = office.handlers();
    const tasks = (
      await office
        .handlers()
        .markOverdue.execute(new MarkOverdueCommand(office.as('system', null), incidentId, 'none', false))
    ).state.tasks;
    const answers = await Promise.all(
      tasks.map(({ taskId, departmentId }) =>
        acknowledge.execute(
          new AcknowledgeTaskCommand(office.as('department', departmentId), incidentId, taskId),
        ),
      ),
    );
    expect(answers.map(({ revision }) => revision).toSorted()).toEqual([3, 4]);
  });

  test('against endless contention it gives up after ten attempts', async () => {
    const incidentId = await reported();
    let appends = 0;
    const contended = appending(async (streamId, expected) => {
      appends += 1;
      throw new RevisionConflict(streamId, expected, 99);
    });
    const { file } = office.handlers(office.service(contended));
    expect(await codeOf(file.execute(new FileIncidentCommand(street(), incidentId)))).toBe(
      'TOO_MUCH_CONTENTION',
    );
    expect(appends).toBe(10);
  });
});

describe('an unknown outcome', () => {
  test.each([
    ['written', true],
    ['not written', false],
  ])('of what was %s reaches the caller, and a retry settles it', async (_, written) => {
    const incidentId = await reported();
    const cut = appending(async (...args) => {
      if (written) await office.store.append(...args);
      throw new UnknownOutcome('the connection was lost');
    });
    const filing = new FileIncidentCommand(street('file'), incidentId);
    expect(await codeOf(office.handlers(office.service(cut)).file.execute(filing))).toBe('UNKNOWN_OUTCOME');
    expect(await office.handlers().file.execute(filing)).toMatchObject({ replayed: written, revision: 1 });
    expect(await office.incidentEvents()).toHaveLength(2);
  });

  test('of a report is settled by its retry', async () => {
    const cut = appending(async (...args) => {
      await office.store.append(...args);
      throw new UnknownOutcome('the connection was lost');
    });
    const command = new ReportIncidentCommand(office.as('resident', null, 'k'), reportRequest);
    expect(await codeOf(office.handlers(office.service(cut)).report.execute(command))).toBe(
      'UNKNOWN_OUTCOME',
    );
    expect(await office.handlers().report.execute(command)).toMatchObject({ replayed: true, revision: 0 });
    expect(await office.incidentEvents()).toHaveLength(1);
  });
});

describe('what is written', () => {
  test('carries who, when and by which request, on every event', async () => {
    const { incidentId } = await whistled();
    for (const event of await office.incidentEvents()) {
      expect(event).toMatchObject({
        ...{ streamId: `incident-${incidentId}`, recordedAt: OPENING },
        schemaVersion: incidentCatalogue[event.type as IncidentEventType].version,
        correlationId: event.commandId,
        // Of a request that names a person the plain fingerprint would give the number away to who tries them all.
        requestHash: ['IncidentReported', 'IncidentFiled'].includes(event.type)
          ? expect.stringMatching(/^(?!a{64})[0-9a-f]{64}$/)
          : 'a'.repeat(64),
        actor: { role: expect.stringMatching(/resident|street-office/) },
      });
    }
  });

  test('of a refused command is nothing', async () => {
    const { incidentId, taskId } = await whistled();
    const before = await office.incidentEvents();
    const { acknowledge, file } = office.handlers();
    const other = new AcknowledgeTaskCommand(office.as('department', 'dp-fire'), incidentId, taskId);
    expect(await codeOf(acknowledge.execute(other))).toBe('TASK_NOT_YOURS');
    const unknown = new FileIncidentCommand(street(), '00000000-0000-7000-8000-000000000000');
    expect(await codeOf(file.execute(unknown))).toBe('INCIDENT_NOT_FOUND');
    expect(await office.incidentEvents()).toEqual(before);
  });

  test('by an alarm too early is nothing, and the answer is where the incident stands', async () => {
    const { incidentId, taskId } = await whistled();
    const alarm = new MarkOverdueCommand(office.as('system', null), incidentId, taskId, false);
    const answer = await office.handlers().markOverdue.execute(alarm);
    expect(answer).toMatchObject({ events: [], revision: 2, replayed: false });
  });
});

test('every handler is registered, once', () => {
  const names = incidentCommandHandlers.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.toSorted()).toEqual(
    Object.values(office.handlers())
      .map((handler) => handler.constructor.name)
      .toSorted(),
  );
});
