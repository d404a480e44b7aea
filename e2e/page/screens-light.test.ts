import { everyScreen } from "./screens";

everyScreen("light");
