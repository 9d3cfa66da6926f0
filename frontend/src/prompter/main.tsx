import { createRoot } from 'react-dom/client'
import { App } from './App'
import './prompter.css'

const root = document.getElementById('root')
if (root) createRoot(root).render(<App />)

// Serves this page when the network is gone; only over https or on this machine, and not while developing.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  navigator.serviceWorker.register('/sw-prompter.js', { scope: '/prompter.html' }).catch(console.warn)
}
