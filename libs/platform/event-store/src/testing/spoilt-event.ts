import type { InMemoryEventStore } from '../in-memory-event-store.js';
import type { Position } from '../event-store.js';

interface Entries {
  readonly entries: { stored: { readonly data: string } }[];
}

/** Makes the data of an event in memory no JSON, as whoever has the disk of an engine could. @returns how to put it back */
export function spoilInMemory(store: InMemoryEventStore, position: Position): () => void {
  const { entries } = Reflect.get(store, 'log') as Entries;
  const entry = entries[Number(position) - 1];
  if (!entry) throw new Error(`no event at position ${position}`);
  const { stored } = entry;
  entry.stored = { ...stored, data: '{"half' };
  return () => (entry.stored = stored);
}
