import { createRoot } from 'react-dom/client'
import '../shared/tokens.css'
import './pair.css'
import { App } from './App'

// As light or dark as the device is.
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => {
  document.documentElement.dataset.theme = dark.matches ? 'dark' : 'light'
}
follow()
dark.addEventListener('change', follow)

const root = document.getElementById('root')
if (root) createRoot(root).render(<App />)
