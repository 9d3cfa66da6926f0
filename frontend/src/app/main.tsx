import { createRoot } from 'react-dom/client'
import '../i18n'
import '../shared/tokens.css'
import './app.css'
import { App } from './App'

const root = document.getElementById('root')
if (root) createRoot(root).render(<App />)
