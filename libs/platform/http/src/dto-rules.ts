import type { Type } from '@nestjs/common';
import { getMetadataStorage, ValidationTypes, type ValidationArguments } from 'class-validator';

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

type Condition = (object: object, value: unknown) => boolean;

interface Check {
  readonly constraints: unknown[];
  readonly ofEach: boolean;
  validate(value: unknown, asked: ValidationArguments): unknown;
}

interface Property {
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly checks: readonly Check[];
  /** What stands here: another DTO, a list of them, or neither. */
  readonly nested: 'one' | 'list' | null;
}

/** What is asked of a value. `IsDefined` has a type of its own, and is a rule like any other. */
const RULES: readonly string[] = [ValidationTypes.CUSTOM_VALIDATION, ValidationTypes.IS_DEFINED];
const UNDERSTOOD: readonly string[] = [
  ...RULES,
  ValidationTypes.NESTED_VALIDATION,
  ValidationTypes.CONDITIONAL_VALIDATION,
];

const compiled = new WeakMap<object, DtoRules | null>();

/**
 * The rules that class-validator holds of a DTO class, looked up and sorted once. class-validator does so for every object
 * it is given, which took most of the time that a body was checked in (docs/benchmarks.md).
 *
 * They say whether a value keeps all its rules, and nothing more: of one that does not, class-validator says why. A class
 * with a rule that is not understood here has none of these, and is class-validator's alone.
 */
export class DtoRules {
  static of(dto: Type): DtoRules | null {
    const known = compiled.get(dto);
    if (known !== undefined) return known;
    const made = propertiesOf(dto);
    const rules = made === null ? null : new DtoRules(dto, made);
    compiled.set(dto, rules);
    return rules;
  }

  private readonly names: ReadonlySet<string>;

  private constructor(
    private readonly dto: Type,
    private readonly properties: readonly Property[],
  ) {
    this.names = new Set(properties.map(({ name }) => name));
  }

  get isEmpty(): boolean {
    return this.properties.length === 0;
  }

  /** Whether nothing is wrong with it: no rule broken, no field unknown, lists where lists and objects where objects belong. */
  keptBy(instance: object): boolean {
    for (const name of Object.keys(instance)) if (!this.names.has(name)) return false;
    return this.properties.every((property) => this.isKept(property, instance));
  }

  private isKept({ name, conditions, checks, nested }: Property, object: object): boolean {
    const value: unknown = Reflect.get(object, name);
    // What stands in the place of another DTO is to be one, also where it is not asked for: class-validator's to say.
    if (!conditions.every((applies) => applies(object, value)))
      return nested === null || !(value instanceof Object);
    for (const { constraints, ofEach, validate } of checks) {
      const asked = { targetName: this.dto.name, property: name, object, value, constraints };
      const holds = (one: unknown): boolean => validate(one, asked) === true;
      if (!(ofEach && Array.isArray(value) ? value.every(holds) : holds(value))) return false;
    }
    if (nested === null || value === undefined) return true;
    if (nested === 'one') return isKeptByOne(value);
    return Array.isArray(value) && value.every(isKeptByOne);
  }
}

function isKeptByOne(value: unknown): boolean {
  if (!(value instanceof Object) || Array.isArray(value)) return false;
  const rules = DtoRules.of(value.constructor as Type);
  // Of a class that nothing is known of class-validator takes nothing; only a whole body may be of one.
  return rules !== null && !rules.isEmpty && rules.keptBy(value);
}

/** Null where there is something that is not understood here. */
function propertiesOf(dto: Type): Property[] | null {
  const all = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  if (!all.every(isUnderstood)) return null;
  const byName = Map.groupBy(all, ({ propertyName }) => propertyName);
  return Array.from(byName, ([name, rules]): Property => {
    const ofType = (...types: string[]): Metadata[] => rules.filter(({ type }) => types.includes(type));
    const nested = ofType(ValidationTypes.NESTED_VALIDATION).at(-1);
    return {
      name,
      conditions: ofType(ValidationTypes.CONDITIONAL_VALIDATION).map(
        ({ constraints }) => constraints[0] as Condition,
      ),
      checks: ofType(...RULES).flatMap(checksOf),
      nested: nested === undefined ? null : nested.each ? 'list' : 'one',
    };
  });
}

function isUnderstood({ type, constraintCls, validateIf, groups, always }: Metadata): boolean {
  const isPlain = validateIf === undefined && !groups?.length && always === undefined;
  if (!isPlain || !UNDERSTOOD.includes(type)) return false;
  return !RULES.includes(type) || !constraintsOf(constraintCls).some(({ async }) => async);
}

const constraintsOf = (constraintCls: Metadata['constraintCls']) =>
  getMetadataStorage().getTargetValidatorConstraints(constraintCls);

const checksOf = ({ constraintCls, constraints, each }: Metadata): Check[] =>
  constraintsOf(constraintCls).map(({ instance }) => ({
    constraints,
    ofEach: each,
    validate: (value, asked) => instance.validate(value, asked),
  }));
