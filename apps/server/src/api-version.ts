/** Version of the API in its OpenAPI and AsyncAPI documents. */
export const apiVersion = '1';
