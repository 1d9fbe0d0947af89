import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

// In development this server hands /copilotkit to the runtime, so that both share an origin.
export default defineConfig(({ mode }) => {
  const { RUNTIME_URL = "http://127.0.0.1:8000" } = loadEnv(mode, "..", "RUNTIME_");
  return {
    plugins: [react()],
    server: { host: "127.0.0.1", proxy: { "/copilotkit": RUNTIME_URL } },
    build: { chunkSizeWarningLimit: 100_000, reportCompressedSize: false },
  };
});
