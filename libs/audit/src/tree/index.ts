export * from './leaf.js';
export * from './tiles.js';
export * from './merkle-tree.js';
export * from './tree-hash.js';
export * from './tree-proofs.js';
export * from './tree-shape.js';
