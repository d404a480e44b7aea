import { component$, useContext } from "@builder.io/qwik";
import { AppContext } from "~/state/app";
import { LocalOnly } from "./local-only";
import { text } from "./strings";

const words = text.privacy;

/** What leaves this computer, and the lock that lets nothing out. */
export const PrivacyPage = component$(() => {
  const app = useContext(AppContext);
  const isLocked = app.settings.local_only;
  return (
    <>
      <LocalOnly hint={words.localOnlyHint} testId="settings-local-only" />
      <section class="flex max-w-prose flex-col gap-2 text-normal">
        <h3 class="font-semibold text-strong">{words.isLocal}</h3>
        <ul class="flex list-disc flex-col gap-1.5 ps-5">
          {words.isLocalBody.map((line) => (
            <li key={line}>{line}</li>
          ))}
          {isLocked && <li>{words.lockedBody}</li>}
        </ul>
      </section>
    </>
  );
});
