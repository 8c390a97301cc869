import {
  CheckHandlingCommand,
  CheckInCommand,
  CompleteSelfHandlingCommand,
  CompleteTaskCommand,
  NoCaptures,
  StartSelfHandlingCommand,
  capturedBy,
  type CommandOutcome,
} from './index.js';
import { OfficeSteps, SampleOffice, checkInRequest, checkRequest } from './testing/index.js';

const photo = 'a'.repeat(64);
const evidence = [photo];

let office: SampleOffice;
let steps: OfficeSteps;

beforeEach(async () => {
  office = await SampleOffice.open();
  steps = new OfficeSteps(office);
  // Years before anything here: what it is evidence of cannot be in it.
  office.captures.facts.push({
    sha256: photo,
    capturedAt: '2020-01-01T00:00:00.000Z',
    metresFromClaim: null,
  });
});
afterEach(() => office.close());

const flagsOf = ({ events }: CommandOutcome): unknown[] =>
  events.flatMap((event) =>
    event.type === 'EvidenceFlagged' ? [[event.data.of, event.data.mismatches]] : [],
  );

test('check-in, completion and check are compared with what the cameras say', async () => {
  const { handlers } = steps;
  const { incidentId, taskId } = await steps.whistled();
  const water = () => steps.department('dp-water');
  const arrived = await handlers.checkIn.execute(
    new CheckInCommand(water(), incidentId, taskId, { ...checkInRequest, evidence }),
  );
  expect(flagsOf(arrived)).toEqual([['CHECK_IN', ['TIME']]]);
  const done = await handlers.complete.execute(
    new CompleteTaskCommand(water(), incidentId, taskId, { note: null, evidence }),
  );
  expect(flagsOf(done)).toEqual([['TASK', ['TIME']]]);
  const checked = await handlers.check.execute(
    new CheckHandlingCommand(steps.centre(), incidentId, { ...checkRequest, evidence }),
  );
  expect(flagsOf(checked)).toEqual([['CHECK', ['TIME']]]);
});

test('so is what was handled without a whistle', async () => {
  const { handlers } = steps;
  const { incidentId } = await steps.filed();
  await handlers.startSelfHandling.execute(
    new StartSelfHandlingCommand(steps.community(), incidentId, { level: null, note: null }),
  );
  const done = await handlers.completeSelfHandling.execute(
    new CompleteSelfHandlingCommand(steps.community(), incidentId, { note: null, evidence }),
  );
  expect(flagsOf(done)).toEqual([['SELF_HANDLING', ['TIME']]]);
});

test('files that are not there yet say nothing, and where none is named nobody is asked', async () => {
  const sender = { id: 'worker', orgUnitId: 'dp-water' };
  expect(await capturedBy(office.captures, ['b'.repeat(64)], sender)).toEqual({});
  expect(await capturedBy(new NoCaptures(), evidence, sender)).toEqual({});
  const asked = jest.spyOn(office.captures, 'factsOf');
  expect(await capturedBy(office.captures, [], sender)).toEqual({});
  expect(asked).not.toHaveBeenCalled();
});
