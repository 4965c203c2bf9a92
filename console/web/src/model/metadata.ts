/**
 * An object's metadata as rows of a form. Free of React.
 *
 * Source: S3 User Guide, "Working with object metadata"; a request's headers hold no other characters.
 */

export const USER_PREFIX = "x-amz-meta-";

/** System-defined metadata that users may set. */
export const SYSTEM_NAMES = [
  "Cache-Control",
  "Content-Disposition",
  "Content-Encoding",
  "Content-Language",
  "Content-Type",
  "Expires",
  "x-amz-website-redirect-location",
] as const;

export interface MetadataRow {
  readonly type: "system" | "user";
  /** One of SYSTEM_NAMES, or what follows the prefix of user-defined metadata. */
  readonly name: string;
  readonly value: string;
}

export interface RowProblem {
  readonly name?: string;
  readonly value?: string;
}

/** What a row lacks, row by row; undefined for one that can be sent. */
export function rowProblems(rows: readonly MetadataRow[]): (RowProblem | undefined)[] {
  const names = rows.map((row) => headerName(row));
  return rows.map((row, index) => {
    const name =
      nameProblem(row) ?? (names.indexOf(headerName(row)) < index ? "This key is there already." : undefined);
    const value = valueProblem(row);
    return name || value ? { ...(name && { name }), ...(value && { value }) } : undefined;
  });
}

function nameProblem({ type, name }: MetadataRow): string | undefined {
  if (name === "") return type === "system" ? "Choose a key." : "Enter a key.";
  if (type === "user" && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return "Use letters, digits and hyphens.";
  return undefined;
}

function valueProblem({ value }: MetadataRow): string | undefined {
  if (value.trim() === "") return "Enter a value.";
  return /^[ -~]*$/.test(value) ? undefined : "Use printable ASCII characters.";
}

/** The headers that say it, in lower case. */
export function metadataHeaders(rows: readonly MetadataRow[]): Record<string, string> {
  return Object.fromEntries(rows.map((row) => [headerName(row), row.value.trim()]));
}

/** S3 keeps names of user-defined metadata in lower case. */
function headerName({ type, name }: MetadataRow): string {
  return (type === "user" ? USER_PREFIX + name : name).toLowerCase();
}

/** Rows of what a HEAD told. */
export function metadataRows(head: {
  readonly systemMetadata: Readonly<Record<string, string>>;
  readonly userMetadata: Readonly<Record<string, string>>;
}): MetadataRow[] {
  return [
    ...Object.entries(head.systemMetadata).map(([name, value]) => ({ type: "system" as const, name, value })),
    ...Object.entries(head.userMetadata).map(([name, value]) => ({ type: "user" as const, name, value })),
  ];
}
