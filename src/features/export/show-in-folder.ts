import { $ } from "@builder.io/qwik";
import { ipc } from "~/ipc";
import type { Toast } from "~/state/toasts";
import { text } from "./strings";

/** What the message about a written file offers; the message itself tells when it fails. */
export function showInFolder(path: string): NonNullable<Toast["action"]> {
  return {
    label: text.showInFolder,
    run$: $(async () => {
      await ipc.revealPath(path);
    }),
  };
}
