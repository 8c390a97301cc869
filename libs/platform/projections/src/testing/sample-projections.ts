import type { RecordedEvent } from '@shaoying/event-store';
import type { Projection, ProjectionTransaction } from '../projection.js';

/** Counts events per stream and remembers the order it saw them in: enough to catch any loss, repeat or reordering. */
export function tally(
  options: { name?: string; version?: number; onApply?: OnApply; longestPassingMs?: number } = {},
): Projection {
  return {
    name: options.name ?? 'tally',
    version: options.version ?? 1,
    schema: `
      create table totals (stream_id text primary key, events integer not null);
      create table seen (position bigint primary key, type text not null);
    `,
    ...(options.longestPassingMs !== undefined && { longestPassingMs: options.longestPassingMs }),
    eventTypes: ['Counted', 'Poison'],
    async apply(events, tx) {
      const perStream = new Map<string, number>();
      for (const { streamId } of events) perStream.set(streamId, (perStream.get(streamId) ?? 0) + 1);
      await tx.query(
        {
          name: 'add-totals',
          text: `insert into totals select * from unnest($1::text[], $2::int[])
                 on conflict (stream_id) do update set events = totals.events + excluded.events`,
        },
        [[...perStream.keys()], [...perStream.values()]],
      );
      await tx.query('insert into seen select * from unnest($1::bigint[], $2::text[])', [
        events.map((event) => event.position),
        events.map((event) => event.type),
      ]);
      await options.onApply?.(events, tx);
    },
  };
}

export type OnApply = (events: readonly RecordedEvent[], tx: ProjectionTransaction) => Promise<void> | void;
