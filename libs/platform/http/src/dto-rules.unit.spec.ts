import { propertyParameters } from '@shaoying/event-store/testing';
import { plainToInstance, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  Allow,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  ValidateIf,
  ValidateNested,
  registerDecorator,
} from 'class-validator';
import fc from 'fast-check';
import { DtoRules } from './dto-rules.js';
import { IsInstant, IsNotBlank, IsOpaqueId } from './fields.js';
import { brokenRules } from './validation.js';

class PointDto {
  @ValidateIf((point: PointDto) => point.b !== undefined || point.c === undefined)
  @IsNumber()
  @Max(2)
  a?: number;

  @IsOptional()
  @IsIn(['b', 1])
  b?: string;

  @IsOptional()
  @IsString()
  @IsNotBlank()
  @MaxLength(2)
  c?: string;
}

class BaseDto {
  @IsOptional()
  @IsInstant()
  b?: string;
}

class BodyDto extends BaseDto {
  @IsOpaqueId()
  a!: string;

  @IsOptional()
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => PointDto)
  c?: PointDto;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(2)
  @ValidateNested({ each: true })
  @Type(() => PointDto)
  d?: PointDto[];

  @IsOptional()
  @ArrayUnique()
  @Matches(/^[ab]$/, { each: true })
  e?: string[];

  // Somebody's place is to hold an object, also where nobody asks for one.
  @ValidateIf((body: BodyDto) => body.g === true)
  @ValidateNested()
  @Type(() => PointDto)
  f?: PointDto;

  @IsOptional()
  @IsBoolean()
  g?: boolean;
}

/** Values that these rules take or nearly take, so that either verdict is frequent. */
const scalar = fc.constantFrom<unknown>('a', 'b', 'ab', 'abc', ' ', '', 1, 2, 3, true, false, null);
const point = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom({ a: 1 }, { a: 2, b: 'b' }, { c: 'ab' }) },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), scalar, {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  },
);
const odd = fc.oneof(scalar, point, fc.array(fc.oneof(point, scalar), { maxLength: 3 }), fc.constant([[]]));
const mostly = (usual: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: odd });
const body = fc.record(
  {
    ...{ a: mostly(fc.constant('a')), b: mostly(fc.constant('2026-02-13T08:00:00.000Z')) },
    ...{ c: mostly(point), d: mostly(fc.array(point, { maxLength: 3 })), f: mostly(point) },
    ...{ e: mostly(fc.subarray(['a', 'b'])), g: mostly(fc.boolean()), h: scalar },
  },
  { requiredKeys: ['a'], noNullPrototype: true },
);

describe('DtoRules', () => {
  it('take what class-validator takes, and nothing else', () => {
    const verdicts: boolean[] = [];
    fc.assert(
      fc.property(body, (plain) => {
        const instance = plainToInstance(BodyDto, plain);
        const isTaken = DtoRules.of(BodyDto)?.keptBy(instance);
        // What is not asked for and stands there all the same is left to class-validator.
        const isBeside = plain.g !== true && plain.f instanceof Object;
        expect(isTaken).toBe(!isBeside && brokenRules(instance).length === 0);
        verdicts.push(isTaken === true);
      }),
      propertyParameters({ numRuns: 2_000 }),
    );
    for (const verdict of [true, false])
      expect(verdicts.filter((one) => one === verdict).length).toBeGreaterThan(20);
  });

  it('leave alone what they do not understand', () => {
    class OfGroups {
      @IsString({ groups: ['a'] }) a!: string;
    }
    class Promising {
      a!: string;
    }
    registerDecorator({
      ...{ name: 'later', async: true, target: Promising, propertyName: 'a', options: {} },
      validator: { validate: () => Promise.resolve(false) },
    });
    class OfAnything {
      @Allow() a!: unknown;
    }
    expect([OfGroups, Promising, OfAnything].map((dto) => DtoRules.of(dto))).toEqual([null, null, null]);
  });

  it('take a body of a class without fields, and nothing in the place of a DTO that has no type', () => {
    class Empty {}
    expect([{}, { a: 1 }].map((plain) => DtoRules.of(Empty)?.keptBy(plainToInstance(Empty, plain)))).toEqual([
      ...[true, false],
    ]);
    class OfUnknown {
      @ValidateNested() a!: object;
    }
    const instance = plainToInstance(OfUnknown, { a: {} });
    expect(DtoRules.of(OfUnknown)?.keptBy(instance)).toBe(false);
    expect(brokenRules(instance)).not.toEqual([]);
  });
});
