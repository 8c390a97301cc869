export { LogDouble } from './log.double.js';
export {
  LogServerDouble,
  serverAppendBytesMax,
  type Faults,
  type LogServerDoubleOptions,
} from './log-server.double.js';
export { openDouble, type OpenDouble } from './open-double.js';
