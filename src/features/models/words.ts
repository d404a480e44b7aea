/** Models and their downloads as people read them: pure functions. */
import type { Download, HubModel, ModelFile, ModelInfo, Repository } from "~/ipc";
import { formatBytes, formatRelativeTime } from "~/lib/format";
import { bareName } from "~/lib/model-names";
import { formatTokens } from "~/lib/money";
import { fractionOf, percentOf } from "./downloads";
import { words } from "./screen-strings";

/** A model's name where there is no room for its folder, or for the owner that a folder begins with. */
export function titleOf({ name }: { name: string }): string {
  const bare = bareName(name);
  return bare === name ? name.replace(/^.+?--/, "") : bare;
}

/** A number of parameters: "135M", "3.2B", "24B". */
export function formatParameters(count: number): string {
  const short = (value: number): string => value.toFixed(value < 9.95 ? 1 : 0).replace(/\.0$/, "");
  if (count >= 999_500_000) return `${short(count / 1e9)}B`;
  if (count >= 999_500) return `${Math.round(count / 1e6)}M`;
  return String(count);
}

/** A large count where there is little room: "812", "48k", "1.2M". */
export function formatMany(count: number): string {
  if (count < 1000) return String(count);
  const [value, unit] = count < 999_500 ? [count / 1e3, "k"] : [count / 1e6, "M"];
  return `${value < 9.95 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)}${unit}`;
}

/** Where a download stands, in words that change seldom. */
export function stateText(download: Download): string {
  if (download.elsewhere && download.state === "running") return words.downloads.elsewhere;
  const isStanding = download.state === "running" && download.bytes_per_second === 0;
  return isStanding ? words.downloads.standing : words.downloads.states[download.state];
}

/** The same, and how far it is: where there is room for a word or two. */
export function underWayText(download: Download): string {
  const fraction = download.state === "failed" ? null : fractionOf(download);
  const far = fraction === null ? "" : ` ${words.downloads.percent(percentOf(fraction))}`;
  return `${stateText(download)}${far}`;
}

/** How much of it is there, how fast it comes and how long it takes: what changes all the time. */
export function figuresText(download: Download, now_ms: number): string {
  const { bytes_done, bytes_total, bytes_per_second, seconds_left, retry_at_ms } = download;
  const figures = [words.downloads.of(bytes_done, bytes_total)];
  if (download.state === "running" && bytes_per_second !== null) {
    figures.push(words.downloads.rate(bytes_per_second));
    if (seconds_left !== null && bytes_per_second > 0) {
      figures.push(words.downloads.left(seconds_left));
    }
  }
  if (download.state === "waiting" && retry_at_ms !== null) {
    figures.push(words.downloads.again(Math.max(0, retry_at_ms - now_ms)));
  }
  return figures.join(words.separator);
}

/** What the list of models says below a name. */
export function installedText(
  model: ModelFile,
  info: ModelInfo | undefined,
  now_ms: number,
): string {
  const { size_bytes, used_at_ms, parts, repository } = model;
  const facts = [formatBytes(size_bytes)];
  if (parts > 1) facts.push(words.installed.parts(parts));
  const context = info?.context_length ?? null;
  if (context !== null) facts.push(words.installed.context(formatTokens(context)));
  facts.push(
    used_at_ms === null
      ? words.installed.never
      : words.installed.used(formatRelativeTime(used_at_ms, now_ms)),
  );
  if (repository !== null) facts.push(words.installed.from(repository));
  return facts.join(words.separator);
}

/** What a model of the hub is, in a line; what the hub does not say is left out. */
export function hubText(model: HubModel | Repository, now_ms: number): string {
  const { parameters, context_length, downloads, likes, licence, updated_at_ms } = model;
  const facts: string[] = [];
  if (parameters !== null) facts.push(words.recommended.parameters(formatParameters(parameters)));
  if (context_length !== null) facts.push(words.recommended.context(formatTokens(context_length)));
  if (licence !== null) facts.push(licence);
  facts.push(words.hub.downloads(formatMany(downloads)), words.hub.likes(formatMany(likes)));
  if (updated_at_ms !== null) {
    facts.push(words.hub.changed(formatRelativeTime(updated_at_ms, now_ms)));
  }
  return facts.join(words.separator);
}
