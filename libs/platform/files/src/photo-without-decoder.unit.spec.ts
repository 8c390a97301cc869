import { FileRefused, ImagesNotSupported } from './files.errors.js';
import { cleanPhoto } from './photo.js';

// What `npm ci` leaves on a platform that there is no binary for: the package, which fails when it is loaded.
jest.mock('sharp', () => {
  throw new Error('Could not load the "sharp" module using the somewhere-else runtime');
});

/** The smallest thing that looks like a JPEG. */
const beginning = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, ...Buffer.from('JFIF\0')]);

test('without a program that decodes images nothing is taken, and it says so, each time', async () => {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(cleanPhoto(beginning, 'image/jpeg')).rejects.toBeInstanceOf(ImagesNotSupported);
  }
  await expect(cleanPhoto(Buffer.from('text'), 'image/jpeg')).rejects.toBeInstanceOf(FileRefused);
});
