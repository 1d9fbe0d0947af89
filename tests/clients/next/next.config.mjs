// A page and its runtime on one origin, as Next.js's docs do it: no CORS, no second address.
export default {
  rewrites: async () => [
    { source: "/api/copilotkit", destination: `${process.env.RUNTIME}/copilotkit` },
    { source: "/api/copilotkit/:path*", destination: `${process.env.RUNTIME}/copilotkit/:path*` },
  ],
};
