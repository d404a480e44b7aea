import { everyScreen } from "./screens";

everyScreen("dark");
