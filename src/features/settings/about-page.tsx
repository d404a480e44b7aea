import { $, component$, useContext, useSignal, useStore, useTask$ } from "@builder.io/qwik";
import { FailureNotice } from "~/errors";
import { ipc, type Licence, newReading, read } from "~/ipc";
import { AppContext } from "~/state/app";
import { Spinner, TextField } from "~/ui";
import { foundLicences, hasText, shortLicence } from "./licences";
import { text } from "./strings";

const words = text.about;

/** What this program is, its version, and the licences of what it is built of. */
export const AboutPage = component$(() => {
  const app = useContext(AppContext);
  const all = useStore(() => newReading<Licence[]>());
  const search = useSignal("");
  useTask$(() => {
    void read(all, () => ipc.licences());
  });
  const licences = all.value ?? [];
  const found = foundLicences(licences, search.value);
  return (
    <>
      <section class="mb-6">
        <p class="font-semibold text-lg text-strong">
          {words.name}{" "}
          <span class="font-normal text-base text-muted select-text">
            {words.version(app.startup.version)}
          </span>
        </p>
        <p class="max-w-prose text-normal">{words.what}</p>
        <p class="max-w-prose text-normal">{words.licence}</p>
      </section>
      <section class="mb-6">
        <h3 class="mb-1 font-semibold text-muted text-sm">{words.built}</h3>
        <ul class="flex flex-col gap-1">
          {words.builtOf.map((part) => (
            <li key={part.name}>
              <span class="text-strong">{part.name}</span>{" "}
              <span class="text-muted">{part.what}</span>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <div class="mb-2 flex flex-wrap items-end justify-between gap-3">
          <h3 class="font-semibold text-muted text-sm">{words.licences}</h3>
          <span role="status" class="text-muted text-sm">
            {all.value ? words.count(found.length, licences.length) : ""}
          </span>
        </div>
        <TextField
          label={words.search}
          hideLabel
          type="search"
          icon="search"
          placeholder={words.search}
          value={search.value}
          testId="settings-licence-search"
          onInput$={$((typed: string) => {
            search.value = typed;
          })}
        />
        {all.failure && <FailureNotice failure={all.failure} class="mt-3" />}
        {!all.value && !all.failure && (
          <div class="flex h-20 items-center justify-center text-muted">
            <Spinner label={text.loading} />
          </div>
        )}
        <ul class="mt-2" data-testid="settings-licences">
          {found.map((licence) => (
            <LicenceLine key={`${licence.name} ${licence.version}`} licence={licence} />
          ))}
        </ul>
        {all.value && found.length === 0 && <p class="py-4 text-muted">{words.noneFound}</p>}
      </section>
    </>
  );
});

const LicenceLine = component$<{ licence: Licence }>(({ licence }) => {
  const isOpen = useSignal(false);
  const line = (
    <>
      <span class="min-w-0 flex-1 truncate text-strong">
        {licence.name} <span class="text-muted tabular-nums">{licence.version}</span>
      </span>
      <span class="max-w-1/2 truncate text-muted">{shortLicence(licence)}</span>
    </>
  );
  if (!hasText(licence)) {
    return <li class="flex gap-3 border-line border-b py-1.5">{line}</li>;
  }
  return (
    <li class="border-line border-b">
      <details
        onToggle$={(_, element) => {
          isOpen.value = element.open;
        }}
      >
        <summary class="flex cursor-pointer gap-3 py-1.5 hover:bg-hover">{line}</summary>
        {isOpen.value && (
          <pre class="mb-2 overflow-x-auto rounded-md bg-panel p-3 font-mono text-sm whitespace-pre-wrap select-text">
            {licence.licence}
          </pre>
        )}
      </details>
    </li>
  );
});
