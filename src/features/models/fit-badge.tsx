import { component$ } from "@builder.io/qwik";
import type { Verdict } from "~/ipc";
import { Badge, type BadgeKind } from "~/ui";
import { words } from "./screen-strings";

const kinds: Record<Verdict, BadgeKind> = {
  fits: "success",
  may_be_slow: "warning",
  will_not_fit: "error",
};

/** Whether a model fits this computer, in two or three words. */
export const FitBadge = component$<{ verdict: Verdict; reason?: string | undefined }>(
  ({ verdict, reason }) => (
    <Badge kind={kinds[verdict]} title={reason ?? words.fitHint[verdict]} testId="model-fit">
      {words.fit[verdict]}
    </Badge>
  ),
);
