/** Which page a path means. */

/** The pages of this application, by the names that `app.tsx` maps to components. */
export type PageName =
  | "landing"
  | "sign-in"
  | "sign-up"
  | "confirm"
  | "register"
  | "forgot"
  | "reset"
  | "consent"
  | "logout"
  | "signed-out"
  | "account"
  | "delete-account"
  | "new-email"
  | "device"
  | "admin"
  | "error"
  | "not-found";

const PAGES: ReadonlyMap<string, PageName> = new Map([
  ["/", "landing"],
  ["/login", "sign-in"],
  ["/signup", "sign-up"],
  ["/confirm", "confirm"],
  ["/register", "register"],
  ["/forgot", "forgot"],
  ["/reset", "reset"],
  ["/consent", "consent"],
  ["/logout", "logout"],
  ["/signed-out", "signed-out"],
  ["/account", "account"],
  ["/account/delete", "delete-account"],
  ["/email", "new-email"],
  ["/device", "device"],
  ["/admin", "admin"],
  ["/error", "error"],
]);

/** The page at `pathname`, with or without its trailing slash. */
export function pageAt(pathname: string): PageName {
  const bare = pathname.length > 1 && pathname.endsWith("/") ? pathname.slice(0, -1) : pathname;
  return PAGES.get(bare) ?? "not-found";
}

/** `/login/` or `/login/?flow_id=…`: a page of ours that goes on with the application's request `flowId`. */
export function withFlow(path: string, flowId: string | null): string {
  return flowId ? `${path}?flow_id=${encodeURIComponent(flowId)}` : path;
}

/** `/login/` or `/login/?user_code=…`: a page of ours that goes on with the device that shows `userCode`. */
export function withUserCode(path: string, userCode: string | null): string {
  return userCode ? `${path}?user_code=${encodeURIComponent(userCode)}` : path;
}

/** The token that a mailed link carries in its fragment, or `null`. */
export function tokenOf(fragment: string): string | null {
  const token = fragment.startsWith("#") ? fragment.slice(1) : fragment;
  return token === "" ? null : token;
}
