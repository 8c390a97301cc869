export * from './office-steps.js';
export * from './sample-office.js';
export * from './sample-requests.js';
