import type { AppError, commands as generated } from "./bindings";
import { windowHint } from "./hint";

/** What a generated command resolves with. */
type Result<T> = { status: "ok"; data: T } | { status: "error"; error: AppError };

type Answer<P> =
  P extends Promise<infer R>
    ? R extends { status: "ok"; data: infer T }
      ? Promise<T>
      : never
    : never;

/** The commands of the Rust side: each resolves with its value or rejects with a {@link Failure}. */
export type Ipc = {
  [K in keyof typeof generated]: (
    ...args: Parameters<(typeof generated)[K]>
  ) => Answer<ReturnType<(typeof generated)[K]>>;
};

/** An error of a command, in the one shape that the window shows. */
export class Failure extends Error implements AppError {
  readonly code: AppError["code"];
  readonly hint: string | null;

  constructor(error: AppError) {
    super(error.message);
    this.name = "Failure";
    this.code = error.code;
    this.hint = windowHint(error);
  }
}

/**
 * Whatever was thrown, as a {@link Failure}. The framework rejects with a bare text (a wrong
 * argument, an unknown command), and a defect of the page is an `Error`: both become "internal".
 */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (isAppError(thrown)) return new Failure(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure({ code: "internal", message, hint: null });
}

/** Whatever was thrown, as a plain object: a store of the page cannot hold a {@link Failure}. */
export function errorOf(thrown: unknown): AppError {
  const { code, message, hint } = failureOf(thrown);
  return { code, message, hint };
}

function isAppError(thrown: unknown): thrown is AppError {
  return typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown;
}

type Command = (...args: unknown[]) => Promise<Result<unknown>>;

/** Wraps generated commands, so that no component ever sees a raw rejection. */
export function unwrapped(commands: Record<string, Command>): Ipc {
  const wrap =
    (command: Command) =>
    async (...args: unknown[]) => {
      let result: Result<unknown>;
      try {
        result = await command(...args);
      } catch (thrown) {
        throw failureOf(thrown);
      }
      if (result.status === "error") throw failureOf(result.error);
      return result.data;
    };
  const entries = Object.entries(commands).map(([name, command]) => [name, wrap(command)]);
  return Object.fromEntries(entries) as Ipc;
}
