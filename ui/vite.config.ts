import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  base: "./", // wherever the server is mounted
  plugins: [react()],
  resolve: { dedupe: ["react", "react-dom"] }, // two of them break hooks
  build: {
    outDir: "dist",
    target: "es2023",
    chunkSizeWarningLimit: 100_000, // a test weighs the files
    reportCompressedSize: false,
    modulePreload: { polyfill: false }, // it would be an inline script
  },
});
