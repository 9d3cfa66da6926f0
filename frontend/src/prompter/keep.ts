import type { PrompterState } from '../generated/protocol'
import { isPaired } from './api'
import type { Doing } from './lead'

/** What a display needs to go on without a network: the last script of a room and the place in it. */
export interface Kept {
  readonly room: string
  readonly name: string
  readonly state: PrompterState
  readonly position: number
  readonly epoch: string | undefined
  /** What was done with the text. */
  readonly doing?: Doing
}

/** What a person's page kept: whoever signs out anywhere in this browser deletes it (`shared/storage.ts`). */
const PERSONS = 'cuedesk-prompter'
/** A paired display belongs to nobody: its own goes when the room takes it back. */
const NAME = isPaired ? 'cuedesk-paired' : PERSONS
let left = false

const STORE = 'rooms'

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'room' })
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

function ask<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return open().then(
    (database) =>
      new Promise<T>((resolve, reject) => {
        const transaction = database.transaction(STORE, mode)
        const request = act(transaction.objectStore(STORE))
        transaction.oncomplete = () => {
          database.close()
          resolve(request.result)
        }
        transaction.onabort = () => {
          database.close()
          reject(transaction.error)
        }
      }),
  )
}

/** Do as far as it goes: a browser that refuses to store (private window) only loses the offline start. */
const attempt = <T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>) =>
  (left ? Promise.resolve(undefined) : ask(mode, act)).catch(console.warn as () => undefined)

/** Remember. */
export const keep = (kept: Kept): Promise<unknown> => attempt('readwrite', (store) => store.put(kept))

export const kept = (room: string): Promise<Kept | undefined> =>
  attempt('readonly', (store) => store.get(room) as IDBRequest<Kept | undefined>)

/** Forget a room that is gone or not ours any more. */
export const forget = (room: string): Promise<unknown> => attempt('readwrite', (store) => store.delete(room))

/** The person of this page is signed in no more: nothing of theirs stays here, and nothing is added. */
export function leave(): void {
  if (isPaired) return
  left = true
  indexedDB.deleteDatabase(PERSONS)
}
