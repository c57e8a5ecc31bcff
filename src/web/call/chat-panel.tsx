import { Lock, MessageSquare, SendHorizontal } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, useState, type FormEvent } from 'react'
import type { ChatMessage } from './call.ts'
import { longestMessage } from './chat-limits.ts'
import { splitLinks } from './links.ts'
import { SidePanel } from './panel.tsx'

interface ChatPanelProps {
  readonly messages: readonly ChatMessage[]
  /** Why the own person may not write now; undefined: it may. */
  readonly barrier: string | undefined
  readonly onSend: (text: string) => void
  readonly onClose: () => void
}

/** Messages by the same person within this time share one heading. */
const sameBreath = 3 * 60_000

export function ChatPanel({ messages, barrier, onSend, onClose }: ChatPanelProps) {
  const [text, setText] = useState('')
  const list = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const form = useRef<HTMLFormElement>(null)

  useLayoutEffect(() => {
    const element = list.current
    if (element && atEnd.current) element.scrollTop = element.scrollHeight
  }, [messages.length])
  useEffect(() => {
    const element = list.current
    if (element) element.scrollTop = element.scrollHeight
  }, [])

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const trimmed = text.trim()
    if (trimmed === '' || barrier !== undefined) return
    atEnd.current = true
    onSend(trimmed)
    setText('')
  }

  return (
    <SidePanel title="Chat" onClose={onClose}>
      <div
        className="messages"
        ref={list}
        role="log"
        aria-label="Messages"
        tabIndex={0}
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget
          atEnd.current = scrollHeight - scrollTop - clientHeight < 40
        }}
      >
        {messages.length === 0 ? (
          <div className="empty">
            <MessageSquare size={26} aria-hidden />
            <strong>No messages yet</strong>
            <span>Everybody in the room reads along. Who comes later sees nothing from before.</span>
          </div>
        ) : (
          <ol>
            {messages.map((message, i) => (
              <Message key={message.id} message={message} before={messages[i - 1]} />
            ))}
          </ol>
        )}
      </div>
      {barrier !== undefined && (
        <p className="chat-barrier" role="status">
          <Lock size={16} aria-hidden />
          {barrier}
        </p>
      )}
      <form className="composer" onSubmit={submit} ref={form} hidden={barrier !== undefined}>
        <textarea
          data-testid="chat-input"
          data-first-focus
          rows={1}
          value={text}
          maxLength={longestMessage}
          placeholder="Write to everybody"
          aria-label="Message to everybody"
          enterKeyHint="send"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
            event.preventDefault()
            form.current?.requestSubmit()
          }}
        />
        <button type="submit" className="send" aria-label="Send" title="Send" disabled={text.trim() === ''}>
          <SendHorizontal size={19} aria-hidden />
        </button>
      </form>
    </SidePanel>
  )
}

function Message({ message, before }: { message: ChatMessage; before: ChatMessage | undefined }) {
  const follows = before !== undefined && before.from === message.from && message.at - before.at < sameBreath
  return (
    <li className="message" data-testid="chat-message" data-local={message.local} data-follows={follows}>
      <p className={follows ? 'visually-hidden' : 'message-head'}>
        <strong>{message.local ? 'You' : message.name}</strong>{' '}
        <time dateTime={new Date(message.at).toISOString()}>{clock(message.at)}</time>
      </p>
      <p className="message-text">
        {splitLinks(message.text).map((part, i) =>
          part.href === undefined ? (
            part.text
          ) : (
            <a key={i} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
              {part.text}
            </a>
          ),
        )}
      </p>
    </li>
  )
}

function clock(at: number): string {
  return new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' }).format(at)
}
