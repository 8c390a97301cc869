import type { ArgumentMetadata, PipeTransform, Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync, ValidationTypes, type ValidationError } from 'class-validator';
import { DtoRules } from './dto-rules.js';
import { RequestRefused, ValidationFailed, type FieldError } from './http.errors.js';
import { isReservedKey } from './json-body.js';
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

/**
 * The value as an instance of its DTO class. A field that is `null` is taken as one that was not sent, as clients in
 * many languages write it; class-validator would let it past an optional field's rules and into the handler.
 * @throws ValidationFailed, RequestRefused
 */
export function validated<Dto extends object>(dto: Type<Dto>, value: unknown): Dto {
  const plain = value ?? undefined;
  if (value === null || Array.isArray(plain) || (plain !== undefined && typeof plain !== 'object')) {
    throw new RequestRefused('BODY_NOT_AN_OBJECT');
  }
  // Query strings come here without the admission that bodies pass.
  if (plain !== undefined && Object.keys(plain).some(isReservedKey))
    throw new RequestRefused('FORBIDDEN_KEY');
  const instance = plainToInstance(dto, withoutNulls(plain ?? {}) as object, {
    enableImplicitConversion: false,
  });
  if (DtoRules.of(dto)?.keptBy(instance)) return instance;
  const fields = isWithoutFields(dto) ? unknownFields(instance) : brokenRules(instance);
  if (fields.length > 0) throw new ValidationFailed(fields.slice(0, FIELD_ERRORS_MAX));
  return instance;
}

/** Synchronous on purpose: no rule here needs I/O, and the asynchronous walk costs a promise per field. */
export function brokenRules(instance: object): FieldError[] {
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: true },
  });
  return [...flatten(errors, ''), ...misplacedLists(instance, '')];
}

/** The same value where no field in it is null, else a copy. Items of lists keep their places: they are not fields. */
function withoutNulls(value: unknown): unknown {
  return holdsNullField(value) ? copyWithoutNulls(value) : value;
}

/** Asked first: bodies with a null are rare, and making copies to throw away took longer than looking. */
function holdsNullField(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(holdsNullField);
  const object = value as Record<string, unknown>;
  return Object.keys(object).some((name) => object[name] === null || holdsNullField(object[name]));
}

function copyWithoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyWithoutNulls);
  const kept = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(kept.map(([name, field]) => [name, copyWithoutNulls(field)]));
}

/** A DTO without a single rule, for commands that need no body; class-validator takes it for a class it does not know. */
function isWithoutFields(dto: Type): boolean {
  return getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false).length === 0;
}

function unknownFields(instance: object): FieldError[] {
  return Object.keys(instance).map((field) => fieldError(field, 'whitelistValidation', ''));
}

interface NestedProperty {
  readonly name: string;
  readonly isList: boolean;
}

const nestedProperties = new WeakMap<object, readonly NestedProperty[]>();

function nestedPropertiesOf(dto: Type): readonly NestedProperty[] {
  const known = nestedProperties.get(dto);
  if (known !== undefined) return known;
  const found = getMetadataStorage()
    .getTargetValidationMetadatas(dto, '', false, false)
    .filter(({ type }) => type === ValidationTypes.NESTED_VALIDATION)
    .map(({ propertyName, each }) => ({ name: propertyName, isList: each === true }));
  nestedProperties.set(dto, found);
  return found;
}

/**
 * class-validator takes a list wherever it takes a nested object, and an object for a list of them: `location: []`
 * would pass as a location. Here an object is an object and a list is a list of objects.
 */
function misplacedLists(instance: object, parent: string): FieldError[] {
  return nestedPropertiesOf(instance.constructor as Type).flatMap(({ name, isList }) => {
    const value: unknown = Reflect.get(instance, name);
    if (typeof value !== 'object' || value === null) return [];
    const field = parent === '' ? name : `${parent}.${name}`;
    if (Array.isArray(value) !== isList) {
      return [
        fieldError(field, isList ? 'isArray' : 'isObject', isList ? 'must be an array' : 'must be an object'),
      ];
    }
    if (!Array.isArray(value)) return misplacedLists(value, field);
    return value.flatMap((item: unknown, index) => {
      if (typeof item !== 'object' || item === null) return [];
      if (Array.isArray(item)) return [fieldError(`${field}.${index}`, 'isObject', 'must be an object')];
      return misplacedLists(item, `${field}.${index}`);
    });
  });
}

function flatten(errors: readonly ValidationError[], parent: string): FieldError[] {
  return errors.flatMap((error) => {
    const field = parent === '' ? error.property : `${parent}.${error.property}`;
    return [...ownError(error, field), ...flatten(error.children ?? [], field)];
  });
}

/**
 * One error per field: that it is missing, or the broken rule that stands highest above it. Decorators run from below,
 * and "not longer than 5000" is no answer to who sent no text at all.
 */
function ownError({ constraints = {}, property, value }: ValidationError, field: string): FieldError[] {
  const broken = Object.entries(constraints).at(-1);
  if (broken === undefined) return [];
  if (broken[0] === 'whitelistValidation' || (value as unknown) !== undefined)
    return [fieldError(field, ...broken)];
  return [fieldError(field, 'isDefined', `${property} is required`)];
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
