import { judgeNote, MalformedNote, noteSigner, noteSignerFrom, noteVerifier } from './signed-note.js';
import { parseNote, privateNoteKey, signNote } from './signed-note.js';
import { checkpointText, parseCheckpoint } from './checkpoint.js';

/** From the documentation of golang.org/x/mod/sumdb/note, where the format comes from. */
const neumann = {
  privateKey: 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  verifierKey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text:
    'If you think cryptography is the answer to your problem,\n' +
    "then you don't know what your problem is.\n",
  signature:
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
};
/** Examples of c2sp.org/signed-note and c2sp.org/tlog-checkpoint; their keys are not published. */
const poem =
  'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n' +
  '— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n';
const sofa =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
  '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
  '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n';

const former = noteSigner('audit.example/log', Buffer.alloc(32, 1));
const present = noteSigner('audit.example/log', Buffer.alloc(32, 2));

describe('a signed note', () => {
  it('is what Go makes of the same key and text', () => {
    const signer = noteSignerFrom(neumann.privateKey);
    expect(signer.verifierKey).toBe(neumann.verifierKey);
    expect(signNote(neumann.text, [signer])).toBe(`${neumann.text}\n${neumann.signature}`);
  });

  it('is believed by who has the key', () => {
    const key = noteVerifier(neumann.verifierKey);
    const note = parseNote(`${neumann.text}\n${neumann.signature}`);
    expect(note.text).toBe(neumann.text);
    expect(judgeNote(note, [key])).toEqual({ verdict: 'signed', by: [key] });
    expect(judgeNote(note, [noteVerifier(present.verifierKey)])).toEqual({ verdict: 'unknown-keys' });
    expect(judgeNote({ ...note, text: note.text.replace('your', 'their') }, [key])).toEqual({
      verdict: 'forged',
      as: key,
    });
  });

  it('is read as the standard shows it, with empty lines in the text and signatures of others', () => {
    expect(parseNote(poem).text).toBe(
      'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n',
    );
    const { signatures } = parseNote(sofa);
    expect(signatures.map(({ name, keyId }) => [name, keyId.toString(16)])).toEqual([
      ['example.com/behind-the-sofa', '33de0ae'],
      ['witness.example.com/w1', '8d66cf3f'],
    ]);
  });

  it('signed by two keys while they change is believed by who has either', () => {
    const note = parseNote(signNote('x\n', [former, present]));
    for (const { verifierKey } of [former, present]) {
      expect(judgeNote(note, [noteVerifier(verifierKey)]).verdict).toBe('signed');
    }
    expect(former.keyId).not.toBe(present.keyId);
  });

  it.each([
    ['no signature', 'text\n\n'],
    ['no empty line', 'text\n— a AAAA\n'],
    ['a hyphen for the dash', `x\n\n- a ${'A'.repeat(92)}\n`],
    ['no base64', 'x\n\n— a ****\n'],
    ['a signature of nothing', 'x\n\n— a AAAAAA==\n'],
    ['a last line without an end', `x\n\n— a ${'A'.repeat(92)}`],
    ['a control character', `x\u0007\n\n— a ${'A'.repeat(92)}\n`],
    ['too many signatures', `x\n\n${`— a ${'A'.repeat(92)}\n`.repeat(33)}`],
  ])('with %s is none', (_, note) => {
    expect(() => parseNote(note)).toThrow(MalformedNote);
  });

  it.each([
    ['another hash', neumann.verifierKey.replace('c74f20a3', 'c74f20a4')],
    ['another name', neumann.verifierKey.replace('Peter', 'Paul')],
    ['another type', neumann.verifierKey.replace('+ARpc', '+BBpc')],
    ['no name', neumann.verifierKey.replace('PeterNeumann', '')],
    ['a key cut short', neumann.verifierKey.slice(0, -4)],
  ])('is not checked with a key of %s', (_, key) => {
    expect(() => noteVerifier(key)).toThrow(MalformedNote);
  });

  it('has a private key that comes back as it was written', () => {
    const seed = Buffer.alloc(32, 3);
    expect(noteSignerFrom(privateNoteKey('a/b', seed)).verifierKey).toBe(noteSigner('a/b', seed).verifierKey);
    expect(() => noteSigner('a b', seed)).toThrow(MalformedNote);
    expect(() => noteSigner('a', seed.subarray(1))).toThrow(MalformedNote);
  });
});

describe('a checkpoint', () => {
  const root = Buffer.alloc(32, 7);

  it('is read from the example of the standard and written alike', () => {
    const { text } = parseNote(sofa);
    const checkpoint = parseCheckpoint(text);
    expect(checkpoint).toMatchObject({
      origin: 'example.com/behind-the-sofa',
      size: 20_852_163,
      algorithm: 'sha256',
    });
    expect(checkpointText(checkpoint)).toBe(text);
  });

  it('says its hash where it is not SHA-256', () => {
    const text = checkpointText({ origin: 'a/log', size: 0, root, algorithm: 'sm3' });
    expect(text).toBe(`a/log\n0\n${root.toString('base64')}\nhash sm3\n`);
    expect(parseCheckpoint(text).algorithm).toBe('sm3');
  });

  it.each([
    ['a size with a leading zero', `a\n01\n${root.toString('base64')}\n`],
    ['a size beyond numbers', `a\n9999999999999999\n${root.toString('base64')}\n`],
    ['a short root', 'a\n1\nAAAA\n'],
    ['an empty line', `a\n1\n${root.toString('base64')}\n\n`],
    ['a hash that is not known', `a\n1\n${root.toString('base64')}\nhash md5\n`],
    ['two lines', 'a\n1\n'],
  ])('with %s is none', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(MalformedNote);
  });
});
