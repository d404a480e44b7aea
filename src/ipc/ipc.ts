import { commands } from "./bindings";
import { type Ipc, unwrapped } from "./call";

/** Every verb of the Rust side. Rejections are always a `Failure`. */
export const ipc: Ipc = unwrapped(commands as never);
