export { LogDouble } from './log.double.js';
export { LogServerDouble, type Faults, type LogServerDoubleOptions } from './log-server.double.js';
