import { Channel } from "@tauri-apps/api/core";
import type { Ask, Event } from "./bindings";
import { ipc } from "./ipc";

type Listener<T> = (item: T) => void;

const listeners = new Set<Listener<Event>>();
const askListeners = new Set<Listener<Ask>>();
let subscribed: Promise<void> | null = null;

/**
 * Starts the stream of events; the Rust side sends batches about 30 times a second. Calling it
 * again does nothing.
 */
export function subscribe(): Promise<void> {
  subscribed ??= (async () => {
    const events = new Channel<Event[]>();
    events.onmessage = (batch) => {
      for (const event of batch) for (const listener of listeners) listener(event);
    };
    const asks = new Channel<Ask>();
    asks.onmessage = (ask) => {
      for (const listener of askListeners) listener(ask);
    };
    await ipc.subscribe(events, asks);
  })();
  return subscribed;
}

/** Hears every event until the returned function is called. */
export function onEvent(listener: Listener<Event>): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Hears what the system asks of the window until the returned function is called. */
export function onAsk(listener: Listener<Ask>): () => void {
  askListeners.add(listener);
  return () => askListeners.delete(listener);
}
