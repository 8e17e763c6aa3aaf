/** The path switch: one component a page. */

import { type ComponentType, useState } from "react";
import { Account } from "./account/account";
import { useVisit } from "./navigation";
import { Admin } from "./pages/admin";
import { Confirm } from "./pages/confirm";
import { Consent } from "./pages/consent";
import { DeleteAccount } from "./pages/delete-account";
import { Device } from "./pages/device";
import { NotFound, PlainError, ServerError, serverError } from "./pages/error";
import { Forgot } from "./pages/forgot";
import { Landing } from "./pages/landing";
import { Logout } from "./pages/logout";
import { NewEmail } from "./pages/new-email";
import { Register } from "./pages/register";
import { Reset } from "./pages/reset";
import { SignIn } from "./pages/sign-in";
import { SignUp } from "./pages/sign-up";
import { SignedOut } from "./pages/signed-out";
import { type PageName, pageAt } from "./routes";

const PAGES: Record<PageName, ComponentType> = {
  landing: Landing,
  "sign-in": SignIn,
  "sign-up": SignUp,
  confirm: Confirm,
  register: Register,
  forgot: Forgot,
  reset: Reset,
  consent: Consent,
  logout: Logout,
  "signed-out": SignedOut,
  account: Account,
  "delete-account": DeleteAccount,
  "new-email": NewEmail,
  device: Device,
  admin: Admin,
  error: PlainError,
  "not-found": NotFound,
};

export function App() {
  const visit = useVisit();
  const [error] = useState(serverError);
  const [firstVisit] = useState(visit);
  if (error !== null && visit === firstVisit) return <ServerError {...error} />;
  const Page = PAGES[pageAt(window.location.pathname)];
  return <Page key={visit} />;
}
