import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { crypto: fileURLToPath(new URL("src/crypto.js", import.meta.url)) } },
  build: { chunkSizeWarningLimit: 10_000, reportCompressedSize: false },
});
