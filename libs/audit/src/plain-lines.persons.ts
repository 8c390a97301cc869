import type { RevealPurpose } from '@shaoying/incident-domain';
import { when, type Lines } from './plain-lines.words.js';

const purposesZh: Readonly<Record<RevealPurpose, string>> = {
  CONTACT_REPORTER: '联系上报人',
  VISIT_SITE: '上门查看',
  VERIFY_FACTS: '核实情况',
  CALL_BACK: '回访',
  PREVENT_HARM: '防止人身损害',
};

/** Whose matter it is: that something is sealed, who was told it and why, that a person is forgotten. Never what. */
export const personLines = {
  PersonalDataSealed: ({ data: { about, fields } }) => ({
    zh: `${about === 'REPORT' ? '上报' : '评价'}中的个人信息已加密（${fields.join('、')}）`,
    en: `Personal data of the ${about === 'REPORT' ? 'report' : 'feedback'} is sealed (${fields.join(', ')})`,
  }),
  ReporterIdentityRevealed: ({ data: { unitId, taskId, purpose, fields } }, name) => ({
    zh: `向 ${name(unitId)} 披露上报人信息（${fields.join('、')}），用途：${purposesZh[purpose]}${when(taskId !== null, '，因其在办任务')}`,
    en: `The reporter was revealed to ${name(unitId)} (${fields.join(', ')}), purpose ${purpose}${when(taskId !== null, ', for its open task')}`,
  }),
  ReporterForgotten: () => ({
    zh: '上报人信息已永久清除，事件照常保留',
    en: 'The reporter is forgotten for ever; the case stays whole',
  }),
} satisfies Partial<Lines>;
