export * from './file-store-contract.js';
export * from './s3-test-server.js';
export * from './sample-photos.js';
