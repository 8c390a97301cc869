import { getMetadataStorage, ValidationTypes, type ValidatorConstraintInterface } from 'class-validator';

/*
 * Nearly every body is good, and class-validator takes 12 µs to say so about a report: it gathers the rules of the class
 * anew each time and prepares an error for every field. Here its rules are gathered once per class and asked in turn,
 * which takes 2 µs. Only a yes is given: whatever is not plainly good, or uses more of class-validator than is known
 * here, is left to class-validator, which stays the one that refuses and explains.
 */

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
type Condition = (object: object, value: unknown) => boolean;

interface Rule {
  readonly constraint: ValidatorConstraintInterface;
  readonly each: boolean;
  readonly onlyIf: Condition | undefined;
  /** Arguments of the decorator, such as the largest length. */
  readonly constraints: unknown[];
}

interface FieldRules {
  readonly name: string;
  /** All must hold, or the field is not looked at. */
  readonly conditions: readonly Condition[];
  readonly rules: readonly Rule[];
  readonly nested: 'ONE' | 'LIST' | null;
}

interface DtoRules {
  readonly names: ReadonlySet<string>;
  readonly fields: readonly FieldRules[];
}

/** Null for a class that is left to class-validator. Classes are few and live as long as the program. */
const known = new WeakMap<object, DtoRules | null>();

/**
 * True when class-validator would find nothing wrong with an instance of a DTO class: no unknown field, every rule kept,
 * objects where objects belong and lists where lists do. False says nothing.
 */
export function isAcceptable(instance: object): boolean {
  const rules = rulesOf(instance.constructor);
  if (rules === null) return false;
  for (const name of Object.keys(instance)) if (!rules.names.has(name)) return false;
  for (const field of rules.fields) if (!isFieldAcceptable(field, instance)) return false;
  return true;
}

function isFieldAcceptable(field: FieldRules, object: object): boolean {
  const value: unknown = Reflect.get(object, field.name);
  for (const holds of field.conditions) {
    // A field that is not looked at may hold anything but a misplaced list, and who could tell here.
    if (!holds(object, value)) return field.nested === null || value === undefined;
  }
  for (const rule of field.rules) if (!isKept(rule, field.name, object, value)) return false;
  if (field.nested === null || value === undefined) return true;
  if (field.nested === 'ONE') return isNestedAcceptable(value);
  return Array.isArray(value) && value.every(isNestedAcceptable);
}

function isNestedAcceptable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  // A class without rules is one class-validator does not know, and refuses.
  return rulesOf(value.constructor)?.fields.length !== 0 && isAcceptable(value);
}

function isKept(rule: Rule, property: string, object: object, value: unknown): boolean {
  const { constraint, constraints, onlyIf, each } = rule;
  if (onlyIf !== undefined && !onlyIf(object, value)) return true;
  const told = { targetName: object.constructor.name, property, object, value, constraints };
  if (!each) return constraint.validate(value, told) === true;
  if (Array.isArray(value)) return value.every((item) => constraint.validate(item, told) === true);
  if (value instanceof Set || value instanceof Map) return false;
  return constraint.validate(value, told) === true;
}

function rulesOf(dto: object): DtoRules | null {
  let rules = known.get(dto);
  if (rules === undefined) {
    rules = gathered(dto);
    known.set(dto, rules);
  }
  return rules;
}

function gathered(dto: object): DtoRules | null {
  const byField = new Map<string, Metadata[]>();
  const all = getMetadataStorage().getTargetValidationMetadatas(dto as new () => object, '', false, false);
  for (const metadata of all) {
    const others = byField.get(metadata.propertyName);
    if (others) others.push(metadata);
    else byField.set(metadata.propertyName, [metadata]);
  }
  const fields: FieldRules[] = [];
  for (const [name, metadatas] of byField) {
    const field = fieldRules(name, metadatas);
    if (field === null) return null;
    fields.push(field);
  }
  return { names: new Set(byField.keys()), fields };
}

function fieldRules(name: string, metadatas: readonly Metadata[]): FieldRules | null {
  const conditions: Condition[] = [];
  const rules: Rule[] = [];
  let nested: FieldRules['nested'] = null;
  for (const metadata of metadatas) {
    switch (metadata.type) {
      case ValidationTypes.CONDITIONAL_VALIDATION:
        conditions.push(metadata.constraints[0] as Condition);
        break;
      case ValidationTypes.NESTED_VALIDATION:
        if (nested !== null) return null;
        nested = metadata.each ? 'LIST' : 'ONE';
        break;
      case ValidationTypes.IS_DEFINED:
      case ValidationTypes.CUSTOM_VALIDATION: {
        const found = rulesBehind(metadata);
        if (found === null) return null;
        rules.push(...found);
        break;
      }
      case ValidationTypes.WHITELIST:
        break;
      default:
        return null;
    }
  }
  return { name, conditions, rules, nested };
}

/** Null when one of them needs a promise: such a class is class-validator's alone. */
function rulesBehind(metadata: Metadata): Rule[] | null {
  const { constraintCls, constraints, each, validateIf } = metadata;
  const found = getMetadataStorage().getTargetValidatorConstraints(constraintCls);
  if (found.some(({ async }) => async)) return null;
  return found.map(({ instance }) => ({
    constraint: instance,
    each: each === true,
    onlyIf: validateIf as Condition | undefined,
    constraints: constraints ?? [],
  }));
}
