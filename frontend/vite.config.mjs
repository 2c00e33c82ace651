// Builds into the folder that the console serves. Names are fixed, because pages add a digest of the content themselves;
// parts that are loaded on demand carry it in their name.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import { defineConfig } from "vite";

const OUT = "../daumoi/console/static/built";
const WORTH_BYTES = 1024;

/** Puts a packed copy beside each text, which the console sends to whoever takes it. */
function packed() {
  return {
    name: "packed",
    closeBundle() {
      for (const entry of readdirSync(OUT, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(js|css|svg)$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        const content = readFileSync(path);
        if (content.length >= WORTH_BYTES) writeFileSync(`${path}.gz`, gzipSync(content, { level: constants.Z_BEST_COMPRESSION }));
      }
    },
  };
}

export default defineConfig({
  base: "/static/built/",
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    chunkSizeWarningLimit: 1200,
    // Nothing is set inline into a page: its rules forbid that.
    assetsInlineLimit: 0,
    rollupOptions: {
      input: { shell: "src/shell.ts", passkeys: "src/passkeys.ts", charts: "src/charts.ts", wall: "src/wall.ts" },
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "parts/[name]-[hash].js",
        assetFileNames: "[name][extname]",
      },
    },
  },
  plugins: [packed()],
});
