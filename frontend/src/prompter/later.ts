/** What a display does not need for its first paint, in a chunk of its own that it fetches right after it. */
export { watchGamepad } from './gamepad'
export { listen } from './gestures'
export { Menu } from './Menu'
