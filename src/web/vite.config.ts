import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const server = process.env['SLUICE_SERVER'] ?? 'http://127.0.0.1:4443'

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: { 'sluice-client': fileURLToPath(new URL('../sdk/index.ts', import.meta.url)) },
  },
  server: {
    proxy: {
      '/ws': { target: server, ws: true },
      // Not all of /api: the app's own folder of that name is served from here.
      '^/api/(v1|docs)': { target: server },
      '/mails': { target: server },
      '/healthz': { target: server },
    },
  },
  build: {
    // The content security policy of the server allows no data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
})
