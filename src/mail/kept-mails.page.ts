import { html, linked, raw, type Html } from '../lib/html.ts'
import type { KeptMail } from './kept-mails.ts'

/** Pages for who tries Sluice out without a mail server. No scripts: the server's security policy holds here too. */

export const mailsPath = '/mails'

export function listPage(mails: readonly KeptMail[]): Html {
  return page({
    title: 'Mails',
    body: html`
      <header>
        <h1>Mails</h1>
        <a class="button" href="${mailsPath}">Look again</a>
      </header>
      <p class="note">
        This server has no mail server, so it keeps mails here instead of sending them. Only this machine sees
        this page, and only in development mode.
      </p>
      ${
        mails.length === 0
          ? html`<p class="empty">No mail yet. Register, or invite somebody, and it will be here.</p>`
          : html`<ol class="mails">
              ${mails.map(
                ({ name, subject, to, createdAt }) =>
                  html`<li>
                    <a href="${mailsPath}/${name}">
                      <span class="subject">${subject}</span>
                      <span class="to">to ${to}</span>
                      <time datetime="${createdAt}">${timeText(createdAt)}</time>
                    </a>
                  </li>`,
              )}
            </ol>`
      }
    `,
  })
}

export function mailPage(mail: KeptMail): Html {
  const { name, subject, to, kind, createdAt, text, attachments = [] } = mail
  const path = `${mailsPath}/${name}`
  return page({
    title: subject,
    body: html`
      <header>
        <h1>${subject}</h1>
        <a class="button" href="${mailsPath}">All mails</a>
      </header>
      <dl>
        <dt>To</dt>
        <dd>${to}</dd>
        <dt>Kind</dt>
        <dd>${kind}</dd>
        <dt>Time</dt>
        <dd><time datetime="${createdAt}">${timeText(createdAt)}</time></dd>
        ${
          attachments.length === 0
            ? ''
            : html`<dt>Attached</dt>
                <dd>
                  ${attachments.map(
                    ({ filename }, index) =>
                      html`<a href="${path}/attachments/${index}" download="${filename}">${filename}</a> `,
                  )}
                </dd>`
        }
      </dl>
      <section aria-label="Text">
        <h2>Text</h2>
        <pre>${linked(text)}</pre>
      </section>
      ${
        mail.html === undefined
          ? ''
          : html`<section aria-label="HTML">
              <h2>HTML</h2>
              <iframe
                title="The mail as HTML"
                src="${path}/html"
                sandbox="allow-popups allow-popups-to-escape-sandbox"
              ></iframe>
            </section>`
      }
    `,
  })
}

/** The mail's own HTML, for a frame that may do nothing but open links in new tabs. */
export function framedHtml(mailHtml: string): string {
  return `<!doctype html><meta charset="utf-8"><base target="_blank">${mailHtml}`
}

/** What the frame may do, also when somebody opens its address by itself. */
export const framedPolicy =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"

function page({ title, body }: { title: string; body: Html }): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · Sluice</title>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="${mailsPath}/style.css" />
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`
}

/** Like 2026-11-20 14:05:07 UTC: the same wherever the reader is. */
function timeText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

export const style = raw(`
:root {
  color-scheme: light dark;
  --paper: light-dark(#f2f6f5, #0a1416);
  --surface: light-dark(#fff, #101d20);
  --line: light-dark(#d5e0df, #23383c);
  --ink: light-dark(#0c2126, #e9f2f1);
  --soft: light-dark(#486065, #9fb5b7);
  --accent: light-dark(#0b6570, #56cbc8);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
  color: var(--ink);
  background: var(--paper);
}
*, *::before, *::after { box-sizing: border-box; }
body { margin: 0; }
main { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0.5rem 1rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; letter-spacing: -0.02em; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 0.5rem; font-size: 0.9rem; color: var(--soft); font-weight: 600; }
a { color: var(--accent); }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.button {
  padding: 0.5rem 0.9rem; border: 1px solid var(--line); border-radius: 10px; background: var(--surface);
  text-decoration: none; font-weight: 600;
}
.note { color: var(--soft); max-width: 40rem; }
.empty { padding: 2.5rem 1rem; border: 1px dashed var(--line); border-radius: 14px; text-align: center; color: var(--soft); }
.mails { list-style: none; margin: 1.5rem 0; padding: 0; border: 1px solid var(--line); border-radius: 14px; overflow: hidden; background: var(--surface); }
.mails li + li { border-top: 1px solid var(--line); }
.mails a { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; padding: 0.8rem 1rem; color: inherit; text-decoration: none; }
.mails a:hover { background: var(--paper); }
.mails a:focus-visible { outline-offset: -2px; }
.mails .subject { font-weight: 600; color: var(--accent); overflow-wrap: anywhere; }
.mails .to { grid-row: 2; color: var(--soft); overflow-wrap: anywhere; }
.mails time { color: var(--soft); font-size: 0.85rem; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0.2rem 1rem; margin: 1.25rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
pre, iframe { width: 100%; margin: 0; border: 1px solid var(--line); border-radius: 14px; }
pre { padding: 1rem; background: var(--surface); font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
iframe { display: block; height: 32rem; background: #fff; color-scheme: light; }
@media (max-width: 30rem) {
  .mails a { grid-template-columns: 1fr; }
  .mails .to, .mails time { grid-row: auto; }
}
`)
