import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  dispatchAsyncApi,
  dispatchCatalogue,
  dispatchNames,
  dispatchSchemaId,
  dispatchSchemaPath,
  dispatchType,
  isDispatchName,
  publishedDispatchSchema,
} from '@shaoying/incident-contracts';
import { apiVersion } from '../api-version.js';
import { SchemasAnswer, Tells } from './answers.dto.js';
import { anyObject, TellsSchema } from './document-schemas.js';
import { Refused } from './refused.js';

/** What the systems of departments are written against: the shapes of what they are sent. No secret, and nobody's data. */
@ApiTags('schemas')
@Controller('v1')
export class SchemasController {
  @Tells('Every kind of dispatch, and where the JSON Schema of its data is', SchemasAnswer)
  @Get('schemas')
  list(): SchemasAnswer {
    return {
      items: dispatchNames.map((name) => ({
        id: dispatchSchemaId(name),
        type: dispatchType(name),
        title: dispatchCatalogue[name].title,
        description: dispatchCatalogue[name].summary,
        path: dispatchSchemaPath(name),
      })),
    };
  }

  @TellsSchema(
    'The JSON Schema (2020-12) that a dataschema names: of the data of one kind of dispatch',
    ...([anyObject, 'application/schema+json'] as const),
  )
  @Get('schemas/dispatch/:name/:version')
  @Header('Content-Type', 'application/schema+json; charset=utf-8')
  schema(@Param('name') name: string, @Param('version') version: string): object {
    if (!isDispatchName(name) || version !== `v${dispatchCatalogue[name].version}`)
      throw new Refused('SCHEMA_NOT_FOUND');
    return publishedDispatchSchema(name);
  }

  @TellsSchema('AsyncAPI document of the feeds of departments', anyObject)
  @Get('asyncapi.json')
  asyncApi(): object {
    return dispatchAsyncApi(apiVersion);
  }
}
