import { randomUUID } from 'node:crypto';
import { FORGOTTEN, type PersonalDataVault } from '../personal-data-vault.js';

const REPORTER = { name: '王小明', phone: '13800138000' };

/** What every vault promises. Call it in a spec with a function that opens an empty vault. */
export function personalDataVaultContract(name: string, open: () => Promise<PersonalDataVault>): void {
  describe(`the contract of a personal data vault: ${name}`, () => {
    let vault: PersonalDataVault;

    beforeEach(async () => {
      vault = await open();
    });
    afterEach(() => vault.close());

    it('gives back what was sealed', async () => {
      const subjectId = randomUUID();
      for (const data of [REPORTER, null, [], 'text', { deep: { list: [1, '二'] } }]) {
        expect(await vault.unseal(await vault.seal(subjectId, data))).toEqual(data);
      }
    });

    it('shows nothing of it in the sealed form, nor that two are alike', async () => {
      const subjectId = randomUUID();
      const [one, two] = await Promise.all([
        vault.seal(subjectId, REPORTER),
        vault.seal(subjectId, REPORTER),
      ]);
      expect(one).toEqual({ subjectId, keyId: expect.any(String), ciphertext: expect.any(String) });
      expect(two.keyId).toBe(one.keyId);
      expect(two.ciphertext).not.toBe(one.ciphertext);
      const bytes = Buffer.from(one.ciphertext, 'base64');
      expect(bytes.includes(Buffer.from('13800138000'))).toBe(false);
    });

    it('has one key per subject, also for seals at the same time', async () => {
      const subjectId = randomUUID();
      const sealed = await Promise.all(Array.from({ length: 20 }, () => vault.seal(subjectId, REPORTER)));
      expect(new Set(sealed.map(({ keyId }) => keyId)).size).toBe(1);
      const others = await Promise.all(Array.from({ length: 20 }, () => vault.seal(randomUUID(), REPORTER)));
      expect(new Set(others.map(({ keyId }) => keyId)).size).toBe(20);
      for (const one of [...sealed, ...others]) expect(await vault.unseal(one)).toEqual(REPORTER);
    });

    it('draws a subject and a key for somebody new, for which more can be sealed and which can be forgotten', async () => {
      const sealed = await Promise.all(Array.from({ length: 40 }, () => vault.sealNew(REPORTER)));
      expect(new Set(sealed.map(({ subjectId }) => subjectId)).size).toBe(40);
      expect(new Set(sealed.map(({ keyId }) => keyId)).size).toBe(40);
      for (const one of sealed) expect(await vault.unseal(one)).toEqual(REPORTER);
      const [first, second] = sealed;
      const more = await vault.seal(first!.subjectId, { note: '三单元' });
      expect(more.keyId).toBe(first!.keyId);
      expect(await vault.unseal(more)).toEqual({ note: '三单元' });
      await vault.forget(first!.subjectId);
      expect(await vault.unseal(first!)).toBe(FORGOTTEN);
      expect(await vault.unseal(more)).toBe(FORGOTTEN);
      expect(await vault.unseal(second!)).toEqual(REPORTER);
    });

    it('forgets one subject for ever and no other', async () => {
      const [gone, kept] = [randomUUID(), randomUUID()];
      const sealed = await vault.seal(gone, REPORTER);
      const other = await vault.seal(kept, REPORTER);
      await vault.forget(gone);
      await vault.forget(gone);
      expect(await vault.unseal(sealed)).toBe(FORGOTTEN);
      expect(await vault.unseal(other)).toEqual(REPORTER);
      await expect(vault.seal(gone, REPORTER)).rejects.toMatchObject({ code: 'SUBJECT_FORGOTTEN' });
    });

    it('forgets in advance', async () => {
      const subjectId = randomUUID();
      await vault.forget(subjectId);
      await expect(vault.seal(subjectId, REPORTER)).rejects.toMatchObject({ code: 'SUBJECT_FORGOTTEN' });
    });

    it('opens nothing that was changed or moved to another subject', async () => {
      const sealed = await vault.seal(randomUUID(), REPORTER);
      const other = await vault.seal(randomUUID(), REPORTER);
      const bytes = Buffer.from(sealed.ciphertext, 'base64');
      for (const index of [0, 1, 13, 29, bytes.length - 1]) {
        const changed = Buffer.from(bytes);
        changed[index] = (changed[index] ?? 0) ^ 1;
        const ciphertext = changed.toString('base64');
        await expect(vault.unseal({ ...sealed, ciphertext })).rejects.toMatchObject({ code: 'SEAL_BROKEN' });
      }
      await expect(vault.unseal({ ...sealed, ciphertext: '' })).rejects.toMatchObject({
        code: 'SEAL_BROKEN',
      });
      await expect(vault.unseal({ ...other, ciphertext: sealed.ciphertext })).rejects.toMatchObject({
        code: 'SEAL_BROKEN',
      });
    });

    it('does not call forgotten what it never knew', async () => {
      const sealed = await vault.seal(randomUUID(), REPORTER);
      const unknown = vault.unseal({ ...sealed, subjectId: randomUUID() });
      await expect(unknown).rejects.toMatchObject({ code: 'SUBJECT_KEY_MISSING' });
    });

    it('takes subject ids that are UUIDs, in either case, and data of a bounded size', async () => {
      const subjectId = randomUUID();
      const sealed = await vault.seal(subjectId.toUpperCase(), REPORTER);
      expect(await vault.unseal({ ...sealed, subjectId })).toEqual(REPORTER);
      await expect(vault.seal('13800138000', REPORTER)).rejects.toThrow(TypeError);
      const tooLarge = vault.seal(randomUUID(), 'x'.repeat(65_536));
      await expect(tooLarge).rejects.toMatchObject({ code: 'PERSONAL_DATA_TOO_LARGE' });
    });
  });
}
