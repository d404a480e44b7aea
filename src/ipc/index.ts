/**
 * The only door to the Rust side, and the only place that imports `@tauri-apps/*`. Features call
 * `ipc.someVerb(...)`, which resolves with the value or rejects with a `Failure`, and hear events
 * with `onEvent`.
 */
export type * from "./bindings";
export { errorOf, Failure, failureOf } from "./call";
export { onAsk, onEvent, subscribe } from "./events";
export { windowError } from "./hint";
export { ipc } from "./ipc";
export { newReading, type Reading, read } from "./reading";
