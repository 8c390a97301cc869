import fc from 'fast-check';
import { LocalTimeReader, timeFormatProblem, type LocalTimeRule } from './local-time.js';

const inBoston = (rule: LocalTimeRule = 'reject', ...formats: string[]): LocalTimeReader =>
  new LocalTimeReader(formats.length > 0 ? formats : ['yyyy-MM-dd HH:mm:ss'], 'America/New_York', rule);

test('a local time is an instant of its zone, in winter and in summer', () => {
  expect(inBoston().read('2022-01-21 13:47:00')).toEqual({ instant: '2022-01-21T18:47:00.000Z' });
  expect(inBoston().read('2022-07-21 13:47:00')).toEqual({ instant: '2022-07-21T17:47:00.000Z' });
});

test('a time that the clock skipped is told as such, unless the map says how to read it', () => {
  expect(inBoston().read('2022-03-13 02:30:00')).toEqual({ problem: 'TIME_SKIPPED' });
  expect(inBoston('compatible').read('2022-03-13 02:30:00')).toEqual({ instant: '2022-03-13T07:30:00.000Z' });
});

test('a time that happened twice is told as such, unless the map says which is meant', () => {
  expect(inBoston().read('2022-11-06 01:30:00')).toEqual({ problem: 'TIME_AMBIGUOUS' });
  expect(inBoston('earlier').read('2022-11-06 01:30:00')).toEqual({ instant: '2022-11-06T05:30:00.000Z' });
  expect(inBoston('later').read('2022-11-06 01:30:00')).toEqual({ instant: '2022-11-06T06:30:00.000Z' });
});

test.each([
  '2022-02-30 10:00:00',
  '2022-13-01 10:00:00',
  '2022-01-01 24:00:00',
  '2022-1-1 10:00:00',
  'yesterday',
  '',
])('"%s" is not taken for another time', (text) =>
  expect(inBoston().read(text)).toEqual({ problem: 'TIME_UNPARSABLE' }),
);

test('a year nobody kept tickets in is a mistake', () => {
  expect(inBoston().read('0022-01-21 13:47:00')).toEqual({ problem: 'TIME_OUT_OF_RANGE' });
});

test('twelve hours with a meridiem, one digit, and several formats in order', () => {
  const reader = inBoston('reject', 'M/d/yyyy h:mm:ss a', 'yyyy-MM-dd');
  expect(reader.read('1/2/2022 12:05:00 AM')).toEqual({ instant: '2022-01-02T05:05:00.000Z' });
  expect(reader.read('1/2/2022 12:05:00 pm')).toEqual({ instant: '2022-01-02T17:05:00.000Z' });
  expect(reader.read('2022-01-02')).toEqual({ instant: '2022-01-02T05:00:00.000Z' });
  expect(reader.read('1/2/2022 13:05:00 PM')).toEqual({ problem: 'TIME_UNPARSABLE' });
});

test('ISO 8601: its own offset wins over the zone of the map', () => {
  const reader = inBoston('reject', 'ISO8601');
  expect(reader.read('2022-01-21T13:47:00+08:00')).toEqual({ instant: '2022-01-21T05:47:00.000Z' });
  expect(reader.read('2022-01-21T13:47:00')).toEqual({ instant: '2022-01-21T18:47:00.000Z' });
});

test('formats that cannot be read by are refused', () => {
  expect(timeFormatProblem('yyyy-MM-dd QQ')).toContain('"QQ"');
  expect(timeFormatProblem('dd.MM. HH:mm')).toContain('no year');
  expect(timeFormatProblem('yyyy-MM-dd hh:mm')).toContain('h and a together');
  expect(timeFormatProblem("yyyy'年'M'月'd'日' HH:mm")).toBeNull();
  expect(inBoston('reject', "yyyy'年'M'月'd'日' HH:mm").read('2022年1月21日 13:47')).toMatchObject({
    instant: '2022-01-21T18:47:00.000Z',
  });
});

test('in a zone without clock changes every written time comes back as it was', () => {
  const reader = new LocalTimeReader(['yyyy-MM-dd HH:mm:ss'], 'Asia/Shanghai', 'reject');
  const min = new Date('1992-01-01T00:00:00Z');
  fc.assert(
    fc.property(fc.date({ min, max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true }), (date) => {
      const whole = new Date(Math.floor(date.getTime() / 1_000) * 1_000);
      const local = new Date(whole.getTime() + 8 * 3_600_000).toISOString();
      expect(reader.read(`${local.slice(0, 10)} ${local.slice(11, 19)}`)).toEqual({
        instant: whole.toISOString(),
      });
    }),
  );
});
