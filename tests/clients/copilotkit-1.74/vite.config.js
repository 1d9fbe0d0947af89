import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { readme } from "./readme.js";

export default defineConfig({
  plugins: [react(), readme()],
  // The scenarios of the 1.10 page serve the v1-compatible one as they stand, on our packages.
  resolve: {
    dedupe: ["@copilotkit/react-core", "@copilotkit/react-ui", "react", "react-dom"],
  },
  build: {
    chunkSizeWarningLimit: 100_000,
    reportCompressedSize: false,
    rollupOptions: { input: ["index.html", "v1.html", "readme.html"] },
  },
});
