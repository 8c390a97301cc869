import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { Matches, ValidateBy } from 'class-validator';
import { parseInstant } from './instants.js';

/** ISO 8601 with an offset, years 1970 to 2200; the DTO then holds it in UTC with milliseconds. */
export function IsInstant(): PropertyDecorator {
  return applyDecorators(
    // A text that is no instant stays as it is, so that the check below can refuse it.
    Transform(({ value }: { value: unknown }): unknown => parseInstant(value) ?? value),
    ValidateBy({
      name: 'isInstant',
      validator: {
        validate: (value: unknown) => value !== undefined && parseInstant(value) === value,
        defaultMessage: () =>
          '$property must be ISO 8601 with an offset, years 1970 to 2200, e.g. 2026-02-13T16:00:00+08:00; in an address + is %2B',
      },
    }),
  );
}

/** Of a window `[from, to)` whose ends are instants: one that ends before it begins is a mistake, an empty one is none. */
export function IsNotBeforeFrom(): PropertyDecorator {
  return ValidateBy({
    name: 'isNotBeforeFrom',
    validator: {
      validate: (value: unknown, asked) => {
        const { from } = asked?.object as { readonly from?: unknown };
        const [begin, end] = [parseInstant(from), parseInstant(value)];
        return begin === undefined || end === undefined || begin <= end;
      },
      defaultMessage: () => '$property must not be before from',
    },
  });
}

/** White space, and what is not seen at all, such as a zero-width space. */
const UNSEEN = /[\s\p{Z}\p{Cc}\p{Cf}]/gu;

/** Text that says something: blanks alone are none. */
export function IsNotBlank(): PropertyDecorator {
  return ValidateBy({
    name: 'isNotBlank',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && value.replace(UNSEEN, '') !== '',
      defaultMessage: () => '$property must not be blank',
    },
  });
}

const OPAQUE_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** An id from outside: safe in an address, a stream name and a file name, and never parsed. */
export function isOpaqueId(text: unknown): text is string {
  return typeof text === 'string' && OPAQUE_ID.test(text);
}

export function IsOpaqueId(options: { each?: boolean } = {}): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isOpaqueId',
      validator: {
        validate: isOpaqueId,
        defaultMessage: () =>
          '$property must be an id of 1 to 100 letters, digits, dots, hyphens or underscores',
      },
    },
    { each: options.each ?? false },
  );
}

/** SHA-256 of a piece of evidence, 64 lower-case hex digits. */
export function IsSha256(options: { each?: boolean } = {}): PropertyDecorator {
  return Matches(/^[0-9a-f]{64}$/, {
    each: options.each ?? false,
    message: '$property must be a SHA-256 in 64 lower-case hex digits',
  });
}

/**
 * No item of a list twice. class-validator's own rule compares each with each, and is asked even where the list is longer
 * than another rule allows: one body of 20,000 items held the thread for a second.
 */
export function IsWithoutRepeats(): PropertyDecorator {
  return ValidateBy({
    name: 'arrayUnique',
    validator: {
      validate: (value: unknown) => Array.isArray(value) && new Set(value).size === value.length,
      defaultMessage: () => "All $property's elements must be unique",
    },
  });
}
