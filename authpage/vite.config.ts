/** How the pages are built: three entries, hashed assets, nothing inlined (the Content-Security-Policy forbids it). */

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { commonPasswords } from "./build/common-passwords.ts";

export default defineConfig({
  plugins: [react(), commonPasswords()],
  build: {
    target: ["chrome111", "edge111", "firefox114", "safari16.4"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" },
    // The OPAQUE client carries its WebAssembly inside; it is a chunk of its own, fetched when a field is focused.
    chunkSizeWarningLimit: 500,
    rolldownOptions: {
      // The demo application and the mailbox are entries of their own, so that no production page carries them.
      input: { index: "index.html", demo: "demo.html", mailbox: "mailbox.html" },
      output: {
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler)\// },
            { name: "shared", test: /src\/(ui\/mark|api\/problem|api\/request)\.tsx?$/ },
            { name: "opaque", test: /node_modules\/@serenity-kit\// },
          ],
        },
      },
    },
  },
  test: { include: ["src/**/*.test.ts"] },
});
