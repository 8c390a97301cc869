import { PassThrough, Readable } from 'node:stream';
import { FileRefused, TooManyUploads } from './files.errors.js';
import { UploadIntake } from './upload-intake.js';

const bytesMax = 1_000;
const of = (...sizes: number[]): Readable => Readable.from(sizes.map((size) => Buffer.alloc(size, 7)));
const sizeOf = async (original: Buffer): Promise<number> => original.length;

test('receives what comes, up to the limit and not a byte more, whatever was declared', async () => {
  const intake = new UploadIntake({ bytesMax });
  expect(await intake.receive(of(400, 600), 1_000, 'a', sizeOf)).toBe(1_000);
  expect(await intake.receive(of(), null, 'a', sizeOf)).toBe(0);
  for (const [body, declared] of [
    [of(400, 601), null],
    [of(400, 601), 5],
    [of(), 1_001],
  ] as const) {
    const refused = intake.receive(body, declared, 'a', sizeOf);
    await expect(refused).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  }
});

test('reads no more of what is too large', async () => {
  let read = 0;
  const endless = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc((read += 100) && 100);
    })(),
    { highWaterMark: 1 },
  );
  const refused = new UploadIntake({ bytesMax }).receive(endless, null, 'a', sizeOf);
  await expect(refused).rejects.toBeInstanceOf(FileRefused);
  expect(read).toBeLessThan(1_500);
  expect(endless.destroyed).toBe(false);
});

test('two at once of one, eight of all; places come back, whatever became of the upload', async () => {
  const intake = new UploadIntake({ bytesMax });
  const open: PassThrough[] = [];
  const begin = (by: string): Promise<number> => {
    const body = new PassThrough();
    open.push(body);
    return intake.receive(body, null, by, sizeOf);
  };
  const running = ['a', 'a', 'b', 'b', 'c', 'c', 'd'].map(begin);
  await expect(begin('a')).rejects.toBeInstanceOf(TooManyUploads);
  running.push(begin('e'));
  await expect(begin('f')).rejects.toBeInstanceOf(TooManyUploads);
  open[0]?.destroy(new Error('gone'));
  await expect(running[0]).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  expect(await intake.receive(of(10), null, 'a', sizeOf)).toBe(10);
  for (const body of open.slice(1)) body.end();
  await Promise.all(running.slice(1));
  const failing = intake.receive(of(1), null, 'a', () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(await intake.receive(of(10), null, 'a', sizeOf)).toBe(10);
});
