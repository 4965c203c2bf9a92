/** Sizes, times and counts as text. */

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

/** "1.5 KB": 1,024 bytes a KB, one decimal, as the S3 console shows sizes. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${UNITS[unit]}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** "November 24, 2025, 23:14:05 (UTC+01:00)", in the zone of the browser. */
export function formatTime(moment: Date | undefined): string {
  if (!moment || Number.isNaN(moment.getTime())) return "-";
  const day = moment.toLocaleDateString("en-US", { year: "numeric", month: "long", day: "numeric" });
  const time = moment.toLocaleTimeString("en-GB");
  return `${day}, ${time} (UTC${zone(moment)})`;
}

function zone(moment: Date): string {
  const minutes = -moment.getTimezoneOffset();
  const sign = minutes < 0 ? "-" : "+";
  const pad = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, "0");
  return `${sign}${pad(minutes / 60)}:${pad(minutes % 60)}`;
}

/** "3 min 20 s": the two largest units of a duration. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return seconds <= 0 ? "0 s" : `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`;
  const steps: readonly [number, string][] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const [size, unit] of steps) {
    const count = Math.floor(rest / size);
    if (count > 0 || parts.length > 0) parts.push(`${count} ${unit}`);
    rest -= count * size;
    if (parts.length === 2) break;
  }
  return parts.filter((part) => !part.startsWith("0 ")).join(" ");
}
