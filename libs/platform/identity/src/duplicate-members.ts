const WHITE = /\s/;

/**
 * True when the object that this JSON text holds names a member twice at its outermost level. `JSON.parse` takes the last
 * one silently; whoever looked at the token before us may have taken the first (RFC 7519, section 4).
 * @param json text that `JSON.parse` takes
 */
export function hasDuplicateMembers(json: string): boolean {
  const names = new Set<string>();
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const char = json[at];
    if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    else if (char === '"') {
      const end = endOfText(json, at);
      if (depth === 1 && isName(json, end)) {
        // Two spellings of one name, such as "r\u006fles", are the same name.
        const name = JSON.parse(json.slice(at, end)) as string;
        if (names.has(name)) return true;
        names.add(name);
      }
      at = end - 1;
    }
  }
  return false;
}

/** Behind the closing quote of the text that opens at `start`. */
function endOfText(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isName(json: string, after: number): boolean {
  let at = after;
  while (WHITE.test(json[at] ?? '')) at += 1;
  return json[at] === ':';
}
