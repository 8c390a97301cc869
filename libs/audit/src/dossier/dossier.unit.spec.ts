import { SimulatedCity } from '@shaoying/incident-read-models/testing';
import { parseCheckpoint, parseNote, signNote } from '../checkpoints/index.js';
import { verifyIndependently } from '../testing/independent-verifier.js';
import { logKey, origin, provedLog } from '../testing/proved-log.js';
import { DossierMaker } from './dossier-maker.js';
import { fileOf, partsOf, signedText, type Dossier } from './dossier.js';
import { pagesOf } from './dossier.pages.js';
import { verifyDossier, type DossierFaultCode } from './dossier.verify.js';

const key = logKey();
const sha = 'ab'.repeat(32);
/** A unit whose name is an attack on whoever reads the page. */
const names = (id: string | null): string => (id === null ? '—' : `<script>alert("${id}")</script>`);
const clock = { now: () => new Date('2026-03-03T04:00:00.000Z') };

function city(): SimulatedCity {
  const city = new SimulatedCity()
    .report('inc')
    .pass(10)
    .whistle('inc', ['dept-1', 'dept-2'])
    .report('other');
  city.pass(300).ringAlarms().checkIn('inc', 'dept-1', city.inMinutes(-100)).complete('inc', 'dept-1');
  return city;
}

async function made(options: Parameters<typeof provedLog>[1] = {}, signer = options.signer ?? key) {
  const log = await provedLog(city(), options);
  const maker = new DossierMaker(log.store, log.proofs, [signer], names, clock);
  return { ...log, maker, dossier: await maker.make('inc') };
}

let file: string;
let content: Dossier;
beforeAll(async () => {
  file = (await made()).dossier.file;
  content = JSON.parse(partsOf(file)!.content) as Dossier;
});

/** As whoever has the key would sign other content. */
function signedAgain(change: Partial<Dossier>, signer = key): string {
  const { pages: _, ...rest } = { ...content, ...change };
  const changed = change.pages === undefined ? { ...rest, pages: pagesOf(rest) } : { ...content, ...change };
  const text = JSON.stringify(changed);
  return fileOf(text, signNote(signedText(changed, text), [signer]));
}
const codes = (of: string, keys = [key.verifierKey]): DossierFaultCode[] => [
  ...new Set(verifyDossier(of, { keys }).faults.map(({ code }) => code)),
];
const without = <Item>(items: readonly Item[], at: number): Item[] =>
  items.filter((_, index) => index !== at);

describe('a dossier', () => {
  it('verifies, with a key of one’s own and with those it brings, which it says', () => {
    const own = verifyDossier(file, { keys: [key.verifierKey] });
    expect(own).toMatchObject({
      ok: true,
      faults: [],
      trusted: true,
      incidentId: 'inc',
      keys: [key.verifierKey],
    });
    expect(own.events).toBe(content.events.length);
    expect(verifyDossier(file)).toMatchObject({ ok: true, trusted: false });
    const checkpoint = parseCheckpoint(parseNote(content.checkpoint).text);
    expect(verifyDossier(file, { checkpoints: [checkpoint] }).ok).toBe(true);
    const other = { ...checkpoint, root: Buffer.alloc(32) };
    expect(verifyDossier(file, { checkpoints: [other] }).faults).toMatchObject([
      { code: 'CHECKPOINT_CONTRADICTED' },
    ]);
  });

  it('has every event, and each document that they name, as they are stored', async () => {
    const { events } = await made();
    const stored = events.filter(({ streamId }) => streamId === 'incident-inc');
    const leaves = content.events.map(({ leaf }) => JSON.parse(leaf) as { eventId: string; data: unknown });
    expect(leaves.map(({ eventId, data }) => ({ eventId, data }))).toEqual(
      stored.map(({ eventId, data }) => ({ eventId, data })),
    );
    expect(new Set(content.governedBy.map(({ kind }) => kind))).toEqual(
      new Set(['policy', 'calendar', 'catalogue', 'ladder']),
    );
  });

  it('is checked by a program that knows the written format and nothing else', async () => {
    expect(verifyIndependently(file, key.verifierKey)).toBeNull();
    expect(verifyIndependently(file, logKey(8).verifierKey)).toBe('signature');
    const gap = signedAgain({ events: without(content.events, 1) });
    expect(verifyIndependently(gap, key.verifierKey)).toBe('events');
    const sm3 = (await made({ algorithm: 'sm3' })).dossier.file;
    expect(verifyIndependently(sm3, key.verifierKey)).toBeNull();
    expect(codes(sm3)).toEqual([]);
  });

  it('has pages in both languages, without scripts, without anything from outside, with a line for each event', () => {
    for (const page of [content.pages.zh, content.pages.en]) {
      expect(page).not.toMatch(/<script|https?:|src=|href=|@import|url\(|\son\w+=/i);
      expect(page).toContain(`default-src 'none'`);
      expect(page.match(/<tr><td>/g)).toHaveLength(content.events.length);
    }
    expect(content.pages.zh).toMatch(/事件卷宗[\s\S]*吹哨[\s\S]*&lt;script&gt;alert\(&quot;/);
    expect(content.pages.en).toMatch(/Dossier of incident[\s\S]*blew the whistle/);
  });
});

describe('a revision that another program has taken', () => {
  const foreign = [0, 2, 3];
  async function madeOver(tells: boolean) {
    const { store, proofs } = await provedLog(city(), { foreign });
    // What lies behind the last event leaves no gap, and is nobody's matter.
    if (tells) Object.assign(store, { foreignRevisions: async () => [...foreign, 99] });
    return (await new DossierMaker(store, proofs, [key], names, clock).make('inc')).file;
  }

  it('is told as what it is, in the file and on its pages, and is no event that is missing', async () => {
    const dossier = await madeOver(true);
    expect(verifyDossier(dossier, { keys: [key.verifierKey] })).toMatchObject({
      ...{ ok: true, trusted: true, events: content.events.length, foreignRevisions: foreign },
    });
    expect(verifyIndependently(dossier, key.verifierKey)).toBeNull();
    const { pages } = JSON.parse(partsOf(dossier)!.content) as Dossier;
    expect(pages.zh).toContain(
      '不是本系统的记录，不在日志树中，不计入本卷宗；卷宗本身不能证明这一点： 0, 2, 3</p>',
    );
    expect(pages.en).toContain('taken by another program');
    expect(content.pages.en).not.toContain('taken by another program');
    expect(verifyDossier(file).foreignRevisions).toEqual([]);
  });

  it('is a missing event where the engine does not say so', async () => {
    const dossier = await madeOver(false);
    expect(codes(dossier)).toEqual(['EVENT_MISSING']);
    expect(verifyIndependently(dossier, key.verifierKey)).toBe('events');
  });

  it('cannot be one that is there, nor stand for more than it is; one that was left out as such is told by its number', () => {
    expect(codes(signedAgain({ foreign: [1] }))).toEqual(['FOREIGN_WITHOUT_GAP']);
    expect(codes(signedAgain({ foreign: [1_000] }))).toEqual(['FOREIGN_WITHOUT_GAP']);
    const { events, lines } = content;
    const cut = { events: events.slice(2), lines: lines.slice(2) };
    expect(codes(signedAgain({ ...cut, foreign: [1] }))).toEqual(
      expect.arrayContaining(['EVENT_MISSING', 'FOREIGN_WITHOUT_GAP']),
    );
    expect(verifyDossier(signedAgain({ ...cut, foreign: [0, 1] })).foreignRevisions).toEqual([0, 1]);
  });
});

describe('a dossier that was changed', () => {
  it.each([
    'events',
    'governedBy',
    'evidence',
    'lines',
    'pages',
    'names',
    'checkpoint',
    'verifierKeys',
    'incidentId',
  ] as const)('in %s is told, whatever was changed', (member) => {
    const text = JSON.stringify({ ...content, [member]: other(content[member]) });
    const tampered = fileOf(text, partsOf(file)!.signature);
    expect(codes(tampered)).toContain('CONTENT_CHANGED');
    expect(verifyDossier(tampered).ok).toBe(false);
  });

  /** The same, a little otherwise. */
  function other(value: unknown): unknown {
    if (typeof value === 'string') return `${value.slice(0, -1)}x`;
    if (Array.isArray(value)) return value.length === 0 ? [{ sha256: sha, revision: 0 }] : value.slice(1);
    const [name = 'new'] = Object.keys(value as object);
    return { ...(value as object), [name]: 'x' };
  }

  it('in a single byte anywhere is told', () => {
    const bytes = Buffer.from(file);
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 150)) {
      const changed = Buffer.from(bytes);
      changed[at] = bytes[at] === 0x31 ? 0x32 : 0x31;
      expect([at, verifyDossier(changed.toString()).ok]).toEqual([at, false]);
    }
  });

  it('into an instant that there is not is told, and not stumbled over', () => {
    const { producedAt } = content;
    const nowhen = `${producedAt.slice(0, 5)}19${producedAt.slice(7)}`;
    const text = JSON.stringify({ ...content, producedAt: nowhen });
    expect(codes(fileOf(text, partsOf(file)!.signature))).toEqual(
      expect.arrayContaining(['CONTENT_CHANGED', 'PAGES_DIFFER']),
    );
  });

  it.each([
    ['', 'NOT_A_DOSSIER'],
    ['{}', 'NOT_A_DOSSIER'],
    ['[', 'NOT_A_DOSSIER'],
    [' ', 'NOT_A_DOSSIER'],
  ])('into %p is no dossier', (text, code) => {
    expect(codes(text)).toEqual([code]);
  });

  it('in white space, in a member of its own or a second of one name is none', () => {
    expect(codes(` ${file}`)).toEqual(['NOT_A_DOSSIER']);
    expect(codes(file.replace('{"dossier":{', '{"dossier":{ '))).toEqual(['NOT_A_DOSSIER']);
    expect(codes(file.replace('"format":', '"note":1,"format":'))).toEqual(['NOT_A_DOSSIER']);
    expect(codes(file.replace('"format":', '"format":"x","format":'))).toEqual(['NOT_A_DOSSIER']);
    expect(codes(file.slice(0, -1))).toEqual(['NOT_A_DOSSIER']);
  });
});

describe('whoever has the key to sign a dossier', () => {
  it('cannot change an event', () => {
    const [first, ...rest] = content.events;
    const events = [{ ...first!, leaf: first!.leaf.replace('"revision":0', '"revision":0 ') }, ...rest];
    expect(codes(signedAgain({ events }))).toContain('LEAF_NOT_IN_LOG');
    const category = first!.leaf.replace(/"category":"[^"]*"/, '"category":"other"');
    expect(category).not.toBe(first!.leaf);
    expect(codes(signedAgain({ events: [{ ...first!, leaf: category }, ...rest] }))).toEqual([
      'LEAF_NOT_IN_LOG',
    ]);
  });

  it('cannot leave one out in the middle or at the beginning, nor put it elsewhere, nor twice', () => {
    const { events, lines } = content;
    const cut = (at: number) => signedAgain({ events: without(events, at), lines: without(lines, at) });
    expect(verifyDossier(cut(3)).faults).toContainEqual({
      ...{ code: 'EVENT_MISSING', where: 'events/3' },
      message: 'revision 3 is missing before revision 4',
    });
    expect(codes(cut(0))).toContain('EVENT_MISSING');
    const swapped = [events[1]!, events[0]!, ...events.slice(2)];
    expect(codes(signedAgain({ events: swapped }))).toContain('EVENT_OUT_OF_ORDER');
    expect(codes(signedAgain({ events: [events[0]!, ...events], lines: [lines[0]!, ...lines] }))).toEqual([
      'EVENT_OUT_OF_ORDER',
    ]);
    expect(codes(signedAgain({ events: [], lines: [] }))).toContain('EVENT_MISSING');
  });

  it('cannot show the events of another incident, nor another leaf for a document', () => {
    expect(codes(signedAgain({ incidentId: 'other' }))).toEqual(['EVENT_OF_ANOTHER_STREAM']);
    const [first, second, ...rest] = content.governedBy;
    const { index, proof, leaf } = second!;
    expect(codes(signedAgain({ governedBy: [{ ...first!, index, proof, leaf }, second!, ...rest] }))).toEqual(
      ['DOCUMENT_MISSING'],
    );
    expect(codes(signedAgain({ governedBy: content.governedBy.slice(1) }))).toEqual(['DOCUMENT_MISSING']);
    const unnamed = { ...first!, version: 99 };
    expect(codes(signedAgain({ governedBy: [...content.governedBy, unnamed] }))).toContain(
      'DOCUMENT_NOT_NAMED',
    );
  });

  it('cannot hide evidence, nor have pages say what the events do not', () => {
    expect(codes(signedAgain({ evidence: [{ sha256: sha, revision: 1 }] }))).toEqual(['EVIDENCE_DIFFERS']);
    const pages = { ...content.pages, zh: content.pages.zh.replace('吹哨', '未吹哨') };
    expect(codes(signedAgain({ pages }))).toEqual(['PAGES_DIFFER']);
  });

  it('is told from whoever has another key', async () => {
    const stranger = logKey(9);
    expect(codes(signedAgain({}, stranger))).toEqual(['SIGNED_BY_ANOTHER_KEY']);
    const whole = (await made({ signer: stranger })).dossier.file;
    expect(verifyDossier(whole)).toMatchObject({ ok: true, trusted: false });
    expect(codes(whole)).toEqual(['SIGNED_BY_ANOTHER_KEY']);
    // Under the name and key id of the log's own key, with a signature that is none.
    const { content: signed, signature } = partsOf(file)!;
    const forged = signature.replace(
      /([A-Za-z0-9+/])(=*\n)$/,
      (_, last: string, end: string) => `${last === 'A' ? 'B' : 'A'}${end}`,
    );
    expect(codes(fileOf(signed, forged))).toContain('SIGNATURE_FORGED');
    const elsewhere = { ...content, origin: 'other.example/log' };
    expect(codes(signedAgain({ origin: elsewhere.origin }))).toEqual(['CHECKPOINT_INVALID']);
    expect(origin).not.toBe(elsewhere.origin);
  });
});

test('sentences that are not those of the events are told, though another release may have worded them', () => {
  const lines = content.lines.map(({ zh, en }, place) =>
    place === 2 ? { zh: '未吹哨', en: 'Nothing happened' } : { zh, en },
  );
  expect(verifyDossier(file).rewordedLines).toEqual([]);
  expect(verifyDossier(signedAgain({ lines }))).toMatchObject({ ok: true, rewordedLines: [2] });
});

describe('making one', () => {
  it('waits for a checkpoint over its last event, and is refused without its documents', async () => {
    await expect(made({ covered: 6 })).rejects.toMatchObject({ code: 'NO_CHECKPOINT_YET' });
    const log = await provedLog(city());
    const unsigned = { ...log.proofs, lastCheckpoint: async () => null };
    const maker = new DossierMaker(log.store, unsigned, [key], names, clock);
    await expect(maker.make('inc')).rejects.toMatchObject({ code: 'NO_CHECKPOINT_YET' });
    const altered = { ...log.proofs, inclusionProof: async () => [] };
    const suspicious = new DossierMaker(log.store, altered, [key], names, clock);
    await expect(suspicious.make('inc')).rejects.toMatchObject({ code: 'LOG_CONTRADICTS_TREE' });
    await expect(maker.make('nobody')).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
  });
});
