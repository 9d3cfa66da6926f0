import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'

afterEach(cleanup)
// A dialog that is drawn on a busy machine takes longer than a second.
configure({ asyncUtilTimeout: 20_000 })

class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
  takeRecords() {
    return []
  }
}

// What jsdom lacks and antd needs.
Object.assign(globalThis, { ResizeObserver: Observer, IntersectionObserver: Observer })
Object.defineProperty(window, 'matchMedia', {
  value: (query: string) => ({
    matches: false,
    media: query,
    addEventListener() {},
    removeEventListener() {},
    addListener() {},
    removeListener() {},
  }),
})
