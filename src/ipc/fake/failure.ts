import type { AppError, Code } from "../bindings";

/**
 * Fails a command the way that the Rust side does: with a plain object. An `Error` would mean a
 * defect of the framework.
 */
export function refuse(code: Code, message: string, hint: string | null = null): never {
  const error: AppError = { code, message, hint };
  throw error;
}

/** The same failure as a value, for a cell or a run. */
export function failure(code: Code, message: string, hint: string | null = null): AppError {
  return { code, message, hint };
}
