/** Starts the mailbox (dev mode only). */

import { createRoot } from "react-dom/client";
import { Mailbox } from "./mailbox";

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<Mailbox />);
