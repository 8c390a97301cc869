import type { City, PersonName } from './city.js';
import {
  act,
  expected,
  report,
  whistle,
  type Moved,
  type Reported,
  type Whistled,
} from './incident-steps.js';

/** An incident in one stage of its life, with the ids that a command about it needs. */
export interface Life {
  readonly id: string;
  readonly receiptCode: string;
  readonly whistleId: string;
  /** Of 城市管理局, which leads. */
  readonly taskId: string;
  /** Of 水务局, which assists. */
  readonly assistId: string;
  readonly supervisionId: string;
  readonly appealId: string;
  readonly flagId: string;
}

export const NOWHERE = '00000000-0000-5000-8000-000000000000';

const reporter = { name: '王小明', phone: '13800138000' };

type Step = (city: City, life: Life) => Promise<Life>;

const by =
  (who: PersonName, command: (life: Life) => string, body: (life: Life) => object = () => ({})): Step =>
  async (city, life) => {
    await act(city, who, life.id, command(life), body(life));
    return life;
  };

const ofLead = (command: string) => (life: Life) => `tasks/${life.taskId}/${command}`;

const whistled: Step = async (city, life) => {
  const body = { ...whistle, assists: ['dp-water'] };
  const path = `/v1/incidents/${life.id}/whistles`;
  const { whistleId, tasks } = expected(201, await city.as('street').post<Whistled>(path, body));
  const idOf = (role: string): string => tasks.find((task) => task.role === role)?.taskId ?? NOWHERE;
  return { ...life, whistleId, taskId: idOf('LEAD'), assistId: idOf('ASSIST') };
};

const proposed: Step = async (city, life) => {
  const path = `/v1/incidents/${life.id}/whistles`;
  const { whistleId } = expected(201, await city.as('community').post<Whistled>(path, whistle));
  return { ...life, whistleId };
};

const supervised: Step = async (city, life) => {
  const path = `/v1/incidents/${life.id}/supervisions`;
  const body = { taskId: life.taskId, level: 'BLUE', reason: '群众多次反映' };
  const answer = await city.as('supervision').post<Moved & { supervisionId: string }>(path, body);
  return { ...life, supervisionId: expected(201, answer).supervisionId };
};

const appealed: Step = async (city, life) => {
  const path = `/v1/incidents/${life.id}/appeals`;
  const body = { item: 'FEEDBACK', reason: '非本部门职责' };
  const answer = await city.as('urbanManagement').post<Moved & { appealId: string }>(path, body);
  return { ...life, appealId: expected(201, answer).appealId };
};

const flagged: Step = async (city, life) => {
  const path = `/v1/incidents/${life.id}/flag-reporter`;
  const answer = await city.as('callback').post<Moved & { flagId: string }>(path, { reason: '多次不实上报' });
  return { ...life, flagId: expected(200, answer).flagId };
};

const merged: Step = async (city, life) => {
  const { id } = expected(201, await city.as('resident').post<Reported>('/v1/incidents', report));
  await act(city, 'street', life.id, 'merge', { into: id, reason: '同一处' });
  return life;
};

const filed = [by('street', () => 'file')];
const blown = [...filed, whistled];
const arrived = [...blown, by('urbanManagement', ofLead('check-in'))];
const checking = [
  ...arrived,
  by('water', ({ assistId }) => `tasks/${assistId}/check-in`),
  by('water', ({ assistId }) => `tasks/${assistId}/complete`),
  by('urbanManagement', ofLead('complete')),
];
const feedback = [
  ...checking,
  by(
    'supervision',
    () => 'check',
    () => ({ result: 'PASS', note: '合格' }),
  ),
];
const rated = [
  ...feedback,
  by(
    'callback',
    () => 'feedback',
    () => ({ solved: 'SOLVED', satisfaction: 'SATISFIED' }),
  ),
];
const closed = [...rated, by('supervision', () => 'close')];
const returning = by('urbanManagement', ofLead('return'), () => ({
  reasonCode: 'NOT_OUR_FUNCTION',
  basis: '三定方案第四条',
}));
const suspended = by(
  'supervision',
  () => 'suspend',
  () => ({
    ...{ reasonCode: 'NEEDS_FUNDS', reason: '待预算批复' },
    reviewAt: new Date(Date.now() + 30 * 24 * 3_600_000).toISOString(),
  }),
);

/** How an incident gets to each stage. */
const ways = {
  REPORTED: [],
  FILED: filed,
  SELF_HANDLED: [...filed, by('gridWorker', () => 'self-handling')],
  PROPOSED: [...filed, proposed],
  WHISTLED: blown,
  CHECKED_IN: arrived,
  RETURN_REQUESTED: [...blown, returning],
  IN_ARBITRATION: [...blown, returning, by('street', ofLead('arbitration'))],
  EXTENSION_ASKED: [
    ...arrived,
    by('urbanManagement', ofLead('extension'), () => ({
      amount: 2,
      unit: 'WORKING_DAY',
      reason: '管线改造',
    })),
  ],
  SUPERVISED: [...blown, supervised],
  CHECKING: checking,
  FEEDBACK: feedback,
  RATED: rated,
  CLOSED: closed,
  APPEALED: [...closed, appealed],
  FLAGGED: [...filed, flagged],
  SUSPENDED: [...filed, suspended],
  MERGED: [...filed, merged],
} as const satisfies Record<string, readonly Step[]>;

export type Stage = keyof typeof ways;
export const stages = Object.keys(ways) as Stage[];

/** A new incident, reported by a resident and brought to this stage by those who may. */
export async function live(city: City, stage: Stage, changes: object = {}): Promise<Life> {
  const body = { ...report, reporter, ...changes };
  const { id, receiptCode } = expected(201, await city.as('resident').post<Reported>('/v1/incidents', body));
  const nothing = { whistleId: NOWHERE, taskId: NOWHERE, assistId: NOWHERE, flagId: NOWHERE };
  let life: Life = { id, receiptCode, ...nothing, supervisionId: NOWHERE, appealId: NOWHERE };
  for (const step of ways[stage]) life = await step(city, life);
  return life;
}
