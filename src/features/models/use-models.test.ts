import { expect, it } from "vitest";
import type { AppError, Code, Download } from "~/ipc";
import type { AppState } from "~/state/app";
import type { ToastState } from "~/state/toasts";
import { tellEnd } from "./use-models";

function told(error: AppError | null): ToastState["items"] {
  const toasts: ToastState = { items: [], lastId: 0 };
  const download = { name: "owner--m/m.Q4_K_M.gguf", error } as Download;
  tellEnd(download, "failed", { screen: "home" } as AppState, toasts);
  return toasts.items;
}

const error = (code: Code): AppError => ({ code, message: "it is so", hint: "try that" });

it("tells what failed in the words of the hub, with the way out", () => {
  const [toast] = told(error("key_refused"));
  expect(toast).toMatchObject({ kind: "error", title: "m.Q4_K_M was not downloaded" });
  expect(toast?.detail?.split("\n").slice(1)).toEqual(["It is so"]);
  expect(toast?.wayOut?.section).toBe("backends");
  const [full] = told(error("disk_full"));
  expect(full?.detail).toBe("There is not enough space for it\nIt is so\nTry that");
  expect(full?.action?.label).toBe("Show downloads");
});

it("tells nothing of what the person stopped, or locked out", () => {
  expect(told(error("local_only"))).toEqual([]);
  expect(told(error("cancelled"))).toEqual([]);
});
