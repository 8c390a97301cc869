export * from './export.source.js';
export * from './log.source.js';
export * from './tree-leaves.js';
export * from './verify-log.js';
export * from './verify.faults.js';
export { type KnownLeaves, MalformedLine, type SourceLeaf, type VerifySource } from './verify.source.js';
