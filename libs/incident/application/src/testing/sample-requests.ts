import type {
  BlowWhistleCommand,
  CheckHandlingCommand,
  CheckInCommand,
  ImportIncidentCommand,
  RecordFeedbackCommand,
  ReportIncidentCommand,
} from '../index.js';

// Requests as a door hands them over, for 临东市; a spec changes the field it is about.

export const reportRequest: ReportIncidentCommand['request'] = {
  category: 'sewer-blockage',
  severity: 'MINOR',
  description: '3号楼前下水道堵塞，污水外溢',
  location: { lon: 120.41, lat: 31.83, crs: 'WGS84', address: null },
  gridId: null,
  estateId: 'es-liuyin-garden',
  occurredAt: null,
  channel: 'APP',
  reporter: { name: '王小明', phone: '13800138000' },
  anonymous: false,
  file: false,
};

export const importRequest: ImportIncidentCommand['request'] = {
  externalId: '101004113298',
  category: 'rubbish-heap',
  severity: 'MINOR',
  description: 'Missed trash',
  location: null,
  orgUnitId: 'co-liuyin',
  channel: 'IMPORT',
  departmentId: 'dp-urban-management',
  whistlingUnitId: null,
  openedAt: '2022-01-01T05:00:00.000Z',
  targetAt: '2022-01-04T13:30:00.000Z',
  closedAt: '2022-01-02T15:00:00.000Z',
};

export const whistleRequest: BlowWhistleCommand['request'] = {
  kind: 'PUBLIC_DEMAND',
  lead: 'dp-water',
  assists: ['dp-urban-management'],
  reason: '社区无管网疏通能力',
};

export const checkInRequest: CheckInCommand['request'] = {
  occurredAt: null,
  location: null,
  note: null,
  evidence: [],
};

export const done = { note: '已疏通', evidence: ['a'.repeat(64)] };

export const checkRequest: CheckHandlingCommand['request'] = {
  result: 'PASS',
  note: '现场核查',
  evidence: [],
};

export const feedbackRequest: RecordFeedbackCommand['request'] = {
  solved: 'SOLVED',
  satisfaction: 'SATISFIED',
  comment: null,
  receiptCode: null,
};
