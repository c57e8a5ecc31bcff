/** What somebody agrees to, in the words of the thing itself rather than of a lawyer. */
export function WhatIsKept() {
  return (
    <details className="kept">
      <summary>What is kept about me?</summary>
      <ul>
        <li>Your name and e-mail address. Your password only as a hash that cannot be turned back.</li>
        <li>Where and when you logged in: time, network address and browser.</li>
        <li>The meetings and calls you made or took part in, with times.</li>
        <li>
          Recordings of them, where somebody records: what you said and showed, and that you were there.
        </li>
      </ul>
      <p>It stays on this server. You can take a copy of it and delete your account at any time.</p>
    </details>
  )
}
