/** Where a text stops being JSON: browsers' parsers say what is wrong, but not always where. */

const SPACE = /[ \t\r\n]*/y;
const SCALAR =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const KEY = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/** The offset of the first character that does not fit; undefined when all is JSON. */
export function jsonErrorAt(text: string): number | undefined {
  const reader = new Reader(text);
  if (!reader.value()) return reader.at;
  reader.skip(SPACE);
  return reader.at === text.length ? undefined : reader.at;
}

class Reader {
  at = 0;

  constructor(private readonly text: string) {}

  value(): boolean {
    this.skip(SPACE);
    if (this.take("{")) return this.members("}", () => this.key() && this.value());
    if (this.take("[")) return this.members("]", () => this.value());
    return this.skip(SCALAR);
  }

  skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return false;
    this.at += found[0].length;
    return true;
  }

  private members(end: string, one: () => boolean): boolean {
    this.skip(SPACE);
    if (this.take(end)) return true;
    for (;;) {
      if (!one()) return false;
      this.skip(SPACE);
      if (this.take(end)) return true;
      if (!this.take(",")) return false;
    }
  }

  private key(): boolean {
    this.skip(SPACE);
    if (!this.skip(KEY)) return false;
    this.skip(SPACE);
    return this.take(":");
  }

  private take(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }
}
