export * from './first-versions.js';
