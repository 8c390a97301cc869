export * from './audit-tree.projection.js';
export * from './audit-tree.query.js';
export * from './audit-proofs.js';
