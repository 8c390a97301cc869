import type { PlainLine } from '../plain-lines.js';
import { local } from '../plain-lines.words.js';
import type { Dossier } from './dossier.js';

/** What the pages are made of: everything else in the dossier. */
export type PageContent = Omit<Dossier, 'pages'>;

interface Words {
  readonly lang: string;
  readonly title: string;
  readonly intro: string;
  readonly when: string;
  readonly who: string;
  readonly what: string;
  readonly later: string;
  readonly governed: string;
  readonly evidence: string;
  readonly none: string;
  readonly proof: string;
  readonly verify: string;
  readonly foreign: string;
}

const words: Readonly<Record<keyof PlainLine, Words>> = {
  zh: {
    ...{ lang: 'zh-CN', title: '事件卷宗', when: '时间（北京）', who: '经办', what: '经过', later: '补录于' },
    intro:
      '本页内容由卷宗中的原始记录生成；以原始记录及其证明为准。个人信息在记录中为密文，本页不含个人信息。',
    ...{ governed: '适用文件', evidence: '证据（SHA-256）', none: '无', proof: '检查点' },
    verify: '核验：shaoying verify <本文件>，无需联网；格式见 docs/formats/dossier.md。',
    foreign: '下列序号由其他程序写入，不是本系统的记录，不在日志树中，不计入本卷宗；卷宗本身不能证明这一点：',
  },
  en: {
    ...{
      lang: 'en',
      title: 'Dossier of incident',
      when: 'Time (Beijing)',
      who: 'By',
      what: 'What',
      later: 'recorded',
    },
    intro:
      'This page is made from the stored events in this dossier; they and their proofs are what counts. Personal data is ciphertext in them, and this page has none.',
    ...{ governed: 'Governed by', evidence: 'Evidence (SHA-256)', none: 'none', proof: 'Checkpoint' },
    verify: 'To verify, offline: shaoying verify <this file>; the format is in docs/formats/dossier.md.',
    foreign:
      'These numbers were taken by another program: not records of this system, not in the tree of the log, not counted; the dossier by itself does not prove it:',
  },
};

const style =
  'body{font:16px/1.5 sans-serif;margin:2em auto;max-width:60em;padding:0 1em}table{border-collapse:collapse;width:100%}' +
  'td,th{border-bottom:1px solid #bbb;padding:.3em .6em;text-align:left;vertical-align:top}code,pre{overflow-wrap:anywhere;white-space:pre-wrap}';

/** Whole pages for people, made from nothing but the dossier itself: whoever checks it makes them again. */
export const pagesOf = (content: PageContent): PlainLine => ({
  zh: pageOf(content, 'zh'),
  en: pageOf(content, 'en'),
});

function pageOf(content: PageContent, language: keyof PlainLine): string {
  const said = words[language];
  const { incidentId, checkpoint, governedBy, evidence, foreign, producedAt, origin } = content;
  const rows = content.events.map(({ leaf }, index) =>
    rowOf(leaf, content.lines[index]?.[language] ?? '', content, said),
  );
  const documents = governedBy.map(({ kind, id, version }) => `${kind} ${id} · ${version}`);
  const files = evidence.map(({ sha256, revision }) => `${sha256} (${revision})`);
  return [
    `<!doctype html><html lang="${said.lang}"><head><meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escaped(`${said.title} ${incidentId}`)}</title><style>${style}</style></head><body>`,
    `<h1>${escaped(said.title)} <code>${escaped(incidentId)}</code></h1>`,
    `<p>${escaped(origin)} · ${escaped(local(producedAt))}</p><p>${escaped(said.intro)}</p>`,
    `<table><thead><tr><th>#</th><th>${said.when}</th><th>${said.who}</th><th>${said.what}</th></tr></thead>`,
    `<tbody>${rows.join('')}</tbody></table>`,
    ...(foreign === undefined ? [] : [`<p>${escaped(said.foreign)} ${foreign.join(', ')}</p>`]),
    `<h2>${said.governed}</h2>${listOf(documents, said)}<h2>${said.evidence}</h2>${listOf(files, said)}`,
    `<h2>${said.proof}</h2><pre>${escaped(checkpoint)}</pre><p>${escaped(said.verify)}</p></body></html>`,
  ].join('\n');
}

interface LeafEnvelope {
  readonly revision: number;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly metadata: { readonly actor: { readonly role: string; readonly orgUnitId: string | null } };
}

function rowOf(leaf: string, line: string, { names }: PageContent, said: Words): string {
  const { revision, occurredAt, recordedAt, metadata } = JSON.parse(leaf) as LeafEnvelope;
  const { role, orgUnitId } = metadata.actor;
  const unit =
    orgUnitId === null ? '' : ` · ${Object.hasOwn(names, orgUnitId) ? names[orgUnitId] : orgUnitId}`;
  const later =
    Date.parse(recordedAt) - Date.parse(occurredAt) > 60_000 ? ` (${said.later} ${local(recordedAt)})` : '';
  const cells = [String(revision), `${local(occurredAt)}${later}`, `${role}${unit}`, line];
  return `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
}

const listOf = (items: readonly string[], { none }: Words): string =>
  items.length === 0
    ? `<p>${none}</p>`
    : `<ul>${items.map((item) => `<li><code>${escaped(item)}</code></li>`).join('')}</ul>`;

const entities: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => entities[char] ?? char);
