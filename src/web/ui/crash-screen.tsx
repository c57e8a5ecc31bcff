import { Component, type ReactNode } from 'react'

/** What people see instead of an empty page when a fault of the app itself ends it. */
export class CrashScreen extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false }

  static getDerivedStateFromError() {
    return { crashed: true }
  }

  override render() {
    if (!this.state.crashed) return this.props.children
    return (
      <main className="page end" data-testid="end-screen" data-reason="crashed">
        <h1>Something broke</h1>
        <p className="lead">This is a fault of the app, not yours. Loading the page again usually helps.</p>
        <button type="button" className="button primary large" onClick={() => location.reload()}>
          Load again
        </button>
      </main>
    )
  }
}
