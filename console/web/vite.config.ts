import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { fontFiles } from "./build/font-files.ts";

// The built page is committed and shipped with the server: names of files depend on nothing but their content.
export default defineConfig({
  base: "/-/console/",
  plugins: [fontFiles(), react()],
  build: {
    outDir: "../../src/farshore/console/dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    license: { fileName: "third-party-licenses.md" },
    rolldownOptions: {
      output: {
        // What changes only with a dependency stays in a file of its own, so that browsers and git keep it.
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/, priority: 2 },
            { name: "vendor", test: /node_modules[\\/]/, priority: 1 },
          ],
        },
      },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
