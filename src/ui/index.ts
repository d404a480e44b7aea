/**
 * The kit that every screen is built of. It knows no sheet, no command and no state: values come
 * in as props, events go out as `on*$`.
 */
export { Badge, type BadgeKind, type BadgeProps } from "./badge";
export {
  Button,
  type ButtonProps,
  type ButtonVariant,
  type ControlSize,
  IconButton,
  type IconButtonProps,
} from "./button";
export {
  Checkbox,
  type CheckboxProps,
  type ChoiceProps,
  RadioGroup,
  RadioMark,
  type RadioMarkProps,
  SegmentedControl,
  Switch,
  type SwitchProps,
} from "./choices";
export { Combobox, type ComboboxProps } from "./combobox";
export { ConfirmDialog, type ConfirmDialogProps, Dialog, type DialogProps } from "./dialog";
export {
  EmptyState,
  type EmptyStateProps,
  Notice,
  type NoticeKind,
  type NoticeProps,
  Progress,
  type ProgressProps,
} from "./feedback";
export { isLayerOpen, isTyping } from "./floating";
export { Icon, type IconName, type IconProps } from "./icon";
export { Kbd, type KbdProps } from "./kbd";
export { isMac, keyNames, shortcutText } from "./key-names";
export { LabelChip, type LabelChipProps } from "./label-chip";
export { ContextMenu, type ContextMenuProps, Menu, type MenuProps } from "./menu";
export type { MenuItem } from "./menu-panel";
export { NumberField, type NumberFieldProps } from "./number-field";
export type { OptionGroup } from "./option-search";
export { Popover, type PopoverProps } from "./popover";
export { SecretField, type SecretFieldProps } from "./secret-field";
export { type Option, Select, type SelectProps } from "./select";
export { Spinner, type SpinnerProps } from "./spinner";
export { type Tab, Tabs, type TabsProps } from "./tabs";
export { TextField, type TextFieldProps } from "./text-field";
export { Tooltip, type TooltipProps } from "./tooltip";
