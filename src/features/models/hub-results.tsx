import { component$, type QRL, useSignal } from "@builder.io/qwik";
import type { HubModel } from "~/ipc";
import { Badge, Icon, Spinner } from "~/ui";
import { mlxWords } from "./mlx-strings";
import { Panel } from "./panel";
import { words } from "./screen-strings";
import { hubText } from "./words";

const said = words.hub;

interface HubResultsProps {
  found: HubModel[];
  /** Whether this is what was found before. */
  isBusy: boolean;
  onOpen$: QRL<(repository: string) => void>;
}

/** The repositories that a search found. The whole line opens one. */
export const HubResults = component$<HubResultsProps>(({ found, isBusy, onOpen$ }) => {
  const now = useSignal(Date.now());
  return (
    <Panel title={said.results} testId="hub-results">
      <span q:slot="actions" role="status" class="flex items-center gap-2 text-muted text-sm">
        {isBusy && <Spinner label="" size={14} />}
        {isBusy ? said.searching : said.found(found.length)}
      </span>
      <ul aria-label={said.results} class={isBusy ? "opacity-60" : ""}>
        {found.map((model) => (
          <li
            key={model.id}
            class="relative flex min-h-12 items-center gap-3 border-line border-b py-2 last:border-b-0 hover:bg-hover"
          >
            <div class="min-w-0 flex-1">
              <p class="flex min-w-0 flex-wrap items-center gap-2">
                <button
                  type="button"
                  class="min-w-0 truncate text-left font-medium text-strong outline-none after:absolute after:inset-0 focus-visible:after:rounded-md focus-visible:after:ring-2 focus-visible:after:ring-accent focus-visible:after:ring-inset"
                  title={model.id}
                  data-testid="hub-result"
                  data-opens={model.id}
                  onClick$={() => onOpen$(model.id)}
                >
                  <bdi>{model.id}</bdi>
                </button>
                {model.gate !== "open" && (
                  <Badge kind="warning" title={said.gates[model.gate]} testId="hub-gated">
                    {said.gated}
                  </Badge>
                )}
                {model.runtime === "mlx" && <Badge>{mlxWords.badge}</Badge>}
              </p>
              <p class="truncate text-muted text-sm tabular-nums">{hubText(model, now.value)}</p>
            </div>
            <Icon name="chevron-right" class="flex-none text-muted" />
          </li>
        ))}
      </ul>
    </Panel>
  );
});
