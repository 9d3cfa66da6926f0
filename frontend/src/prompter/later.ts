/** What a display does not need for its first paint, in a chunk of its own that it fetches right after it. */

export { Extras, Lock, Waiting } from './Extras'
export { listen } from './gestures'
export { press, watchPad } from './hands'
export { Times } from './Times'
