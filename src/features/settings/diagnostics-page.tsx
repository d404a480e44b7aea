import { $, component$, useContext, useSignal, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice, sentence, showFailure, Words } from "~/errors";
import { type Doctor, ipc, newReading, read } from "~/ipc";
import { ToastContext } from "~/state/toasts";
import { Button, Notice, Spinner } from "~/ui";
import { reportParts, reportText } from "./report";
import { text } from "./strings";

const words = text.diagnostics;
const TOLD_FOR_MS = 2_000;

/** What this machine has, what a run will use, and first of all what stands in the way. */
export const DiagnosticsPage = component$(() => {
  const toasts = useContext(ToastContext);
  const report = useStore(() => newReading<Doctor>());
  const isCopied = useSignal(false);
  const look = $(() => read(report, () => ipc.doctor()));
  useTask$(() => {
    void look();
  });
  const copy = $(async () => {
    if (!report.value) return;
    try {
      await ipc.copyText(reportText(report.value));
      isCopied.value = true;
      setTimeout(() => {
        isCopied.value = false;
      }, TOLD_FOR_MS);
    } catch (thrown) {
      showFailure(toasts, thrown);
    }
  });

  const { value: doctor, failure } = report;
  return (
    <>
      <div class="mb-4 flex flex-wrap items-center gap-2">
        <p class="min-w-48 flex-1 text-muted">{words.hint}</p>
        <Button
          icon="retry"
          busy={report.isReading && doctor !== undefined}
          testId="settings-doctor-again"
          onClick$={look}
        >
          {words.again}
        </Button>
        <Button
          icon={isCopied.value ? "check" : "copy"}
          disabled={!doctor}
          testId="settings-doctor-copy"
          onClick$={copy}
        >
          {isCopied.value ? words.copied : words.copy}
        </Button>
      </div>
      {failure && <FailureNotice failure={failure} class="mb-4" />}
      {!doctor && !failure && (
        <div class="flex h-40 items-center justify-center text-muted">
          <Spinner label={text.loading} />
        </div>
      )}
      {doctor && <Report doctor={doctor} />}
    </>
  );
});

const Report = component$<{ doctor: Doctor }>(({ doctor }) => (
  <div data-testid="settings-doctor">
    {doctor.problems.length === 0 ? (
      <Notice kind="success" class="mb-5">
        {words.noProblems}
      </Notice>
    ) : (
      <Notice kind="warning" title={words.problems(doctor.problems.length)} class="mb-5">
        <ul class="mt-1 flex list-disc flex-col gap-1 ps-4">
          {doctor.problems.map((problem) => (
            <li key={problem}>
              <Words text={sentence(problem)} />
            </li>
          ))}
        </ul>
      </Notice>
    )}
    {reportParts(doctor).map((part) => (
      <section key={part.title} class="mb-5">
        <h3 class="mb-1 font-semibold text-muted text-sm">{part.title}</h3>
        <dl class="rounded-md border border-line bg-raised px-4">
          {part.lines.map((line) => (
            <div
              key={`${line.label} ${line.value}`}
              class="grid grid-cols-[minmax(120px,200px)_1fr] gap-4 border-line border-b py-2 last:border-b-0"
            >
              <dt class="text-muted">{line.label}</dt>
              <dd class="min-w-0 whitespace-pre-line break-words select-text text-strong">
                <Words text={line.value} />
              </dd>
            </div>
          ))}
        </dl>
      </section>
    ))}
  </div>
));
