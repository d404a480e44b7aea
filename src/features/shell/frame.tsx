import { $, component$, Slot, useStore } from "@builder.io/qwik";
import { DropOverlay } from "./drop-overlay";
import { KeyboardHelp } from "./keyboard-help";
import { Palette } from "./palette";
import { Sidebar } from "./sidebar";
import { Toasts } from "./toasts";
import { type FrameState, useWindow } from "./use-window";

/**
 * The frame of the window: the sidebar, the screen in the default slot, the strip at the bottom in
 * the slot "bottom", messages, the command palette and the keys that work everywhere.
 */
export const Frame = component$(() => {
  const frame = useStore<FrameState>({ palette: false, help: false });
  useWindow(frame);
  const openPalette = $(() => {
    frame.palette = true;
  });
  return (
    <div class="flex h-full flex-col">
      <div class="flex min-h-0 flex-1">
        <Sidebar onPalette$={openPalette} />
        <main class="relative flex min-w-0 flex-1 flex-col bg-app">
          <Slot />
        </main>
      </div>
      <Slot name="bottom" />
      <Toasts />
      <DropOverlay />
      <KeyboardHelp
        open={frame.help}
        onClose$={() => {
          frame.help = false;
        }}
      />
      {frame.palette && (
        <Palette
          onClose$={() => {
            frame.palette = false;
          }}
        />
      )}
    </div>
  );
});
