import { readFileSync } from 'node:fs';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: { target: 'es2022', rollupOptions: { input: JSON.parse(readFileSync('pages.json', 'utf8')) } },
  worker: { format: 'es' },
});
