/** Starts the demo application (dev mode only). */

import { createRoot } from "react-dom/client";
import { Demo } from "./demo";

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<Demo />);
