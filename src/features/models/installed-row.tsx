import { $, component$, type QRL, useContext } from "@builder.io/qwik";
import { sentence, showFailure, Words } from "~/errors";
import { ipc, type ModelFile, type ModelInfo } from "~/ipc";
import { AppContext, goToSettings } from "~/state/app";
import { ModelsContext } from "~/state/models";
import { ToastContext } from "~/state/toasts";
import { Badge, Button, Icon, Menu, type MenuItem, Spinner } from "~/ui";
import { FitBadge } from "./fit-badge";
import { hubPage } from "./hub-search";
import { isAtWork, shownVerdict, statusOf } from "./installed";
import { mlxWords } from "./mlx-strings";
import { words } from "./screen-strings";
import { useForNewColumns } from "./use-models";
import { installedText, titleOf } from "./words";

const said = words.installed;

interface InstalledRowProps {
  model: ModelFile;
  info: ModelInfo | undefined;
  now: number;
  /** Whether new columns begin with it. */
  isUsual: boolean;
  onShow$: QRL<() => void>;
  onDelete$: QRL<() => void>;
}

/** One model of this computer. */
export const InstalledRow = component$<InstalledRowProps>((props) => {
  const { model, info, isUsual, onShow$, onDelete$ } = props;
  const app = useContext(AppContext);
  const state = useContext(ModelsContext);
  const toasts = useContext(ToastContext);
  const { status, error } = statusOf(model, state.statuses);
  const name = titleOf(model);
  const problem = error?.message ?? info?.problem ?? null;
  const verdict = shownVerdict(info);
  const statusWord = said.statuses[status];

  const items: MenuItem[] = [
    {
      label: said.reveal,
      icon: "folder",
      testId: "model-reveal",
      run$: $(async () => {
        try {
          await ipc.revealPath(model.path);
        } catch (thrown) {
          showFailure(toasts, thrown);
        }
      }),
    },
    ...(model.repository === null
      ? []
      : [
          {
            label: said.hub,
            icon: "external" as const,
            run$: $(async () => {
              try {
                await ipc.openLink(hubPage(app.startup.hub_endpoint, model.repository ?? ""));
              } catch (thrown) {
                showFailure(toasts, thrown);
              }
            }),
          },
        ]),
    ...(model.tuned === null && model.runtime === "gguf"
      ? [
          {
            label: said.tune,
            icon: "gauge" as const,
            run$: $(() => goToSettings(app, "models")),
          },
        ]
      : []),
    {
      label: model.linked ? said.unlink : said.delete,
      icon: "trash",
      danger: true,
      separatorBefore: true,
      testId: "model-delete",
      run$: onDelete$,
    },
  ];
  return (
    <li
      class="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b py-2 last:border-b-0"
      data-testid="installed-model"
      data-model={model.path}
      data-status={status}
    >
      {isAtWork(status) ? (
        <Spinner label="" class="flex-none text-accent" />
      ) : (
        <Icon name="model" class="flex-none text-muted" />
      )}
      <div class="min-w-0 flex-1 basis-64">
        <p class="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5">
          <span class="min-w-0 truncate font-medium text-strong" title={model.path}>
            <bdi>{name}</bdi>
          </span>
          {model.runtime === "mlx" && <Badge title={mlxWords.badgeHint}>{mlxWords.badge}</Badge>}
          {isUsual && (
            <Badge kind="info" title={said.defaultHint} testId="model-usual">
              {said.default}
            </Badge>
          )}
          {model.tuned !== null && (
            <Badge title={said.tunedHint(model.tuned.file)}>{said.tuned}</Badge>
          )}
          {model.linked && (
            <Badge title={said.linkedHint(model.path)}>{model.app ?? said.elsewhere}</Badge>
          )}
          {verdict !== null && <FitBadge verdict={verdict} reason={info?.fit?.reason} />}
          <span role="status" class="contents">
            {statusWord !== "" && (
              <Badge kind={status === "failed" ? "error" : "success"} testId="model-status">
                {statusWord}
              </Badge>
            )}
          </span>
        </p>
        <p class="text-muted text-sm tabular-nums" data-testid="installed-facts">
          {installedText(model, info, props.now)}
        </p>
        {problem !== null && (
          <p class="select-text break-words text-error text-sm" data-testid="installed-problem">
            <Words text={sentence(problem)} />
          </p>
        )}
      </div>
      <div class="flex flex-none items-center gap-1">
        {!isUsual && problem === null && (
          <Button
            size="s"
            variant="ghost"
            ariaLabel={`${said.use}: ${name}`}
            testId="model-use"
            onClick$={() => useForNewColumns(app, toasts, model.name)}
          >
            {said.use}
          </Button>
        )}
        <Button
          size="s"
          variant="ghost"
          ariaLabel={said.detailsOf(name)}
          testId="model-details"
          onClick$={onShow$}
        >
          {said.details}
        </Button>
        <Menu
          icon="more"
          size="s"
          align="end"
          label={said.menuOf(name)}
          items={items}
          testId="model-menu"
        />
      </div>
    </li>
  );
});
