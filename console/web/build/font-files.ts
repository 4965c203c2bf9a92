import { createHash } from "node:crypto";
import type { Plugin } from "vite";

const EMBEDDED = /url\('data:font\/woff2;base64,([A-Za-z0-9+/=]+)'\)/g;

/**
 * Take the fonts that Cloudscape's style sheet embeds out into files, so that a browser loads only the weights that a
 * page shows, and the Content-Security-Policy need not allow `data:` fonts.
 */
export function fontFiles(): Plugin {
  return {
    name: "font-files",
    apply: "build",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("global-styles") || !id.endsWith(".css")) return null;
      return code.replace(EMBEDDED, (_match, base64: string) => {
        const source = Buffer.from(base64, "base64");
        const digest = createHash("sha256").update(source).digest("hex").slice(0, 8);
        const reference = this.emitFile({ type: "asset", name: `font-${digest}.woff2`, source });
        return `url(__VITE_ASSET__${reference}__)`;
      });
    },
  };
}
