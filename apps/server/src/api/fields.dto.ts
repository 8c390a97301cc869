import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInstant, IsNotBlank, IsOpaqueId, IsSha256, IsWithoutRepeats } from '@shaoying/http';
import { PHOTOS_OF_REPORT_MAX } from '@shaoying/incident-domain';
import { COORDINATE_SYSTEMS } from '@shaoying/jurisdiction-contracts';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsOptional, IsString, MaxLength } from 'class-validator';

// Fields that many bodies have: each with its check, its limit and its line in the OpenAPI document.

/** Longest texts. A report is some paragraphs; a note is one. */
export const descriptionCharsMax = 5_000;
export const noteCharsMax = 2_000;
const idCharsMax = 100;
const evidenceMax = 20;

/** A text that has to say something. */
export const Words = (description: string, maxLength = noteCharsMax): PropertyDecorator =>
  applyDecorators(ApiProperty({ description, maxLength }), IsString(), IsNotBlank(), MaxLength(maxLength));

/** A text that may be left out. */
export const OptionalWords = (description: string, maxLength = noteCharsMax): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ description, maxLength }),
    IsOptional(),
    IsString(),
    MaxLength(maxLength),
  );

export const Id = (description: string): PropertyDecorator =>
  applyDecorators(ApiProperty({ description, maxLength: idCharsMax }), IsOpaqueId());

export const OptionalId = (description: string): PropertyDecorator =>
  applyDecorators(ApiPropertyOptional({ description, maxLength: idCharsMax }), IsOptional(), IsOpaqueId());

/** Ids that are all different. */
export const OptionalIds = (description: string, idsMax: number): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ description, type: [String], maxItems: idsMax }),
    IsOptional(),
    IsArray(),
    ArrayMaxSize(idsMax),
    IsWithoutRepeats(),
    IsOpaqueId({ each: true }),
  );

export const OneOf = (values: readonly string[], description = ''): PropertyDecorator =>
  applyDecorators(ApiProperty({ enum: [...values], ...described(description) }), IsIn(values));

export const OptionalOneOf = (values: readonly string[], description = ''): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ enum: [...values], ...described(description) }),
    IsOptional(),
    IsIn(values),
  );

const hyphenated = ['WGS-84', 'GCJ-02', 'BD-09'];

/** Also as the standards write them, with a hyphen; kept without it. */
export const OptionalCoordinateSystem = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      enum: [...COORDINATE_SYSTEMS, ...hyphenated],
      default: 'WGS84',
      description: 'WGS84: GPS; GCJ02: AMap, Tencent; BD09: Baidu. With a hyphen they are the same',
    }),
    IsOptional(),
    Transform(({ value }: { value: unknown }): unknown =>
      hyphenated.includes(value as string) ? (value as string).replace('-', '') : value,
    ),
    IsIn(COORDINATE_SYSTEMS),
  );

export const Instant = (description: string): PropertyDecorator =>
  applyDecorators(ApiProperty({ description, format: 'date-time' }), IsInstant());

export const OptionalInstant = (description: string): PropertyDecorator =>
  applyDecorators(ApiPropertyOptional({ description, format: 'date-time' }), IsOptional(), IsInstant());

export const OptionalEvidence = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      type: [String],
      maxItems: evidenceMax,
      description: 'SHA-256 of photos and papers, hexadecimal',
    }),
    IsOptional(),
    IsArray(),
    ArrayMaxSize(evidenceMax),
    IsSha256({ each: true }),
  );

/** Photos of whoever reports it. */
export const OptionalPhotos = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      type: [String],
      maxItems: PHOTOS_OF_REPORT_MAX,
      description:
        'SHA-256 of photos, hexadecimal; sent before or after it: POST /v1/receipts/{receiptCode}/files, POST /v1/files',
    }),
    IsOptional(),
    IsArray(),
    ArrayMaxSize(PHOTOS_OF_REPORT_MAX),
    IsSha256({ each: true }),
  );

/** The reporter's secret. */
export const OptionalReceiptCode = (description: string): PropertyDecorator => OptionalWords(description, 40);

const described = (description: string): { description?: string } =>
  description === '' ? {} : { description };
