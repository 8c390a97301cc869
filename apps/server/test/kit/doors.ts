import type { PersonName } from './city.js';
import { report, whistle } from './incident-steps.js';
import type { Life, Stage } from './lives.js';

/** An incident in each stage. */
export type Lives = Readonly<Record<Stage, Life>>;

/** One door: how it is used well, so that each test can do one thing of it badly. */
export interface Door {
  readonly who: PersonName;
  readonly roles: readonly string[];
  readonly body: object | ((life: Life, lives: Lives) => object);
  /** A stage in which it is open. */
  readonly on: Stage | null;
  /** A stage in which it is not, and what is said there. */
  readonly shut: readonly [Stage, string] | null;
  /** Somebody of the right role and the wrong unit. */
  readonly foreign: readonly [PersonName, string] | null;
  /** Whether it asks for a token at all. */
  readonly open?: true;
}

const office = ['street-office', 'supervision-centre'];
const territory = ['street-office', 'grid-worker', 'community', 'supervision-centre'];
const handlers = ['department', 'street-office'];
const reason = { reason: '情况说明' };
// Whoever does not see it is told that it is not there; whoever takes part in it, whose it is.
const foreignStreet = ['otherStreet', 'INCIDENT_NOT_FOUND'] as const;
const foreignDepartment = ['water', 'TASK_NOT_YOURS'] as const;
const ahead = (days: number): string => new Date(Date.now() + days * 24 * 3_600_000).toISOString();

const ofStreet = (body: Door['body'], on: Stage, shut: Door['shut'], roles = office): Door => ({
  ...{ who: 'street', roles, body, on, shut, foreign: foreignStreet },
});
const ofDepartment = (body: Door['body'], on: Stage, shut: Door['shut']): Door => ({
  ...{ who: 'urbanManagement', roles: handlers, body, on, shut, foreign: foreignDepartment },
});
const ofCentre = (
  body: Door['body'],
  on: Stage,
  shut: Door['shut'],
  roles = ['supervision-centre'],
): Door => ({
  ...{ who: 'supervision', roles, body, on, shut, foreign: null },
});

const incident = '/v1/incidents/{id}';
const task = `${incident}/tasks/{taskId}`;
const whistled = `${incident}/whistles/{whistleId}`;
const rating = { solved: 'SOLVED', satisfaction: 'SATISFIED' };

/** Every POST of an incident. A new one without a line here fails. */
export const doors: Readonly<Record<string, Door>> = {
  '/v1/incidents': {
    ...{ who: 'street', body: report, on: null, shut: null, foreign: null, open: true },
    roles: ['resident', ...territory],
  },
  '/v1/incidents/validate': {
    ...{ who: 'street', body: report, on: null, shut: null, foreign: null, open: true },
    roles: ['resident', ...territory],
  },
  [`${incident}/verify`]: ofStreet({ note: '现场属实' }, 'REPORTED', ['FILED', 'INCIDENT_STATE'], territory),
  [`${incident}/reject`]: ofStreet(
    { reasonCode: 'TOO_VAGUE', ...reason, notice: '请补充地点' },
    ...(['REPORTED', ['FILED', 'INCIDENT_STATE'], territory] as const),
  ),
  [`${incident}/file`]: ofStreet({}, 'REPORTED', ['FILED', 'INCIDENT_STATE'], territory),
  [`${incident}/locate`]: ofStreet(
    { estateId: 'es-liuyin-garden', gridId: 'gr-liuyin', reason: '更正' },
    ...(['REPORTED', ['CLOSED', 'INCIDENT_STATE'], territory] as const),
  ),
  [`${incident}/withdraw`]: {
    ...{ who: 'resident', roles: ['resident', 'grid-worker', 'community', 'street-office'], open: true },
    ...{ body: ({ receiptCode }) => ({ ...reason, receiptCode }), on: 'FILED' },
    ...{ shut: ['CLOSED', 'INCIDENT_STATE'], foreign: null },
  },
  [`${incident}/void`]: ofStreet(reason, 'FILED', ['CLOSED', 'INCIDENT_STATE']),
  [`${incident}/flag-reporter`]: {
    ...ofCentre(reason, 'FILED', ['FLAGGED', 'FLAG_UNDECIDED'], [...office, 'callback']),
  },
  [`${incident}/flag-reporter/{flagId}/decide`]: ofCentre(
    { approve: true, ...reason },
    'FLAGGED',
    null,
    office,
  ),
  [`${incident}/reporter/reveal`]: {
    ...{ who: 'urbanManagement', body: { purpose: 'VISIT_SITE', ...reason }, on: 'WHISTLED' },
    // Where nobody has it in hand nobody is told: that is said by who may, see personal-data.e2e.spec.ts.
    ...{ shut: null, foreign: ['gas', 'INCIDENT_NOT_FOUND'] },
    roles: ['department', 'street-office', 'callback', 'grid-worker', 'community'],
  },
  [`${incident}/reporter/forget`]: {
    ...{ who: 'admin', roles: ['admin'], body: {}, on: 'FILED', shut: null, foreign: null },
  },
  [`${incident}/self-handling`]: {
    ...{ who: 'gridWorker', roles: ['grid-worker', 'community'], body: { parties: ['GRID'] }, on: 'FILED' },
    ...{ shut: ['REPORTED', 'INCIDENT_STATE'], foreign: ['otherGridWorker', 'INCIDENT_NOT_FOUND'] },
  },
  [`${incident}/self-handling/contact`]: {
    ...{ who: 'gridWorker', roles: ['grid-worker', 'community'], body: {}, on: 'SELF_HANDLED' },
    ...{ shut: ['WHISTLED', 'INCIDENT_STATE'], foreign: ['otherGridWorker', 'INCIDENT_NOT_FOUND'] },
  },
  [`${incident}/self-handling/complete`]: {
    ...{ who: 'gridWorker', roles: ['grid-worker', 'community'], body: {}, on: 'SELF_HANDLED' },
    ...{ shut: ['WHISTLED', 'INCIDENT_STATE'], foreign: ['otherGridWorker', 'INCIDENT_NOT_FOUND'] },
  },
  [`${incident}/escalate`]: ofStreet(
    { to: 'SUBDISTRICT', ...reason },
    ...(['SELF_HANDLED', ['WHISTLED', 'INCIDENT_STATE']] as const),
    ['street-office', 'grid-worker', 'community'],
  ),
  [`${incident}/suspend`]: ofCentre(
    { reasonCode: 'WEATHER', ...reason, reviewAt: ahead(20) },
    ...(['FILED', ['REPORTED', 'INCIDENT_STATE'], office] as const),
  ),
  [`${incident}/resume`]: ofStreet(reason, 'SUSPENDED', ['FILED', 'INCIDENT_STATE']),
  [`${incident}/merge`]: ofStreet(
    (_, lives) => ({ into: lives.FEEDBACK.id, ...reason }),
    ...(['FILED', ['CLOSED', 'INCIDENT_STATE']] as const),
  ),
  [`${incident}/unmerge`]: ofStreet(reason, 'MERGED', ['FILED', 'INCIDENT_STATE']),
  [`${incident}/whistles`]: ofStreet(
    whistle,
    'FILED',
    ['REPORTED', 'INCIDENT_STATE'],
    [...['street-office', 'community', 'grid-worker', 'department']],
  ),
  [`${whistled}/approve`]: ofStreet({}, 'PROPOSED', ['WHISTLED', 'WHISTLE_NEEDS_NO_APPROVAL']),
  [`${whistled}/cancel`]: ofStreet(reason, 'WHISTLED', ['CHECKING', 'WHISTLE_STATE'], handlers),
  [`${whistled}/evaluate`]: ofStreet(
    ({ taskId }) => ({ taskId, score: 5 }),
    ...(['CHECKING', ['WHISTLED', 'WHISTLE_STATE'], handlers] as const),
  ),
  [`${whistled}/departments`]: ofStreet(
    { departmentId: 'dp-fire', ...reason },
    ...(['WHISTLED', ['CHECKING', 'INCIDENT_STATE']] as const),
  ),
  [`${whistled}/lead`]: ofStreet(
    { departmentId: 'dp-water', ...reason },
    ...(['WHISTLED', ['CHECKING', 'INCIDENT_STATE']] as const),
  ),
  [`${task}/acknowledge`]: ofDepartment({}, 'WHISTLED', ['CHECKED_IN', 'TASK_STATE']),
  [`${task}/contact`]: ofDepartment({}, 'WHISTLED', ['CHECKING', 'INCIDENT_STATE']),
  [`${task}/check-in`]: ofDepartment({}, 'WHISTLED', ['CHECKED_IN', 'TASK_STATE']),
  [`${task}/progress`]: ofDepartment({ note: '已开挖' }, 'CHECKED_IN', ['WHISTLED', 'TASK_STATE']),
  [`${task}/work`]: ofDepartment({ workedMinutes: 90 }, 'CHECKED_IN', ['WHISTLED', 'WORK_BEFORE_CHECK_IN']),
  [`${task}/complete`]: ofDepartment({}, 'CHECKED_IN', ['WHISTLED', 'TASK_STATE']),
  [`${task}/return`]: ofDepartment(
    { reasonCode: 'NOT_OUR_AREA', basis: '区划图' },
    ...(['WHISTLED', ['CHECKED_IN', 'RETURN_AFTER_CHECK_IN']] as const),
  ),
  [`${task}/return/decide`]: ofStreet(
    { accept: true, newUnit: 'dp-housing' },
    ...(['RETURN_REQUESTED', ['WHISTLED', 'TASK_STATE']] as const),
  ),
  [`${task}/arbitration`]: ofStreet({}, 'RETURN_REQUESTED', ['IN_ARBITRATION', 'TASK_STATE']),
  [`${task}/arbitrate`]: {
    ...{ who: 'arbitrator', roles: ['arbitrator'], on: 'IN_ARBITRATION', foreign: null },
    ...{ body: { responsibleUnit: 'dp-water', rule: 'STATUTORY_FUNCTION', ...reason } },
    shut: ['WHISTLED', 'TASK_STATE'],
  },
  [`${task}/extension`]: ofDepartment(
    { amount: 2, unit: 'WORKING_DAY', ...reason },
    ...(['CHECKED_IN', ['EXTENSION_ASKED', 'EXTENSION_UNDECIDED']] as const),
  ),
  [`${task}/extension/decide`]: ofStreet(
    { grant: true },
    ...(['EXTENSION_ASKED', ['CHECKED_IN', 'EXTENSION_NOT_ASKED']] as const),
  ),
  [`${task}/release`]: ofStreet(reason, 'WHISTLED', ['WHISTLED', 'IS_THE_LEAD']),
  [`${task}/release/request`]: {
    ...ofDepartment(reason, 'WHISTLED', ['WHISTLED', 'IS_THE_LEAD']),
    foreign: ['water', 'NOT_THE_LEAD'],
  },
  [`${task}/urge`]: ofStreet({}, 'WHISTLED', ['RETURN_REQUESTED', 'TASK_STATE']),
  [`${task}/transfer`]: {
    ...{ who: 'admin', roles: ['admin'], body: { to: 'dp-housing', ...reason }, on: 'WHISTLED' },
    ...{ shut: ['CHECKING', 'INCIDENT_STATE'], foreign: null },
  },
  [`${incident}/check`]: ofCentre(
    { result: 'PASS', note: '合格' },
    ...(['CHECKING', ['WHISTLED', 'INCIDENT_STATE']] as const),
    ['supervision-centre', 'grid-worker'],
  ),
  [`${incident}/feedback`]: {
    ...{ who: 'callback', roles: ['callback', 'resident'], body: rating, on: 'FEEDBACK', open: true },
    ...{ shut: ['RATED', 'FEEDBACK_RECORDED'], foreign: ['partialCallback', 'CALLBACK_BY_SCORED_UNIT'] },
  },
  [`${incident}/feedback/correct`]: {
    ...{ who: 'callback', roles: ['callback', 'resident'], body: { ...rating, ...reason }, on: 'RATED' },
    ...{ shut: ['FEEDBACK', 'FEEDBACK_NOT_RECORDED'], open: true },
    foreign: ['partialCallback', 'CALLBACK_BY_SCORED_UNIT'],
  },
  [`${incident}/close`]: ofCentre({}, 'RATED', ['FEEDBACK', 'FEEDBACK_OUTSTANDING']),
  [`${incident}/reopen`]: {
    ...ofStreet(reason, 'CLOSED', ['FEEDBACK', 'INCIDENT_STATE'], [...office, 'resident']),
    open: true,
  },
  [`${incident}/supervisions`]: ofCentre(
    { level: 'BLUE', ...reason },
    ...(['WHISTLED', ['CLOSED', 'INCIDENT_STATE']] as const),
  ),
  [`${incident}/supervisions/{supervisionId}/respond`]: {
    ...{ who: 'urbanManagement', roles: [...handlers, 'community'], body: { response: '今日到场' } },
    ...{ on: 'SUPERVISED', shut: null, foreign: ['water', 'SUPERVISION_NOT_YOURS'] },
  },
  [`${incident}/supervisions/{supervisionId}/lift`]: ofCentre(reason, 'SUPERVISED', null),
  [`${incident}/appeals`]: {
    ...{ who: 'urbanManagement', roles: [...handlers, 'community'], on: 'CLOSED' },
    ...{ body: { item: 'FEEDBACK', ...reason }, shut: ['APPEALED', 'APPEAL_FILED'] },
    foreign: ['gas', 'INCIDENT_NOT_FOUND'],
  },
  [`${incident}/appeals/{appealId}/decide`]: ofCentre({ exclude: true, ...reason }, 'APPEALED', null),
};

export const pathOf = (path: string, life: object): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => (life as Record<string, string>)[name] ?? '');

export const bodyOf = ({ body }: Door, life: Life, lives: Lives): Record<string, unknown> =>
  ({ ...(typeof body === 'function' ? body(life, lives) : body) }) as Record<string, unknown>;
