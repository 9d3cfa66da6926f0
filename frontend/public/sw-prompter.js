// Keeps the teleprompter's page and its files on the device, so that it opens without a network.
// The scripts themselves are kept by the page in IndexedDB.
const CACHE = 'cuedesk-prompter-2'
const PAGE = '/prompter.html'
const NETWORK_MS = 3000

/** Store the page with the files it names, and drop those of older builds. */
async function store(response) {
  const html = await response.clone().text()
  const files = [...html.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css|svg))"/g)].map((match) => match[1])
  const cache = await caches.open(CACHE)
  const add = async (wanted) => {
    const missing = []
    for (const file of wanted) if (!(await cache.match(file))) missing.push(file)
    await cache.addAll(missing)
  }
  await add(files)
  // What the page fetches after its first paint is named in its own script, which the page names first.
  const script = await (await cache.match(files.find((name) => name.endsWith('.js')))).text()
  const later = [...script.matchAll(/["'`](?:\.\/|\/?assets\/)([\w-]+\.js)["'`]/g)].map(
    (match) => `/assets/${match[1]}`,
  )
  files.push(...later.filter((file) => !files.includes(file)))
  await add(files)
  await cache.put(PAGE, response)
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url)
    if (pathname !== PAGE && !files.includes(pathname)) await cache.delete(request)
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
