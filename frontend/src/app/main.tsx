import { createRoot } from 'react-dom/client'
import { spoken } from '../i18n'
import '../shared/tokens.css'
import './app.css'
import { App } from './App'

const root = document.getElementById('root')
if (root) void spoken.then(() => createRoot(root).render(<App />))
