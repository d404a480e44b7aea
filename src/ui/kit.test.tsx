import { $, component$, useSignal } from "@builder.io/qwik";
import { createDOM } from "@builder.io/qwik/testing";
import { describe, expect, it } from "vitest";
import { Button, Menu, NumberField, Select, Switch, Tabs, TextField } from "./index";

const Bench = component$(() => {
  const name = useSignal("a");
  const count = useSignal<number | null>(4);
  const on = useSignal(false);
  const kind = useSignal("one");
  const ran = useSignal("");
  return (
    <div>
      <TextField
        label="Name"
        value={name.value}
        error={name.value === "" ? "Needs a name" : undefined}
        testId="name"
        onInput$={(value) => {
          name.value = value;
        }}
      />
      <NumberField
        label="Rows"
        value={count.value}
        max={8}
        testId="rows"
        onChange$={(value) => {
          count.value = value;
        }}
      />
      <Switch
        label="On"
        checked={on.value}
        testId="on"
        onChange$={(value) => {
          on.value = value;
        }}
      />
      <Select
        label="Kind"
        value={kind.value}
        testId="kind"
        options={[
          { value: "one", label: "One" },
          { value: "two", label: "Two" },
        ]}
        onChange$={(value) => {
          kind.value = value;
        }}
      />
      <Tabs
        label="Parts"
        tabs={[
          { id: "one", label: "One" },
          { id: "two", label: "Two", badge: 3 },
        ]}
        value={kind.value}
        onChange$={(id) => {
          kind.value = id;
        }}
      />
      <Menu
        label="More"
        icon="more"
        testId="more"
        items={[
          {
            label: "Off",
            disabled: true,
            testId: "off",
            run$: $(() => {
              ran.value = "off";
            }),
          },
          {
            label: "Run",
            testId: "run",
            run$: $(() => {
              ran.value = "run";
            }),
          },
        ]}
      />
      <Button busy testId="busy">
        Busy
      </Button>
      <output>{[name.value, count.value, on.value, kind.value, ran.value].join(" ")}</output>
    </div>
  );
});

async function bench() {
  const { screen, render, userEvent } = await createDOM();
  await render(<Bench />);
  function find(testId: string): HTMLInputElement {
    return screen.querySelector(`[data-testid=${testId}]`) as HTMLInputElement;
  }
  return {
    screen,
    find,
    userEvent,
    state: () => screen.querySelector("output")?.textContent,
    async type(testId: string, value: string, event: string) {
      const element = find(testId);
      element.value = value;
      await userEvent(element, event);
    },
  };
}

describe("the kit", () => {
  it("gives fields a label, a value and an error", async () => {
    const { screen, find, type, state } = await bench();
    expect(screen.querySelector(`label[for="${find("name").id}"]`)?.textContent).toBe("Name");
    await type("name", "", "input");
    expect(state()).toBe(" 4 false one ");
    expect(find("name").getAttribute("aria-invalid")).toBe("true");
    expect(screen.querySelector("[role=alert]")?.textContent).toBe("Needs a name");
  });

  it("settles numbers within their limits", async () => {
    const { find, type, state } = await bench();
    await type("rows", "20", "change");
    expect(state()).toBe("a 8 false one ");
    await type("rows", "many", "change");
    expect(find("rows").value).toBe("8");
    await type("rows", "", "change");
    expect(state()).toBe("a  false one ");
  });

  it("moves a switch and a tab", async () => {
    const { screen, find, userEvent, state } = await bench();
    find("on").checked = true;
    await userEvent(find("on"), "change");
    await userEvent("[data-testid=tab-two]", "click");
    expect(state()).toBe("a 4 true two ");
    expect(screen.querySelector("[aria-selected=true]")?.textContent).toBe("Two3");
  });

  it("opens a menu, runs what is chosen and nothing that is disabled", async () => {
    const { find, userEvent, state } = await bench();
    expect(find("run")).toBeFalsy();
    await userEvent("[data-testid=more]", "click");
    expect(find("more").getAttribute("aria-expanded")).toBe("true");
    await userEvent("[data-testid=off]", "click");
    expect(state()).toBe("a 4 false one ");
    await userEvent("[data-testid=run]", "click");
    expect(state()).toBe("a 4 false one run");
    expect(find("run")).toBeFalsy();
  });

  it("takes no clicks while it is busy", async () => {
    const { find } = await bench();
    expect(find("busy").hasAttribute("disabled")).toBe(true);
    expect(find("busy").getAttribute("aria-busy")).toBe("true");
  });
});
