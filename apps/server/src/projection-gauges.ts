import type { ProjectionEngine, ProjectionStatus } from '@shaoying/projections';
import { addAskedGauges, type AskedSeries, type Metrics } from '@shaoying/telemetry';

const gauges = {
  shaoying_projection_lag_events: 'Events of the log that a read model does not have yet',
  shaoying_projection_lag_seconds: 'Age of the oldest of them',
  shaoying_projection_position: 'Position of the log that a read model has reached',
  shaoying_projection_stopped: '1 where a read model has stopped: shaoying projections list says why',
  shaoying_projection_stopped_position: 'Position of the event that it cannot apply',
  shaoying_projection_rebuild_lag_events:
    'Events of the log that a rebuild begun, of an upgrade for instance, does not have yet',
  shaoying_projection_rebuild_stopped:
    '1 where a rebuild has stopped at an event: the old tables go on serving',
  shaoying_projection_rebuild_stopped_position: 'Position of the event that the rebuild cannot apply',
} as const;

/** Read models on `/metrics`. What an error says may come out of a report: it is told by the CLI, to whoever has the database. */
export const addProjectionGauges = ({ registry }: Metrics, engine: Pick<ProjectionEngine, 'status'>): void =>
  addAskedGauges(registry, gauges, ['projection', 'reason'], async () =>
    (await engine.status()).flatMap(seriesOf),
  );

function seriesOf({
  name: projection,
  position,
  lagEvents,
  lagSeconds,
  status,
  errorPosition,
  rebuild,
}: ProjectionStatus): AskedSeries[] {
  const stopped = status === 'stopped';
  return [
    {
      labels: { projection },
      values: {
        shaoying_projection_lag_events: lagEvents,
        shaoying_projection_lag_seconds: lagSeconds,
        shaoying_projection_position: Number(position),
        shaoying_projection_stopped: stopped ? null : 0,
        ...(rebuild !== null && {
          shaoying_projection_rebuild_lag_events: rebuild.lagEvents,
          shaoying_projection_rebuild_stopped: rebuild.errorPosition === null ? 0 : 1,
          shaoying_projection_rebuild_stopped_position:
            rebuild.errorPosition === null ? null : Number(rebuild.errorPosition),
        }),
      },
    },
    {
      labels: { projection, reason: errorPosition === null ? 'LOG_REPLACED' : 'EVENT_NOT_APPLICABLE' },
      values: {
        shaoying_projection_stopped: stopped ? 1 : null,
        shaoying_projection_stopped_position: errorPosition === null ? null : Number(errorPosition),
      },
    },
  ];
}
