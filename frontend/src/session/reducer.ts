import type {
  AnyFrame,
  AnyThreadEvent,
  Clarification,
  InterruptExpired,
  InterruptRaised,
  InterruptResolved,
  InterruptUpdated,
  InterruptView,
  MessageComplete,
  MessageStarted,
  MessageView,
  NodeChanged,
  QualityFeedback,
  RunChanged,
  RunView,
  ScriptView,
  ShowChanged,
  ShowItemChanged,
  ShowPlanned,
  ShowView,
  StepView,
  ThreadSnapshot,
  ToolCall,
  ToolResult,
  ToolView,
} from '../generated/protocol'

/** A thread before its first event. */
export const emptyThread: ThreadSnapshot = {
  seq: 0,
  title: '',
  room_id: null,
  product_id: null,
  host_id: null,
  messages: [],
  runs: [],
  interrupts: [],
  scripts: [],
  show: null,
}

const emptyShow: ShowView = {
  name: '',
  room_id: null,
  starts_at: null,
  total_seconds: 0,
  status: 'draft',
  concurrency: 1,
  items: [],
  progress: {
    total: 0,
    planned: 0,
    queued: 0,
    writing: 0,
    waiting: 0,
    approved: 0,
    rejected: 0,
    failed: 0,
    skipped: 0,
    left_seconds: null,
  },
}

const threadEvents: Record<AnyThreadEvent['type'], true> = {
  run: true,
  message_started: true,
  message_complete: true,
  node: true,
  clarification: true,
  quality_feedback: true,
  interrupt: true,
  interrupt_updated: true,
  interrupt_resolved: true,
  interrupt_expired: true,
  tool_call: true,
  tool_result: true,
  script_finalized: true,
  thread_updated: true,
  show: true,
  show_plan: true,
  show_item: true,
}

/** Whether a frame is a fact of a thread (lane A), known to this page or not: facts are what has a place in its log. */
export function isThreadEvent(frame: AnyFrame): frame is AnyThreadEvent {
  return Object.hasOwn(threadEvents, frame.type) || ('event_id' in frame && typeof frame.seq === 'number')
}

/**
 * The thread after one more event: the twin of `backend/protocol/snapshot.py`, tested to agree with it.
 * An event at or below `seq` was applied before and changes nothing. Unchanged parts keep their identity.
 */
export function apply(thread: ThreadSnapshot, event: AnyThreadEvent): ThreadSnapshot {
  if (event.seq === null || event.seq <= thread.seq) return thread
  return { ...thread, ...changes(thread, event, event.seq), seq: event.seq }
}

function changes(thread: ThreadSnapshot, event: AnyThreadEvent, seq: number): Partial<ThreadSnapshot> {
  switch (event.type) {
    case 'message_started':
    case 'message_complete':
    case 'quality_feedback':
    case 'clarification':
      return { messages: withMessage(thread.messages, event, seq) }
    case 'run':
    case 'node':
    case 'tool_call':
    case 'tool_result':
      return { runs: withRun(thread.runs, event, seq) }
    case 'interrupt':
    case 'interrupt_updated':
    case 'interrupt_resolved':
    case 'interrupt_expired':
      return { interrupts: withInterrupt(thread.interrupts, event, seq) }
    case 'script_finalized': {
      const known = thread.scripts.some((s) => s.script_id === event.script_id && s.version === event.version)
      if (known) return {}
      const { run_id, at, script_id, version, title, content, room_id, product_id, prompter_version } = event
      const place = { seq, run_id, at }
      const script: ScriptView = {
        ...place,
        script_id,
        version,
        title,
        content,
        room_id,
        product_id,
        prompter_version,
      }
      return { scripts: [...thread.scripts, script] }
    }
    case 'thread_updated': {
      const { title, room_id, product_id, host_id } = event
      return { title, room_id, product_id, host_id }
    }
    case 'show':
    case 'show_plan':
    case 'show_item':
      return { show: withShow(thread.show ?? emptyShow, event) }
    default: {
      // A newer server may know more events than this page: its number counts, the rest is ignored.
      const unknown: never = event
      console.warn('unknown thread event', unknown)
      return {}
    }
  }
}

/** Put `changed` in the place of the item with its id, or at the end. */
function upsert<T extends { id: string }>(items: readonly T[], changed: T): T[] {
  const place = items.findIndex((item) => item.id === changed.id)
  return place < 0 ? [...items, changed] : items.with(place, changed)
}

function withMessage(
  messages: MessageView[],
  event: MessageStarted | MessageComplete | QualityFeedback | Clarification,
  seq: number,
): MessageView[] {
  const base: MessageView = messages.find((m) => m.id === event.message_id) ?? {
    seq,
    run_id: event.run_id,
    at: event.at,
    id: event.message_id,
    role: 'assistant',
    agent: null,
    content: '',
    status: 'writing',
    attempt: null,
    author: null,
    usage: null,
    quality: null,
    clarification: null,
  }
  switch (event.type) {
    case 'message_started': {
      const { agent, attempt } = event
      return upsert(messages, { ...base, agent, attempt, status: 'writing', content: '' })
    }
    case 'message_complete': {
      const { role, agent, content, status, author, usage } = event
      // Whoever ends a message from outside (a cancellation) speaks for no attempt of its own.
      const attempt = event.attempt ?? base.attempt
      return upsert(messages, { ...base, role, agent, content, status, attempt, author, usage })
    }
    case 'quality_feedback': {
      const { content, verdict, score, findings, checks, rules_version, final } = event
      return upsert(messages, {
        ...base,
        quality: { content, verdict, score, findings, checks, rules_version, final },
      })
    }
    case 'clarification': {
      const { message, options } = event
      return upsert(messages, {
        ...base,
        clarification: { message, options },
        content: message,
        status: 'complete',
      })
    }
  }
}

function withRun(
  runs: RunView[],
  event: RunChanged | NodeChanged | ToolCall | ToolResult,
  seq: number,
): RunView[] {
  if (event.run_id === null) return runs
  const base: RunView = runs.find((run) => run.id === event.run_id) ?? {
    seq,
    run_id: event.run_id,
    at: event.at,
    id: event.run_id,
    status: 'running',
    error: null,
    steps: [],
    tools: [],
  }
  switch (event.type) {
    case 'run':
      return upsert(runs, { ...base, status: event.status, error: event.error })
    case 'node': {
      const { node, status, elapsed_ms, detail } = event
      return upsert(runs, { ...base, steps: withStep(base.steps, { node, status, elapsed_ms, detail }) })
    }
    case 'tool_call': {
      const { agent, tool, args } = event
      return upsert(runs, { ...base, tools: [...base.tools, { agent, tool, args, result: null }] })
    }
    case 'tool_result':
      return upsert(runs, { ...base, tools: withResult(base.tools, event) })
  }
}

function withStep(steps: StepView[], step: StepView): StepView[] {
  if (step.status === 'started') {
    // A step that a crash cut short begins again: the second beginning replaces the first.
    return [...steps.filter((s) => !(s.node === step.node && s.status === 'started')), step]
  }
  const place = steps.findLastIndex((s) => s.node === step.node && s.status === 'started')
  return place < 0 ? [...steps, step] : steps.with(place, step)
}

function withResult(tools: ToolView[], event: ToolResult): ToolView[] {
  const place = tools.findLastIndex((t) => t.tool === event.tool && t.result === null)
  const call = tools[place]
  return call ? tools.with(place, { ...call, result: event.result }) : tools
}

function withInterrupt(
  interrupts: InterruptView[],
  event: InterruptRaised | InterruptUpdated | InterruptResolved | InterruptExpired,
  seq: number,
): InterruptView[] {
  const known = interrupts.find((i) => i.id === event.interrupt_id)
  if (event.type === 'interrupt') {
    if (known && known.version >= event.version) return interrupts
    // A run that failed and goes on after all asks again what was withdrawn.
    return [...interrupts.filter((i) => i !== known), raised(event, seq)]
  }
  return known ? upsert(interrupts, answered(known, event)) : interrupts
}

/** An interrupt as it was raised. */
export function raised(event: InterruptRaised, seq: number): InterruptView {
  const { run_id, at, interrupt_id, kind, action, params, allowed, expires_at, version, on_air_at } = event
  return {
    seq,
    run_id,
    at,
    id: interrupt_id,
    kind,
    action,
    params,
    allowed,
    expires_at,
    version,
    status: 'pending',
    by: null,
    policy: null,
    content: null,
    feedback: null,
    reason: null,
    resolved_at: null,
    undo_until: null,
    claimed_by: null,
    claimed_until: null,
    escalated_at: null,
    on_air_at: on_air_at ?? null,
  }
}

/** An interrupt after it was claimed, extended, decided or left to expire. */
export function answered(
  interrupt: InterruptView,
  event: InterruptUpdated | InterruptResolved | InterruptExpired,
): InterruptView {
  switch (event.type) {
    case 'interrupt_updated': {
      const { version, expires_at, claimed_by, claimed_until, escalated_at = null } = event
      return { ...interrupt, version, expires_at, claimed_by, claimed_until, escalated_at }
    }
    case 'interrupt_resolved': {
      const {
        decision,
        version,
        by,
        policy = null,
        content,
        feedback,
        reason = null,
        undo_until = null,
        at,
      } = event
      return {
        ...interrupt,
        status: decision,
        version,
        by,
        policy,
        content,
        feedback,
        reason,
        resolved_at: at,
        undo_until,
      }
    }
    case 'interrupt_expired':
      return { ...interrupt, status: 'expired', resolved_at: event.at }
  }
}

function withShow(show: ShowView, event: ShowChanged | ShowPlanned | ShowItemChanged): ShowView {
  switch (event.type) {
    case 'show': {
      const { name, room_id, starts_at, total_seconds, status, concurrency, progress } = event
      return { ...show, name, room_id, starts_at, total_seconds, status, concurrency, progress }
    }
    case 'show_plan': {
      const { items, progress } = event
      return { ...show, items, progress }
    }
    case 'show_item': {
      const { item, progress } = event
      // An item that is not in the plan any more stays out of it.
      const items = show.items.map((known) => (known.id === item.id ? item : known))
      return { ...show, items, progress }
    }
  }
}
