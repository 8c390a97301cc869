import { InMemoryEventStore, type RecordedEvent } from '@shaoying/event-store';

/**
 * Parses each event once: a year reads its streams a hundred thousand times, and nobody in it changes what was read.
 */
export class ReadOnceStore extends InMemoryEventStore {
  private readonly read = new Map<string, RecordedEvent[]>();

  override async readStream(streamId: string, fromRevision = 0): Promise<RecordedEvent[]> {
    const known = this.read.get(streamId) ?? [];
    known.push(...(await super.readStream(streamId, known.length)));
    this.read.set(streamId, known);
    return known.slice(fromRevision);
  }
}
