import { saveText } from '../ui/save-text.ts'

/** Comma-separated values (RFC 4180) that spreadsheets open without running anything. */
export function toCsv(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => row.map(cell).join(',') + '\r\n').join('')
}

/** A name may begin like a formula; an apostrophe before it makes it text. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Hands a text to the browser's downloads. The mark at the front tells spreadsheets that it is UTF-8. */
export function downloadCsv(name: string, csv: string): void {
  saveText(name, `\ufeff${csv}`, 'text/csv')
}
