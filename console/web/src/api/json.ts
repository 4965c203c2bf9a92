/** Members of JSON answers, read with what they may lack in mind. */

export type Members = Readonly<Record<string, unknown>>;

export function object(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

export function objects(value: unknown): Members[] {
  return Array.isArray(value) ? (value as unknown[]).map(object) : [];
}

/** undefined for what is no text, and for empty text. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? (value as unknown[]).filter((each) => typeof each === "string") : [];
}

export function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

export function date(value: unknown): Date | undefined {
  return typeof value === "string" ? new Date(value) : undefined;
}
