import type { ArgumentMetadata, PipeTransform, Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { RequestRefused, ValidationFailed, type FieldError } from './http.errors.js';
import { chineseMessage } from './validation-messages.js';

const FIELD_ERRORS_MAX = 50;

const UNTYPED: ReadonlySet<unknown> = new Set([
  undefined,
  String,
  Number,
  Boolean,
  Array,
  Object,
  Date,
  Buffer,
]);

/**
 * Checks bodies and queries against their DTO class: unknown fields are refused, nothing is converted silently, an
 * absent body is an empty one. Parameters without a DTO class pass as they are.
 * @throws ValidationFailed, RequestRefused
 */
export class DtoPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type === 'custom' || UNTYPED.has(metatype) || metatype === undefined) return value;
    return validated(metatype as Type<object>, value);
  }
}

/** The value as an instance of its DTO class. @throws ValidationFailed, RequestRefused */
export function validated<Dto extends object>(dto: Type<Dto>, value: unknown): Dto {
  const plain = value ?? undefined;
  if (value === null || Array.isArray(plain) || (plain !== undefined && typeof plain !== 'object')) {
    throw new RequestRefused('BODY_NOT_AN_OBJECT');
  }
  const instance = plainToInstance(dto, plain ?? {}, { enableImplicitConversion: false });
  // Synchronous on purpose: no rule here needs I/O, and the asynchronous walk costs a promise per field.
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
  });
  if (errors.length > 0) throw new ValidationFailed(flatten(errors, '').slice(0, FIELD_ERRORS_MAX));
  return instance;
}

function flatten(errors: readonly ValidationError[], parent: string): FieldError[] {
  return errors.flatMap((error) => {
    const field = parent === '' ? error.property : `${parent}.${error.property}`;
    const own = Object.entries(error.constraints ?? {}).map(([rule, message]) =>
      fieldError(field, rule, message),
    );
    return [...own, ...flatten(error.children ?? [], field)];
  });
}

function fieldError(field: string, rule: string, message: string): FieldError {
  const name = rule === 'whitelistValidation' ? 'unknownField' : rule;
  return {
    field: field.slice(0, 200),
    code: name.replace(/[A-Z]/g, '_$&').toUpperCase(),
    message: name === 'unknownField' ? 'this field is not known' : message,
    messageZh: chineseMessage(name, message),
  };
}
