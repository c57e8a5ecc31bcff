import { Moon, Sun, SunMoon } from 'lucide-react'
import { changeSettings, useSettings } from './settings.ts'

const next = { auto: 'light', light: 'dark', dark: 'auto' } as const
const names = { auto: 'as the system', light: 'light', dark: 'dark' }

export function ThemeButton() {
  const { theme } = useSettings()
  const Icon = { auto: SunMoon, light: Sun, dark: Moon }[theme]
  const label = `Colours: ${names[theme]}. Switch to ${names[next[theme]]}`
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={() => changeSettings({ theme: next[theme] })}
    >
      <Icon size={18} aria-hidden />
    </button>
  )
}
