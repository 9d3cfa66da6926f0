import { type ThemeConfig, theme } from 'antd'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { create } from 'zustand'
import { recall, remember } from '../shared/storage'

export type ThemeChoice = 'system' | 'light' | 'dark'

const KEY = 'cuedesk:theme'
const prefersDark = window.matchMedia('(prefers-color-scheme: dark)')
const prefersCalm = window.matchMedia('(prefers-reduced-motion: reduce)')

function stored(): ThemeChoice {
  const choice = recall(KEY)
  return choice === 'light' || choice === 'dark' ? choice : 'system'
}

export const useThemeChoice = create<{ choice: ThemeChoice; choose: (choice: ThemeChoice) => void }>(
  (set) => ({
    choice: stored(),
    choose: (choice) => {
      remember(KEY, choice)
      set({ choice })
    },
  }),
)

function useMatches(query: MediaQueryList): boolean {
  return useSyncExternalStore(
    (changed) => {
      query.addEventListener('change', changed)
      return () => query.removeEventListener('change', changed)
    },
    () => query.matches,
  )
}

/** antd's theme made of the tokens of tokens.css; sets `data-theme` on the document, which switches those. */
export function useAntdTheme(): ThemeConfig {
  const { choice } = useThemeChoice()
  const systemIsDark = useMatches(prefersDark)
  const calm = useMatches(prefersCalm)
  const dark = choice === 'dark' || (choice === 'system' && systemIsDark)
  useEffect(() => {
    document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  }, [dark])
  return useMemo(() => {
    document.documentElement.dataset.theme = dark ? 'dark' : 'light'
    const style = getComputedStyle(document.documentElement)
    const token = (name: string) => style.getPropertyValue(`--${name}`).trim() || undefined
    const colours = {
      colorPrimary: token('primary'),
      // The one antd mixes for light is too pale for words, and for white words on it.
      colorPrimaryHover: dark ? undefined : token('primary-hover'),
      colorInfo: token('writing'),
      colorSuccess: token('approve'),
      colorWarning: token('pending'),
      colorError: token('reject'),
      // Tints of our own: antd's are mixed for its paler colours and come out muddy from ours.
      colorInfoBg: token('writing-tint'),
      colorSuccessBg: token('approve-tint'),
      colorWarningBg: token('pending-tint'),
      colorErrorBg: token('reject-tint'),
      // antd's paler colour under the pointer cannot be read on a row's tint: the line below says it instead.
      colorLink: token('writing'),
      colorLinkHover: token('writing'),
      colorText: token('text'),
      colorTextSecondary: token('text-2'),
      colorTextTertiary: token('text-2'),
      colorTextDescription: token('text-2'),
      colorTextPlaceholder: token('text-2'),
      colorBgLayout: token('surface'),
      colorBgContainer: token('panel'),
      colorBgElevated: token('raised'),
      colorBorder: token('border'),
      colorBorderSecondary: token('line'),
      colorSplit: token('line'),
    }
    const known = Object.fromEntries(Object.entries(colours).filter(([, value]) => value !== undefined))
    return {
      algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
      token: {
        ...known,
        // Not its value: the language may change under it.
        fontFamily: 'var(--font)',
        fontSize: 14,
        borderRadius: 8,
        controlOutlineWidth: 3,
        linkHoverDecoration: 'underline',
        motion: !calm,
      },
      components: {
        // White on the dark theme's pale red cannot be read.
        Button: {
          // Words on a button: in the dark, antd's colour under the pointer cannot be read.
          ...(dark ? { defaultHoverColor: token('writing'), defaultHoverBorderColor: token('writing') } : {}),
          dangerColor: dark ? token('surface') : '#fff',
          primaryShadow: 'none',
          defaultShadow: 'none',
          dangerShadow: 'none',
          fontWeight: 500,
        },
        // As round as the rest, a box is taken for a radio.
        Checkbox: { borderRadiusSM: 3 },
        Table: { cellPaddingBlock: 10 },
        // antd's rail cannot be told from the page, and its handle not from a dark one.
        Slider: {
          railBg: token('border'),
          railHoverBg: token('border'),
          trackBg: token('writing'),
          trackHoverBg: token('writing'),
          handleColor: token('writing'),
        },
      },
    } satisfies ThemeConfig
  }, [dark, calm])
}
