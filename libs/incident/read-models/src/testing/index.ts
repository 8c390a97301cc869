export {
  instantsAround,
  simulatedCities,
  simulatedDepartments,
  simulatedIncidents,
  weighedCities,
} from './random-histories.js';
export { readModelSpec, writtenColumns, type ReadModelSpec } from './read-model-spec.js';
export {
  feedbackWindowMinutes,
  simpleDeadlineMinutes,
  SimulatedCity,
  StepRefused,
  type ImportSketch,
  type ReportSketch,
} from './simulated-city.js';
export { troubledCities } from './troubled-cities.js';
