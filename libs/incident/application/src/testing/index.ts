export * from './sample-office.js';
export * from './sample-requests.js';
