export { type EventSketch, newEvent, recordedEvents } from './recorded-events.js';
export {
  type Tables,
  ProjectionFixture,
  expectSameTablesForAnyBatching,
  expectSameTablesWhenDeliveredTwice,
  projectionSpec,
} from './projection-spec.js';
