export const DURATION_UNITS = ['WORKING_HOUR', 'WORKING_DAY', 'CALENDAR_DAY', 'CLOCK_HOUR'] as const;
/** 工作时, 工作日, 自然日, 紧急工作时 (GB/T 30428). */
export type DurationUnit = (typeof DURATION_UNITS)[number];

export interface Duration {
  /** At least 0. Hours may be decimal (0.5 `CLOCK_HOUR` is 30 minutes); days are whole. */
  readonly amount: number;
  readonly unit: DurationUnit;
}

export interface WorkingHours {
  /** `HH:MM`, local. */
  readonly from: string;
  /** `HH:MM`, local, after `from`; `24:00` is the end of the day. */
  readonly to: string;
}

/** What a year's State Council notice changes about Monday to Friday. ISO dates, sorted, unique. */
export interface CalendarYear {
  /** 法定节假日. Weekend days of a holiday may be listed or not: both mean the same. */
  readonly holidays: readonly string[];
  /** 调休: weekend days worked. */
  readonly makeUpWorkdays: readonly string[];
}

export const WORKING_DAY_RULES = ['SAME_TIME', 'END_OF_DAY'] as const;
/** Whether n working days end at the same time of the n-th day or at its closing time. */
export type WorkingDayRule = (typeof WORKING_DAY_RULES)[number];

export interface WorkingCalendar {
  /** A calendar that bears the id of a unit is that unit's own: what it has to do is counted in it. */
  readonly calendarId: string;
  readonly name?: string;
  readonly version: number;
  /** 480 for Asia/Shanghai; China keeps one offset all year. */
  readonly utcOffsetMinutes: number;
  /** In order, not overlapping. */
  readonly workingHours: readonly WorkingHours[];
  /** By year, `2026`. A deadline that reaches a year not in here is provisional. */
  readonly years: Readonly<Record<string, CalendarYear>>;
  readonly workingDayRule: WorkingDayRule;
}
