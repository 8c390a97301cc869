import type { City, PersonName } from './city.js';
import type { Answer } from './city.js';

export interface Moved {
  readonly id: string;
  readonly state: string;
  readonly revision: number;
}

export interface Reported extends Moved {
  readonly receiptCode: string;
}

export interface DueTask {
  readonly taskId: string;
  readonly departmentId: string;
  readonly role: 'LEAD' | 'ASSIST';
  readonly deadlines: readonly {
    readonly deadlineId: string;
    readonly timer: string;
    readonly startedAt: string;
    readonly dueAt: string;
  }[];
}

export interface Whistled extends Moved {
  readonly whistleId: string;
  readonly tasks: readonly DueTask[];
}

export const report = {
  category: 'sewer-blockage',
  severity: 'MINOR',
  description: '3 号楼东侧下水道堵塞，污水外溢',
  location: { lon: 120.41, lat: 31.83, crs: 'WGS84', address: '柳荫花园 3 号楼' },
  estateId: 'es-liuyin-garden',
  channel: 'PATROL',
};

export const whistle = {
  kind: 'PUBLIC_DEMAND',
  lead: 'dp-urban-management',
  assists: [] as string[],
  reason: '街道无执法权，请到场处置',
};

/** The body of an answer that must have this status. @throws Error that shows the answer instead */
export function expected<Body>(status: number, answer: Answer<Body>): Body {
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text}`);
  return answer.body;
}

/** Files an incident of 河畔街道 in one step. */
export async function fileIncident(city: City, changes: object = {}): Promise<Reported> {
  const answer = await city
    .as('street')
    .post<Reported>('/v1/incidents', { ...report, ...changes, file: true });
  return expected(201, answer);
}

/** Files an incident and blows the whistle on it. */
export async function blowWhistle(city: City, changes: object = {}, of: object = {}): Promise<Whistled> {
  const { id } = await fileIncident(city, of);
  const path = `/v1/incidents/${id}/whistles`;
  return expected(201, await city.as('street').post<Whistled>(path, { ...whistle, ...changes }));
}

/** One command on an incident that must succeed. */
export async function act(
  city: City,
  who: PersonName,
  incidentId: string,
  command: string,
  body: object = {},
): Promise<Moved> {
  return expected(200, await city.as(who).post<Moved>(`/v1/incidents/${incidentId}/${command}`, body));
}

export function taskOf({ tasks }: Pick<Whistled, 'tasks'>, departmentId: string): DueTask {
  const task = tasks.find((candidate) => candidate.departmentId === departmentId);
  if (task === undefined) throw new Error(`no task of ${departmentId}`);
  return task;
}

/** Check-in and completion of one department. */
export async function handle(
  city: City,
  who: PersonName,
  incidentId: string,
  taskId: string,
): Promise<Moved> {
  await act(city, who, incidentId, `tasks/${taskId}/check-in`);
  return act(city, who, incidentId, `tasks/${taskId}/complete`);
}
