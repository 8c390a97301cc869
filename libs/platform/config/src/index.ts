export * from './clock.js';
export * from './config.js';
export * from './durable-files.js';
export * from './open-key-files.js';
export * from './secret-file.js';
export * from './uuid.js';
