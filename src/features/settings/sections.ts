import type { Component } from "@builder.io/qwik";
import type { IconName } from "~/ui";
import { AboutPage } from "./about-page";
import { BackendsPage } from "./backends-page";
import { DataPage } from "./data-page";
import { DiagnosticsPage } from "./diagnostics-page";
import { GeneralPage } from "./general-page";
import { ModelsPage } from "./models-page";
import { PrivacyPage } from "./privacy-page";
import { text } from "./strings";

/** One part of the settings. */
export interface SettingsSection {
  /** What `goToSettings(app, id)` takes. */
  id: string;
  label: string;
  icon: IconName;
  Page: Component;
}

/** The parts of the settings, in their order. A new part is a line here and a page. */
export const sections: readonly SettingsSection[] = [
  { id: "general", label: text.general.title, icon: "sliders", Page: GeneralPage },
  { id: "models", label: text.models.title, icon: "model", Page: ModelsPage },
  { id: "backends", label: text.backends.title, icon: "link", Page: BackendsPage },
  { id: "privacy", label: text.privacy.title, icon: "lock", Page: PrivacyPage },
  { id: "data", label: text.data.title, icon: "database", Page: DataPage },
  { id: "diagnostics", label: text.diagnostics.title, icon: "chart", Page: DiagnosticsPage },
  { id: "about", label: text.about.title, icon: "info", Page: AboutPage },
];

/** The section of that name, else the first. */
export function sectionOf(id: string): SettingsSection {
  const [first] = sections;
  const found = sections.find((section) => section.id === id) ?? first;
  if (!found) throw new Error("the settings have no section");
  return found;
}
