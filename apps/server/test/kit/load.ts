import type { EventStore, RecordedEvent } from '@shaoying/event-store';
import { START } from '@shaoying/event-store';
import { decodeIncidentEvent } from '@shaoying/incident-contracts';
import { foldView, type IncidentView } from '@shaoying/incident-read-models';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, City, PersonName } from './city.js';
import { report, whistle, type Moved, type Whistled } from './incident-steps.js';

/** A command that the server has answered with success: from then on it may not be lost. */
export interface Acknowledged {
  readonly who: PersonName;
  readonly path: string;
  readonly key: string;
  readonly body: object;
  readonly answer: Moved;
  /** With its status and headers. */
  readonly whole: Answer<Moved>;
}

/** Reports, whistles and check-ins by several callers at once, until told to end or the server is gone. */
export class Load {
  readonly acknowledged: Acknowledged[] = [];
  /** Answers that are no success, other than "come back later". */
  readonly refused: string[] = [];
  /** Answers that said "come back later", and named a number of seconds. */
  comeBackLater = 0;
  private ending = false;
  private readonly workers: Promise<void>[];
  private keys = 0;

  constructor(
    private readonly city: City,
    private readonly name: string,
    callers = 8,
  ) {
    this.workers = Array.from({ length: callers }, () => this.work());
  }

  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(this.workers);
  }

  private async work(): Promise<void> {
    while (!this.ending) {
      const reported = await this.send<Moved>('street', '/v1/incidents', { ...report, file: true });
      if (reported === null) continue;
      const incident = `/v1/incidents/${reported.id}`;
      const blown = await this.send<Whistled>('street', `${incident}/whistles`, whistle);
      if (blown === null) continue;
      await this.send<Moved>('urbanManagement', `${incident}/tasks/${blown.tasks[0]?.taskId}/check-in`, {
        note: '已到现场',
      });
    }
  }

  /** @returns null when there was no success */
  private async send<Body extends Moved>(who: PersonName, path: string, body: object): Promise<Body | null> {
    const key = `${this.name}-${(this.keys += 1)}`;
    try {
      const answer = await this.city.as(who).post<Body>(path, body, { key });
      if (answer.status === 200 || answer.status === 201) {
        this.acknowledged.push({ who, path, key, body, answer: answer.body, whole: answer });
        return answer.body;
      }
      const laterSeconds = Number(answer.headers.get('retry-after') ?? NaN);
      if (answer.status === 503 && laterSeconds > 0) {
        this.comeBackLater += 1;
        // Sooner than it says: a test has less time than a client.
        await sleep(50);
      } else this.refused.push(`${answer.status} ${answer.text}`);
    } catch {
      // The connection broke: nobody knows what became of this one, and nothing is promised.
      this.ending = true;
    }
    return null;
  }
}

export async function wholeLog(log: EventStore): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (;;) {
    const page = await log.readAll(events.at(-1)?.position ?? START, { limit: 5_000 });
    if (page.length === 0) return events;
    events.push(...page);
  }
}

export function streamsOf(events: readonly RecordedEvent[]): Map<string, RecordedEvent[]> {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    const stream = streams.get(event.streamId);
    if (stream === undefined) streams.set(event.streamId, [event]);
    else stream.push(event);
  }
  return streams;
}

/** Every incident as the log alone tells it. */
export function incidentsOf(events: readonly RecordedEvent[]): Map<string, IncidentView> {
  const incidents = new Map<string, IncidentView>();
  for (const [streamId, stream] of streamsOf(events)) {
    if (!streamId.startsWith('incident-')) continue;
    const view = foldView(stream.map(decodeIncidentEvent));
    if (view !== null) incidents.set(view.id, view);
  }
  return incidents;
}
