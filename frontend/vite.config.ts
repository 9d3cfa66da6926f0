import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

const server = process.env.CUEDESK_SERVER ?? 'http://127.0.0.1:8000'

/** Chunks that every entry with parts of its own, or the console's frame, imports by itself. */
const THERE =
  /\/(rolldown-runtime|base|i18next|useTranslation|storage|rest|useBaseQuery|QueryClientProvider|useQuery|AntdIconLight|CheckCircleFilled|CloseCircleFilled|CloseOutlined|InfoCircleFilled|useMergeSemantic|Button|compact-item|useZIndex|ContextIsolator|tooltip|zoom|reducer)-[\w-]+\.js$/

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    manifest: true,
    modulePreload: {
      // A browser that knows no preloading loads the same files a little later: not worth 400 bytes of every page.
      polyfill: false,
      // What a page is shown by is there before a part of it is asked for; to name it with each part costs as much again.
      resolveDependencies: (_, files, { hostType }) =>
        hostType === 'js' ? files.filter((file) => !THERE.test(file)) : files,
    },
    rolldownOptions: {
      input: ['index.html', 'prompter.html', 'remote.html', 'pair.html', 'docs/index.html'],
      output: {
        codeSplitting: {
          // What every page needs, in one file: split up by who imports which, it would be packed worse for each.
          groups: [
            {
              name: 'base',
              test: /node_modules[\\/](react|react-dom|scheduler|zustand)[\\/]|src[\\/]wire[\\/]|preload-helper/,
            },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': server,
      '/ws': { target: server, ws: true },
    },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}', 'tests/**/*.test.{ts,tsx}'],
    setupFiles: ['tests/setup.ts'],
    restoreMocks: true,
    // How long a test takes is the machine's affair.
    testTimeout: 60_000,
  },
})
