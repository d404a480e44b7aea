import { createContextId } from "@builder.io/qwik";
import type { Marks } from "./apply";

/** How the last change of each field went; made by the settings screen. */
export const MarksContext = createContextId<Marks>("braincells.settings.marks");
