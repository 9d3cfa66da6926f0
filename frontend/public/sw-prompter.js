// Keeps the teleprompter's page and its files on the device, so that it opens without a network.
// The scripts themselves are kept by the page in IndexedDB.
const CACHE = 'cuedesk-prompter-2'
const PAGE = '/prompter.html'
const NETWORK_MS = 3000

/** Store the page with the files it names, and drop those of older builds. */
async function store(response) {
  const html = await response.clone().text()
  const cache = await caches.open(CACHE)
  // A set: a file is named in several places and ways, and the cache refuses one that is asked for twice.
  const files = new Set(
    [...html.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css|svg))"/g)].map((match) => match[1]),
  )
  // A set that grows is walked to its end: what is fetched after the first paint is named in a script.
  for (const file of files) {
    if (!(await cache.match(file))) await cache.add(file)
    if (!file.endsWith('.js')) continue
    const script = await (await cache.match(file)).text()
    for (const [, name] of script.matchAll(/["'`](?:\.\/|\/?assets\/)([\w-]+\.(?:js|css))["'`]/g))
      files.add(`/assets/${name}`)
  }
  await cache.put(PAGE, response)
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url)
    if (pathname !== PAGE && !files.has(pathname)) await cache.delete(request)
  }
}

async function page(event) {
  const network = fetch(event.request)
  event.waitUntil(
    network
      .then((response) => {
        if (response.ok && !response.redirected) return store(response.clone())
      })
      .catch(() => undefined),
  )
  const kept = await caches.match(PAGE, { cacheName: CACHE })
  if (!kept) return network
  const late = new Promise((resolve) => setTimeout(resolve, NETWORK_MS, kept))
  const answer = network.then((response) => (response.status >= 500 ? kept : response)).catch(() => kept)
  return Promise.race([answer, late])
}

async function file(request) {
  return (await caches.match(request, { cacheName: CACHE })) ?? fetch(request)
}

self.addEventListener('install', (event) => {
  event.waitUntil(
    fetch(PAGE, { cache: 'reload' }).then((response) => {
      if (!response.ok) throw new Error(`${PAGE}: ${response.status}`)
      return store(response)
    }),
  )
  self.skipWaiting()
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith('cuedesk-prompter-') && name !== CACHE))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (request.mode === 'navigate' && url.pathname === PAGE) event.respondWith(page(event))
  else if (url.pathname.startsWith('/assets/') || url.pathname === '/icon.svg')
    event.respondWith(file(request))
})
