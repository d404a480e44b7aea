/** What failures of the hub are called: those of a backend have other words and other ways out. */
import { failureKind, type Severity, sentence, type WayOut } from "~/errors";
import { type AppError, type Code, failureOf } from "~/ipc";
import { showToast, type ToastState } from "~/state/toasts";
import { words } from "./screen-strings";

const said = words.trouble;

/** A failure of the hub as a person meets it. */
export interface HubTrouble {
  severity: Severity | "info";
  title: string;
  /** What it means, where the message alone would worry. */
  body: string | null;
  wayOut: WayOut | null;
  /** Whether trying again may help. */
  isPassing: boolean;
}

const toPrivacy: WayOut = { label: said.toPrivacy, section: "privacy" };
const toBackends: WayOut = { label: words.hub.toBackends, section: "backends" };

const known: Partial<Record<Code, Partial<HubTrouble> & { title: string }>> = {
  unreachable: {
    severity: "info",
    title: said.unreachable,
    body: said.unreachableBody,
    isPassing: true,
  },
  local_only: {
    severity: "info",
    title: said.localOnly,
    body: said.localOnlyBody,
    wayOut: toPrivacy,
  },
  rate_limited: { severity: "info", title: said.rateLimited, isPassing: true },
  key_refused: { title: said.refused, wayOut: toBackends },
  not_found: { title: said.notFound },
  bad_input: { title: said.badInput },
  conflict: { severity: "info", title: said.conflict },
  refused: { title: said.notLetIn, isPassing: true },
  disk_full: { title: said.diskFull },
  cancelled: { severity: "silent", title: said.other },
};

/** What was asked of the hub: to show something, or to give it out. */
export type HubWish = "show" | "download";

/** What a failure of the hub means; one that is not of the hub keeps its own words. */
export function hubTrouble({ code }: Pick<AppError, "code">, wish: HubWish = "show"): HubTrouble {
  // What is downloaded was found there: then it is a model that nothing here can use.
  const isUseless = wish === "download" && code === "bad_input";
  const found = isUseless ? { title: said.useless } : known[code];
  const usual = failureKind(code);
  return {
    severity: found === undefined ? usual.severity : "warning",
    title: usual.title,
    body: null,
    wayOut: null,
    isPassing: found === undefined,
    ...found,
  };
}

/** Tells about it as a toast, once. */
export function showHubFailure(toasts: ToastState, thrown: unknown): void {
  const failure = failureOf(thrown);
  const { severity, title, wayOut } = hubTrouble(failure);
  if (severity === "silent") return;
  const detail = [failure.message, failure.hint]
    .filter((part): part is string => part !== null && part.trim() !== "")
    .map(sentence)
    .join("\n");
  if (toasts.items.some((toast) => toast.title === title && toast.detail === detail)) return;
  showToast(toasts, { kind: severity, title, detail, ...(wayOut ? { wayOut } : {}) });
}
