/** Where the page is: a path below /-/console, and a query. Links are ordinary links. */

import { useSyncExternalStore } from "react";

export const BASE = "/-/console";
const CHANGED = "farshore-navigated";

export interface Place {
  /** Below the base, with a leading slash, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export type QueryValues = Readonly<Record<string, string | number | boolean | undefined>>;

/** The address of a place in the console. False and undefined values are left out of the query. */
export function href(path: string, query: QueryValues = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== false) parameters.set(name, value === true ? "1" : String(value));
  }
  const text = parameters.toString();
  return `${BASE}${path}${text ? `?${text}` : ""}`;
}

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (options.replace) window.history.replaceState(null, "", to);
  else window.history.pushState(null, "", to);
  window.dispatchEvent(new Event(CHANGED));
  if (!options.replace) window.scrollTo(0, 0);
}

export function usePlace(): Place {
  return placeOf(useSyncExternalStore(subscribe, currentHref));
}

export function placeOf(address: string): Place {
  const url = new URL(address);
  const path = url.pathname.startsWith(BASE) ? url.pathname.slice(BASE.length) : url.pathname;
  return { path: path === "" ? "/" : path, query: url.searchParams };
}

/** Match "/buckets/:bucket" and give its parameters decoded; undefined when it does not match. */
export function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const parts = path.replace(/\/$/, "").split("/");
  if (wanted.length !== parts.length) return undefined;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const given = parts[index] ?? "";
    if (part.startsWith(":")) found[part.slice(1)] = decodeURIComponent(given);
    else if (part !== given) return undefined;
  }
  return found;
}

/** Let plain clicks on links into the console change the place without loading the page again. */
export function followLinks(): () => void {
  const onClick = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = event.target instanceof Element ? event.target.closest("a") : null;
    if (!anchor || (anchor.target && anchor.target !== "_self") || anchor.hasAttribute("download")) return;
    if (anchor.origin !== window.location.origin || !anchor.pathname.startsWith(`${BASE}/`)) return;
    if (anchor.getAttribute("aria-disabled") === "true") return;
    event.preventDefault();
    navigate(anchor.href);
  };
  document.addEventListener("click", onClick);
  return () => document.removeEventListener("click", onClick);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener);
  window.addEventListener(CHANGED, listener);
  return () => {
    window.removeEventListener("popstate", listener);
    window.removeEventListener(CHANGED, listener);
  };
}

function currentHref(): string {
  return window.location.href;
}
