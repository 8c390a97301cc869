import type Type from 'typebox';
import { dispatchSchemas, type DispatchName } from './dispatch.schemas.js';

interface CatalogueEntry {
  /** Major version of its data: another one is another schema beside this one. Fields may come without one. */
  readonly version: number;
  readonly title: string;
  readonly summary: string;
}

const first = (title: string, summary: string): CatalogueEntry => ({ version: 1, title, summary });

/** Every kind of dispatch that a department may be sent. */
export const dispatchCatalogue: Readonly<Record<DispatchName, CatalogueEntry>> = {
  dispatched: first(
    '派遣',
    'A whistle, a decision or an added department gives it a task: where to go, and by when.',
  ),
  'due-soon': first('即将到期', 'Most of the time of a deadline has passed.'),
  rescheduled: first('时限调整', 'Deadlines are due at other times, under another policy or calendar.'),
  overdue: first('超时', 'A deadline of its task was missed.'),
  supervised: first('督办', 'A missed deadline led to an order.'),
  'supervised-by-person': first('人工督办', 'Somebody issued an order.'),
  'supervision-lifted': first('督办解除', 'An order no longer stands.'),
  'returned-for-rework': first('返工', 'The check failed, or the reporter says that it is not solved.'),
  closed: first('结案', 'The incident is closed.'),
  reminded: first('催办', 'The whistling unit asks it to hurry.'),
  'return-accepted': first('退回获准', 'It has given the task back.'),
  'return-rejected': first('退回驳回', 'The task stays with it.'),
  'arbitration-opened': first('进入裁定', 'An arbitrator will say whose task it is.'),
  'responsibility-decided': first('裁定结果', 'The arbitrator has said whose task it is; that is final.'),
  'department-added': first('增派部门', 'Another department joins its whistle.'),
  'lead-changed': first('牵头变更', 'Another department leads the whistle now.'),
  released: first('解除任务', 'It is no longer needed.'),
  'whistle-cancelled': first('撤销吹哨', 'The summons is taken back.'),
  transferred: first('任务移交', 'A task goes to the successor of a department.'),
  'extension-granted': first('延期获准', 'It has more time.'),
  'extension-refused': first('延期驳回', 'It has no more time.'),
  evaluated: first('评哨', 'The street has evaluated its work.'),
  reopened: first('重开', 'The incident begins anew; the earlier tasks are history.'),
  suspended: first('挂账', 'The incident and its deadlines stand still.'),
  resumed: first('恢复办理', 'The incident and its deadlines go on.'),
  merged: first('并案', 'It is the same as another incident.'),
  unmerged: first('拆案', 'It is not the same as the other incident after all.'),
  withdrawn: first('撤诉', 'The reporter has withdrawn it.'),
  located: first('位置更正', 'It is somewhere else than thought.'),
  voided: first('作废', 'It should never have been recorded.'),
};

export const dispatchNames = Object.keys(dispatchCatalogue) as readonly DispatchName[];

export const isDispatchName = (name: string): name is DispatchName => Object.hasOwn(dispatchCatalogue, name);

/** CloudEvents `type` of a kind of dispatch. */
export const dispatchType = (name: DispatchName): string => `cn.shaoying.dispatch.${name}`;

/**
 * CloudEvents `dataschema` and the schema's own `$id`: the same wherever a city runs it. Where it is read: {@link dispatchSchemaPath}.
 */
export const dispatchSchemaId = (name: DispatchName): string =>
  `urn:shaoying:dispatch:${name}:v${dispatchCatalogue[name].version}`;

/** Path at which a running server tells the schema. */
export const dispatchSchemaPath = (name: DispatchName): string =>
  `/v1/schemas/dispatch/${name}/v${dispatchCatalogue[name].version}`;

/** The schema of a dispatch's data as it is published: JSON Schema 2020-12, whole in itself. */
export function publishedDispatchSchema(name: DispatchName): Record<string, unknown> {
  const { title, summary } = dispatchCatalogue[name];
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: dispatchSchemaId(name),
    title,
    description: summary,
    ...plain(dispatchSchemas[name]),
  };
}

/** Without what the schema's library notes beside it. */
export const plain = (schema: Type.TSchema): Record<string, unknown> =>
  JSON.parse(JSON.stringify(schema)) as Record<string, unknown>;
