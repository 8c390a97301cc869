export * from './alarm-clock.js';
export * from './alarm-clock.errors.js';
export { awaitAlarmClock, type AwaitedAlarmClockOptions } from './awaited-alarm-clock.js';
export * from './deadline-scheduler.js';
export type { FireDeadline, Lateness } from './deadline-firing.js';
export * from './open-alarm-clock.js';
export * from './open-deadlines.js';
export * from './scheduler-reports.js';
export * from './simulated-alarm-clock.js';
