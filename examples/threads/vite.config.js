import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` hands /copilotkit to the server, so that the page and the runtime share an origin.
export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/copilotkit": "http://127.0.0.1:8000" } },
  build: { chunkSizeWarningLimit: 100_000, reportCompressedSize: false },
});
