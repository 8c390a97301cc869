/**
 * The routes of the server, kept beside Fastify's router, which does not tell which methods a path would have taken.
 * Asked only for requests that no route took.
 */
export class RouteTable {
  private readonly routes: { readonly method: string; readonly segments: readonly string[] }[] = [];

  /** `pattern` as Fastify spells it: `/v1/incidents/:id`. */
  add(methods: string | readonly string[], pattern: string): void {
    for (const method of typeof methods === 'string' ? [methods] : methods) {
      this.routes.push({ method, segments: pattern.split('/') });
    }
  }

  /** The methods that some route offers at this path, sorted. */
  methodsAt(path: string): string[] {
    const segments = path.split('/');
    const methods = this.routes
      .filter((route) => matches(route.segments, segments))
      .map((route) => route.method);
    return [...new Set(methods)].sort();
  }
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  // Catch-all routes (the documentation's static files) would claim every path.
  if (pattern.length !== path.length || pattern.includes('*')) return false;
  return pattern.every((segment, index) => segment.startsWith(':') || segment === path[index]);
}
