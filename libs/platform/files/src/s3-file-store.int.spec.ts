import { hash } from 'node:crypto';
import { FileStoreUnavailable, FilesUrlRefused } from './files.errors.js';
import { S3FileStore, s3PlaceOf } from './s3-file-store.js';
import { fileStoreContract } from './testing/file-store-contract.js';
import { S3TestServer } from './testing/s3-test-server.js';

const given = { ...process.env };
const key = `${hash('sha256', 'x', 'hex')}/content`;

function credentials(accessKeyId: string, secretAccessKey: string): void {
  process.env['AWS_ACCESS_KEY_ID'] = accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey;
}

afterAll(() => {
  process.env = given;
});

fileStoreContract('a bucket behind a double of S3 (a real one was never there)', async () => {
  const server = await S3TestServer.start();
  credentials(server.accessKeyId, server.secretAccessKey);
  const store = await S3FileStore.open(server.url);
  return {
    store,
    other: () => S3FileStore.open(server.url),
    cutOff: async () => {
      server.failing = 500;
      return async () => void (server.failing = null);
    },
    close: async () => {
      await store.close();
      await server.stop();
    },
  };
});

test('a wrong secret is refused by the signature, and told as not to be reached', async () => {
  const server = await S3TestServer.start();
  credentials(server.accessKeyId, 'another secret');
  const store = await S3FileStore.open(server.url);
  await expect(store.put(key, Buffer.from('x'))).rejects.toBeInstanceOf(FileStoreUnavailable);
  expect(server.objects.size).toBe(0);
  await store.close();
  await server.stop();
});

test('a bucket that is not there is no file that is not there', async () => {
  const server = await S3TestServer.start();
  credentials(server.accessKeyId, server.secretAccessKey);
  const store = await S3FileStore.open(server.url.replace('s3://evidence', 's3://elsewhere'));
  await expect(store.get(key)).rejects.toBeInstanceOf(FileStoreUnavailable);
  await store.close();
  await server.stop();
});

test('what an address says', () => {
  expect(s3PlaceOf('s3://evidence/photos/?endpoint=https://s3.example.gov.cn&region=cn-north-1')).toEqual({
    ...{ bucket: 'evidence', prefix: 'photos/', endpoint: 'https://s3.example.gov.cn', region: 'cn-north-1' },
  });
  expect(s3PlaceOf('s3://evidence')).toMatchObject({ prefix: '', endpoint: null });
});

test.each(['https://evidence', 's3://', 's3://evidence?endpoint=ftp://x', 's3://me:hunter2@evidence'])(
  'refuses the address %s, and does not repeat it',
  (url) => {
    expect(() => s3PlaceOf(url)).toThrow(FilesUrlRefused);
    expect(() => s3PlaceOf(url)).not.toThrow(/hunter2/);
  },
);
